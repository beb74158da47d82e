/** `-o table|json|csv`: result tables on stdout, notes about them on stderr. */
import { escapeUnicode, withoutControls } from '../runner/formats/controls'
import { chosenTables, csvLines, ndjsonLines } from '../runner/formats/text'
import type { ResultTable, StreamFormat, Warning } from '../runner/runner'
import type { Option } from './command'
import { type Io, printable, writeAll } from './io'
import { tableText } from './table'

export const OUTPUT: Option = {
  flag: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'table, json (an object per line) or csv',
  choices: ['table', 'json', 'csv'],
  fallback: 'table',
}

/** JSON stays the same value with these escaped, and no terminal obeys it. */
const CONTROLS = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

export const safeJson = (text: string): string => text.replace(CONTROLS, escapeUnicode)

export async function writeTables(
  io: Io,
  tables: readonly ResultTable[],
  format: string | undefined,
  only?: string,
): Promise<void> {
  const streamed: StreamFormat = format === 'csv' ? 'csv' : 'json'
  const chosen = chosenTables(tables, { format: streamed, ...(only !== undefined && { table: only }) })
  if (format === 'json') await writeAll(io.stdout, map(ndjsonLines(chosen), safeJson))
  else if (format === 'csv') {
    const lines = csvLines(chosen[0]!)
    await writeAll(io.stdout, map(lines, io.stdout.isTTY ? terminalLine : withoutControls))
  } else {
    for (const [i, table] of chosen.entries()) await writeTable(io, table, chosen.length > 1, i > 0)
  }
  for (const table of chosen) {
    if (table.truncated) {
      await io.stderr.write(`${printable(table.name)}: more rows than ${table.rows}; --limit N shows more\n`)
    }
  }
}

/** Prints a list that Nixie itself made. Its sentences are not cut. */
export async function writeList(io: Io, list: ResultTable, format: string | undefined): Promise<void> {
  if (format === 'json' || format === 'csv') return writeTables(io, [list], format)
  const bold = io.stdout.isTTY && !io.env.NO_COLOR
  await writeAll(io.stdout, tableText(list, io.stdout.columns, { bold, wrap: true }).lines)
}

async function writeTable(io: Io, table: ResultTable, titled: boolean, apart: boolean): Promise<void> {
  const bold = io.stdout.isTTY && !io.env.NO_COLOR
  if (apart) await io.stdout.write('\n')
  if (titled) await io.stdout.write(`${printable(table.name)}\n`)
  const { lines, omitted, shortened } = tableText(table, io.stdout.columns, { bold })
  await writeAll(io.stdout, lines)
  if (table.rows === 0) {
    await io.stderr.write(
      `${printable(table.name)}: no rows. Look further back in time, or see 'nixie status'.\n`,
    )
  }
  if (shortened.length > 0) {
    await io.stderr.write(`Cut where they are long: ${shortened.join(', ')} (-o json and csv have all)\n`)
  }
  if (omitted.length > 0) {
    await io.stderr.write(`Not shown, the terminal is too narrow: ${omitted.join(', ')} (-o json has all)\n`)
  }
}

const terminalLine = (line: string) => `${printable(line.slice(0, -2))}\r\n`

function* map(lines: Iterable<string>, change: (line: string) => string): Generator<string> {
  for (const line of lines) yield change(line)
}

export async function writeWarnings(io: Io, warnings: readonly Warning[]): Promise<void> {
  for (const { message, line, column } of warnings) {
    const where =
      line === undefined ? '' : ` (line ${line}${column === undefined ? '' : `, column ${column}`})`
    await io.stderr.write(`warning: ${printable(message)}${where}\n`)
  }
}
