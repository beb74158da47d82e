/** Turns results into HTTP responses. The query thread makes the bytes; they only pass through here. */
import type { Context } from 'hono'
import { WARNINGS_HEADER } from '../runner/remote'
import {
  isAnswer,
  type ResultStream,
  type Runner,
  type StreamFormat,
  type StreamOutput,
  type Warning,
} from '../runner/runner'
import type { OpenStreams } from './open-streams'

type Asked = Parameters<Runner['stream']>[0]

export const FORMATS = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  arrow: 'application/vnd.apache.arrow.stream',
} as const satisfies Record<StreamFormat, string>
export type Format = keyof typeof FORMATS

/** Longest warnings header: servers and clients refuse much longer ones. */
const MAX_HEADER = 4096

const typeOf = (format: Format) =>
  format === 'csv' ? `${FORMATS.csv}; charset=utf-8; header=present` : FORMATS[format]

/** The warnings as JSON in ASCII. Warnings that do not fit are left out. */
function warningsHeader(warnings: readonly Warning[]): string {
  const ascii = (kept: readonly Warning[]) =>
    JSON.stringify(kept).replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  let count = warnings.length
  while (count > 0 && ascii(warnings.slice(0, count)).length > MAX_HEADER) count--
  return count === 0 ? '' : ascii(warnings.slice(0, count))
}

/** A short answer does not count as a stream: the query thread has finished it before the client reads it. */
async function open(
  c: Context,
  runner: Runner,
  request: Asked,
  output: StreamOutput,
  streams: OpenStreams,
): Promise<ResultStream> {
  const { signal } = c.req.raw
  if (isAnswer(request, output)) return runner.stream(request, output, signal)
  const over = streams.take(c.get('admitted')?.client ?? '')
  try {
    const stream = await runner.stream(request, output, signal)
    stream.end.then(over, over)
    return stream
  } catch (cause) {
    over()
    throw cause
  }
}

/** Streams the result. Only JSON has a place for warnings; the other formats send them in a header. */
export async function answer(
  c: Context,
  runner: Runner,
  request: Asked,
  output: StreamOutput,
  streams: OpenStreams,
): Promise<Response> {
  const { body, warnings } = await open(c, runner, request, output, streams)
  const header = output.format === 'json' ? '' : warningsHeader(warnings)
  const headers = {
    'Content-Type': typeOf(output.format),
    ...(header !== '' && { [WARNINGS_HEADER]: header }),
  }
  // Nobody will read it.
  if (c.req.raw.method === 'HEAD') await body.cancel()
  return new Response(c.req.raw.method === 'HEAD' ? null : body, { headers })
}
