/** `-o json|csv|arrow` of a run: rows are written as they arrive. */
import { type ErrorShape, messageOf, NixieError } from '../errors'
import { withoutControls } from '../runner/formats/controls'
import type { ResultStream, StreamFormat } from '../runner/runner'
import { type Io, printable } from './io'
import { safeJson } from './output'

const FORMATS: Readonly<Record<string, StreamFormat>> = {
  json: 'ndjson',
  ndjson: 'ndjson',
  csv: 'csv',
  arrow: 'arrow',
}

/** The format that `-o` streams; undefined for a table, which must see all rows first. */
export const streamFormat = (output: string | undefined): StreamFormat | undefined => FORMATS[output ?? '']

const ERROR_LINE = '{"error":'

/** Counts rows, to tell the user when the limit may have cut them. */
class RowCounter {
  readonly counts = new Map<string, number>()
  readonly #format: StreamFormat
  #quoted = false

  constructor(format: StreamFormat) {
    this.#format = format
  }

  read(text: string): void {
    if (this.#format === 'ndjson') {
      for (const [, name] of text.matchAll(/^\{"_tableName_":("(?:[^"\\]|\\.)*")/gm)) {
        this.#add(JSON.parse(name!) as string, 1)
      }
      return
    }
    // Between two quotes a line end is part of a cell.
    for (const [i, part] of text.split('"').entries()) {
      if (i > 0) this.#quoted = !this.#quoted
      if (!this.#quoted) this.#add('CSV', part.split('\n').length - 1)
    }
  }

  #add(name: string, rows: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + rows)
  }
}

/** `limit`: most rows of a table that were asked for. Throws the error that the stream ended in. */
export async function writeStream(
  io: Io,
  { body }: Pick<ResultStream, 'body'>,
  { format, limit }: { format: StreamFormat; limit: number },
): Promise<void> {
  if (format === 'arrow') {
    for await (const bytes of read(body)) await io.stdout.write(bytes)
    return
  }
  const counter = new RowCounter(format)
  const decoder = new TextDecoder()
  const safe = format === 'ndjson' ? safeJson : io.stdout.isTTY ? safeCsv : withoutControls
  const write = async (text: string) => {
    counter.read(text)
    await io.stdout.write(safe(text))
  }
  // The last line is held back: it may be an error, and a CR belongs to the LF behind it.
  let pending = ''
  for await (const bytes of read(body)) {
    pending += decoder.decode(bytes, { stream: true })
    const cut = pending.lastIndexOf('\n', pending.length - 2) + 1
    if (cut > 0) await write(pending.slice(0, cut))
    pending = pending.slice(cut)
  }
  if (format === 'ndjson' && pending.startsWith(ERROR_LINE)) {
    throw NixieError.fromShape((JSON.parse(pending) as { error: ErrorShape }).error)
  }
  if (pending !== '') await write(pending)
  for (const [name, lines] of counter.counts) {
    const rows = format === 'csv' ? lines - 1 : lines
    if (rows < limit) continue
    const what = format === 'csv' ? 'The table' : printable(name)
    await io.stderr.write(`${what}: ${rows} rows, the limit; there may be more: --limit N\n`)
  }
}

/** A terminal obeys no control but the ends of lines. */
const safeCsv = (text: string): string =>
  text
    .split('\r\n')
    .map((line) => line.split('\n').map(printable).join('\n'))
    .join('\r\n')

async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) yield bytes
  } catch (cause) {
    if (cause instanceof NixieError) throw cause
    throw new NixieError(
      'unavailable',
      `The answer ended early: ${messageOf(cause)}`,
      'The query failed on its way, or Nixie stopped; -o json says which.',
    )
  }
}
