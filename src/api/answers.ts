/** Results as responses: the query thread makes the bytes, which only pass through here. */
import type { Context } from 'hono'
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

export const WARNINGS_HEADER = 'Nixie-Warnings'
/** Servers and clients refuse headers that are much longer. */
const MAX_HEADER = 4096

const typeOf = (format: Format) =>
  format === 'csv' ? `${FORMATS.csv}; charset=utf-8; header=present` : FORMATS[format]

/** As JSON in ASCII; those that have no room are left out. */
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

/** A short answer is no stream: the query thread is done with it before it is read. */
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

/** Streams what is asked for; only JSON has room for warnings, so elsewhere they are a header. */
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
