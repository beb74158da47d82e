/** Result tables as text: JSON (by row or by column), newline-delimited JSON, CSV (RFC 4180). */
import { NixieError } from '../errors'
import type { Cell, ResultTable, RunResult } from '../runner/runner'

export const FORMATS = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
} as const
export type Format = keyof typeof FORMATS
export type Shape = 'rows' | 'columns'

/** What an answer holds: a whole run, or only tables. */
export type Answer = Pick<RunResult, 'tables'> & Partial<Omit<RunResult, 'tables'>>

/** One JSON object per row, each on its own line, `_tableName_` first. */
export function* ndjsonLines(tables: readonly ResultTable[]): Generator<string> {
  for (const table of tables) {
    const head = `{"_tableName_":${JSON.stringify(table.name)}`
    for (const row of rowBodies(table)) yield row === '' ? `${head}}\n` : `${head},${row}}\n`
  }
}

/** A table with its header line; lines end in CRLF. Empty cells are null. */
export function* csvLines(table: ResultTable): Generator<string> {
  yield `${table.columns.map((column) => csvCell(column.name)).join(',')}\r\n`
  for (let row = 0; row < table.rows; row++) {
    let line = ''
    for (let i = 0; i < table.values.length; i++) {
      line += (i === 0 ? '' : ',') + csvCell(table.values[i]![row] ?? null)
    }
    yield `${line}\r\n`
  }
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The table to write where only one fits: the one named, or the only one. */
export function oneTable(tables: readonly ResultTable[], name: string | undefined): ResultTable {
  const names = tables.map((table) => table.name).join(', ')
  if (name !== undefined) {
    const found = tables.find((table) => table.name === name)
    if (found) return found
    throw new NixieError('unknown_table', `The result has no table '${name}'`, `It has: ${names || 'none'}.`)
  }
  if (tables.length === 1) return tables[0]!
  throw new NixieError(
    'bad_request',
    tables.length === 0 ? 'The result has no table' : `CSV holds one table, the result has ${tables.length}`,
    tables.length === 0 ? 'Show one with px.display.' : `Choose one by table=NAME: ${names}.`,
  )
}

function* rowBodies(table: ResultTable): Generator<string> {
  const keys = table.columns.map((column) => `${JSON.stringify(column.name)}:`)
  for (let row = 0; row < table.rows; row++) {
    let body = ''
    for (let i = 0; i < keys.length; i++) {
      body += (i === 0 ? '' : ',') + keys[i]! + JSON.stringify(table.values[i]![row] ?? null)
    }
    yield body
  }
}

/** Cells of a column that are written at once. */
const SLICE = 1024

function* tableJson(table: ResultTable, shape: Shape): Generator<string> {
  const { name, columns, truncated } = table
  yield `{"name":${JSON.stringify(name)},"columns":${JSON.stringify(columns)},"truncated":${truncated}`
  if (shape === 'columns') {
    yield `,"count":${table.rows},"values":[`
    for (let i = 0; i < table.values.length; i++) {
      yield i === 0 ? '[' : ',['
      const values = table.values[i]!
      for (let row = 0; row < values.length; row += SLICE) {
        yield (row === 0 ? '' : ',') + JSON.stringify(values.slice(row, row + SLICE)).slice(1, -1)
      }
      yield ']'
    }
  } else {
    yield ',"rows":['
    let first = true
    for (const row of rowBodies(table)) {
      yield first ? `{${row}}` : `,{${row}}`
      first = false
    }
  }
  yield ']}'
}

export function* answerJson(answer: Answer, shape: Shape): Generator<string> {
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

const CHUNK = 64 << 10

/** A response whose body is made as it is read; a short one goes out whole, with its length. */
export function textResponse(parts: Iterator<string>, contentType: string): Response {
  const headers = { 'Content-Type': contentType }
  const next = () => {
    let text = ''
    while (text.length < CHUNK) {
      const part = parts.next()
      if (part.done) return { text, done: true }
      text += part.value
    }
    return { text, done: false }
  }
  const first = next()
  if (first.done) return new Response(first.text, { headers })
  const encoder = new TextEncoder()
  let pending: string | undefined = first.text
  const body = new ReadableStream({
    pull(controller) {
      const chunk = pending === undefined ? next() : { text: pending, done: false }
      pending = undefined
      if (chunk.text !== '') controller.enqueue(encoder.encode(chunk.text))
      if (chunk.done) controller.close()
    },
  })
  return new Response(body, { headers })
}

/** An answer in the wanted format. @throws NixieError when CSV has no single table. */
export function answerResponse(answer: Answer, format: Format, shape: Shape, table?: string): Response {
  const chosen = table === undefined ? answer.tables : [oneTable(answer.tables, table)]
  switch (format) {
    case 'csv':
      return textResponse(
        csvLines(oneTable(chosen, undefined)),
        `${FORMATS.csv}; charset=utf-8; header=present`,
      )
    case 'ndjson':
      return textResponse(ndjsonLines(chosen), FORMATS.ndjson)
    default:
      return textResponse(answerJson({ ...answer, tables: chosen }, shape), FORMATS.json)
  }
}
