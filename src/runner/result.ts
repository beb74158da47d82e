/** A result that is read whole from the bytes of its stream, for pages and terminals: as every client of the API reads it. */
import { NixieError } from '../errors'
import type {
  Cell,
  ResultStream,
  ResultTable,
  Runner,
  RunRequest,
  RunResult,
  StreamOutput,
  TableRequest,
} from './runner'

interface ReadOptions {
  readonly signal?: AbortSignal
  /** Of the answer: a longer one is an error, since it is in memory several times. */
  readonly mostBytes?: number
}

/** What a page may hold. */
export const MOST_BYTES = 32 << 20

/** A table as `shape=columns` has it. A link to a view is an object. */
type WireTable = Omit<ResultTable, 'rows' | 'values'> & {
  readonly count: number
  readonly values: readonly (readonly (Cell | object)[])[]
}
type WireResult = Omit<RunResult, 'tables'> & { readonly tables: readonly WireTable[] }

const OUTPUT: StreamOutput = { format: 'json', shape: 'columns', isReadAtOnce: true }

/** @throws NixieError, of the run or of the way */
export async function run(
  runner: Pick<Runner, 'stream'>,
  request: RunRequest,
  options: ReadOptions = {},
): Promise<RunResult> {
  const result = await read(await runner.stream(request, OUTPUT, options.signal), options)
  return { ...result, tables: result.tables.map(tableOf) }
}

/** The newest rows of a table. @throws NixieError */
export async function newestRows(
  runner: Pick<Runner, 'stream'>,
  rowsOf: TableRequest,
  options: ReadOptions = {},
): Promise<ResultTable> {
  const { tables } = await read(await runner.stream({ rowsOf }, OUTPUT, options.signal), options)
  return tableOf(tables[0]!)
}

async function read(
  { body }: Pick<ResultStream, 'body'>,
  { mostBytes = MOST_BYTES }: ReadOptions,
): Promise<WireResult> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.length
    if (bytes > mostBytes) {
      await reader.cancel()
      throw tooLong(mostBytes)
    }
    chunks.push(value)
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as WireResult
}

const tooLong = (bytes: number) =>
  new NixieError(
    'limit_exceeded',
    `The answer has more than ${bytes >> 20} MiB, the most that can be shown`,
    'Ask for fewer rows or columns, cut texts with px.substring, or take the rows as CSV or NDJSON.',
  )

const tableOf = ({ count, values, ...table }: WireTable): ResultTable => ({
  ...table,
  rows: count,
  values: values.map((cells) => cells.map(textOf)),
})

/** A cell whose link to a view is text again. */
const textOf = (cell: Cell | object): Cell =>
  typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell
