/** Result tables as text: JSON (by row or by column), newline-delimited JSON, CSV (RFC 4180). */
import { NixieError } from '../../errors'
import { isTooDeep } from '../../json'
import type { Cell, ResultTable, RunResult, StreamOutput } from '../runner'
import { withoutControls } from './controls'

/** A table whose cells are made when they are written. */
export interface CellSource extends Pick<ResultTable, 'name' | 'columns' | 'rows' | 'truncated'> {
  /** Of column `i`, the rows from `start` up to `end`. */
  cells(i: number, start: number, end: number): readonly Cell[]
}

/** What an answer holds: a whole run, or only tables. */
export type Answer<T = ResultTable> = { readonly tables: readonly T[] } & Partial<Omit<RunResult, 'tables'>>

export const cellSource = ({ values, ...table }: ResultTable): CellSource => ({
  ...table,
  cells: (i, start, end) => values[i]!.slice(start, end),
})

/**
 * One JSON object per row, each on its own line, `_tableName_` first. Texts come in parts: a row whole, unless it is long.
 */
export function* ndjsonLines(tables: readonly ResultTable[]): Generator<string> {
  for (const table of tables) {
    const head = `{"_tableName_":${JSON.stringify(table.name)}${table.columns.length === 0 ? '' : ','}`
    yield* rowTexts(cellSource(table), () => head, '}\n')
  }
}

export const csvHeader = (columns: ResultTable['columns'], excel = false) =>
  `${columns.map(({ name }) => csvCell(excel ? harmless(name) : name)).join(',')}\r\n`

/** The lines of a table's rows; they end in CRLF. Empty cells are null. */
export function* csvRows(
  { columns, rows, values }: Pick<ResultTable, 'columns' | 'rows' | 'values'>,
  excel = false,
): Generator<string> {
  // Numbers may begin with a minus.
  const isText = columns.map(({ type }) => excel && type === 'STRING')
  for (let row = 0; row < rows; row++) {
    let part = ''
    for (let i = 0; i < values.length; i++) {
      const cell = values[i]![row] ?? null
      part += (i === 0 ? '' : ',') + csvCell(isText[i] ? harmless(String(cell ?? '')) : cell)
      if (part.length < PART) continue
      yield part
      part = ''
    }
    yield `${part}\r\n`
  }
}

export function* csvLines(table: ResultTable, excel = false): Generator<string> {
  yield csvHeader(table.columns, excel)
  yield* csvRows(table, excel)
}

/** What a spreadsheet would run as a formula, by how it begins (OWASP, "CSV Injection"), is text for it with an apostrophe. */
const harmless = (text: string) => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text)

/** Most cells need no quoting. One test finds those that do. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const SPECIAL = /[",\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  if (!SPECIAL.test(cell)) return cell
  const text = withoutControls(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What `output` leaves of the tables. Throws when there is no such table, or when the format holds one and they are several. */
export function chosenTables<T extends { readonly name: string }>(
  tables: readonly T[],
  { format, table }: Pick<StreamOutput, 'format' | 'table'>,
): readonly T[] {
  const names = tables.map(({ name }) => name).join(', ')
  if (table !== undefined) {
    const found = tables.find(({ name }) => name === table)
    if (found) return [found]
    const hint = `It has: ${names || 'none'}.`
    throw new NixieError('unknown_table', `The result has no table '${table.slice(0, 80)}'`, hint)
  }
  const holdsOne = format === 'csv' || format === 'arrow'
  if (!holdsOne || tables.length === 1) return tables
  const label = format === 'csv' ? 'CSV' : 'Arrow'
  throw tables.length === 0
    ? new NixieError('bad_request', 'The result has no table', 'Show one with px.display.')
    : new NixieError(
        'bad_request',
        `${label} holds one table, the result has ${tables.length}`,
        `Choose one by table=NAME: ${names}.`,
      )
}

/** Rows whose cells are there at once, when they are made on demand. */
const SLICE = 1024
/** Characters of a part: no row is put together whose cells are long, and one text may be in every row. */
const PART = 64 << 10

/** A link to a view is stored as the text of an object and written as that object. Any other text stays text. */
function linkJson(cell: Cell): string {
  if (typeof cell === 'string' && cell.startsWith('{') && !isTooDeep(cell)) {
    try {
      return JSON.stringify(JSON.parse(cell))
    } catch {}
  }
  return JSON.stringify(cell)
}

/** How the cells of a column are written as JSON. */
const writerOf = ({ semantic }: CellSource['columns'][number]): ((cell: Cell) => string) =>
  semantic === 'ST_SCRIPT_REFERENCE' ? linkJson : JSON.stringify

function* slices(rows: number): Generator<[start: number, end: number]> {
  for (let start = 0; start < rows; start += SLICE) yield [start, Math.min(rows, start + SLICE)]
}

/** The members of each row as JSON, behind `open` and before `close`. */
function* rowTexts(table: CellSource, open: (row: number) => string, close: string): Generator<string> {
  const keys = table.columns.map((column, i) => `${i === 0 ? '' : ','}${JSON.stringify(column.name)}:`)
  const writers = table.columns.map(writerOf)
  for (const [start, end] of slices(table.rows)) {
    const cells = keys.map((_, i) => table.cells(i, start, end))
    for (let row = 0; row < end - start; row++) {
      let part = open(start + row)
      for (let i = 0; i < keys.length; i++) {
        part += keys[i]! + writers[i]!(cells[i]![row] ?? null)
        if (part.length < PART) continue
        yield part
        part = ''
      }
      yield part + close
    }
  }
}

/** The cells of a column as the elements of a JSON array. */
function* columnTexts(table: CellSource, i: number): Generator<string> {
  const write = writerOf(table.columns[i]!)
  let part = ''
  let separator = ''
  for (const [start, end] of slices(table.rows)) {
    for (const cell of table.cells(i, start, end)) {
      part += separator + write(cell ?? null)
      separator = ','
      if (part.length < PART) continue
      yield part
      part = ''
    }
  }
  yield part
}

function* tableJson(table: CellSource, shape: StreamOutput['shape']): Generator<string> {
  const { name, columns, truncated, rows } = table
  yield `{"name":${JSON.stringify(name)},"columns":${JSON.stringify(columns)},"truncated":${truncated}`
  if (shape === 'columns') {
    yield `,"count":${rows},"values":[`
    for (let i = 0; i < columns.length; i++) {
      yield i === 0 ? '[' : ',['
      yield* columnTexts(table, i)
      yield ']'
    }
  } else {
    yield ',"rows":['
    yield* rowTexts(table, (row) => (row === 0 ? '{' : ',{'), '}')
  }
  yield ']}'
}

export function* answerJson(answer: Answer<CellSource>, shape: StreamOutput['shape']): Generator<string> {
  const { tables, script, args, warnings, stats } = answer
  yield '{'
  if (script !== undefined) yield `"script":${JSON.stringify(script)},`
  if (args !== undefined) yield `"args":${JSON.stringify(args)},`
  yield '"tables":['
  for (let i = 0; i < tables.length; i++) {
    if (i > 0) yield ','
    yield* tableJson(tables[i]!, shape)
  }
  yield ']'
  if (warnings !== undefined) yield `,"warnings":${JSON.stringify(warnings)}`
  if (stats !== undefined) yield `,"stats":${JSON.stringify(stats)}`
  yield '}\n'
}
