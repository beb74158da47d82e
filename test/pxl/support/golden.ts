/**
 * Tests of the language as blocks of text:
 *
 *     NAME  what is shown
 *     SCRIPT
 *     import px
 *     …
 *     ROWS table                     (optional; else the tables of the file's first block)
 *     column:TYPE/UNIT | column:TYPE | column:TYPE extra
 *     value | value
 *     EXPECT output
 *     column:TYPE/UNIT | …
 *     value | …
 *     WARN line:column message
 *     ERROR code line:column message
 *     hint: …
 *
 * `ROWS table, no source` is a table that nothing records. Tables that are made on demand have no rows here.
 * A result never has an extra column: what is shown of one says so by its `extra`.
 * Times are written relative to the time of the run. Units are without their ST_; none is ST_NONE.
 */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { NixieError } from '../../../src/errors'
import { compile } from '../../../src/pxl/compile'
import { VIRTUAL_TABLES } from '../../../src/pxl/modules/virtual-tables'
import { exactDuration, parseTime } from '../../../src/pxl/values/time'
import { toCells } from '../../../src/query/cells'
import { execute, type VirtualTable } from '../../../src/query/engine'
import type { TypedColumn } from '../../../src/query/plan'
import type { DataType, SemanticType } from '../../../src/records/types'
import { columnOf, contextOf, type Row, type Value } from '../../query/support/tables'
import { NOW, StoredTables } from './stored-tables'

interface Section {
  readonly title: string
  readonly lines: readonly string[]
}

const HEAD = /^(NAME|SCRIPT|ROWS|EXPECT|WARN|ERROR)\b\s*(.*)$/

interface Case {
  readonly name: string
  readonly script: string
  readonly rows: readonly Section[]
  readonly expected: string
}

export function readCases(path: string): Case[] {
  const blocks = readFileSync(path, 'utf8')
    .split(/^(?=NAME\b)/m)
    .filter((block) => block.startsWith('NAME'))
  const shared: Section[] = []
  return blocks.map((block, i) => {
    const sections: { kind: string; title: string; lines: string[] }[] = []
    for (const line of block.split('\n')) {
      const head = HEAD.exec(line)
      if (head) sections.push({ kind: head[1]!, title: head[2]!, lines: [] })
      else sections.at(-1)!.lines.push(line)
    }
    const trimmed = sections.map((s) => ({ ...s, lines: s.lines.join('\n').trimEnd().split('\n') }))
    const rows = trimmed.filter((s) => s.kind === 'ROWS')
    if (i === 0) shared.push(...rows)
    const shown = trimmed.filter((s) => s.kind === 'EXPECT' || s.kind === 'WARN' || s.kind === 'ERROR')
    return {
      name: trimmed[0]!.title,
      script: trimmed.find((s) => s.kind === 'SCRIPT')!.lines.join('\n'),
      rows: rows.length > 0 ? rows : shared,
      expected: shown
        .map((s) => [`${s.kind} ${s.title}`, ...s.lines.filter((l) => l !== '')].join('\n'))
        .join('\n'),
    }
  })
}

const split = (line: string): string[] => line.split('|').map((part) => part.trim())

function readColumn(text: string): TypedColumn {
  const [name, type] = text.split(':') as [string, string]
  const [full, extra] = type.split(' ') as [string, string?]
  const [data, unit] = full.split('/')
  return {
    name,
    type: data as DataType,
    semantic: `ST_${unit ?? 'NONE'}` as SemanticType,
    ...(extra === 'extra' && { extra: true }),
  }
}

function readValue(text: string, type: DataType): Value {
  if (type === 'TIME64NS') return parseTime(text, NOW)
  if (type === 'INT64' || type === 'FLOAT64') return Number(text)
  return type === 'BOOLEAN' ? text === 'true' : text
}

function tablesOf(sections: readonly Section[]): StoredTables {
  const tables = sections.map(({ title, lines }) => {
    const columns = split(lines[0]!).map(readColumn)
    const rows = lines.slice(1).map((line): Row => {
      const values = split(line)
      return Object.fromEntries(columns.map(({ name, type }, i) => [name, readValue(values[i] ?? '', type)]))
    })
    const [name, unrecorded] = title.split(', ') as [string, string?]
    return { name, columns, rows, recorded: unrecorded === undefined }
  })
  return new StoredTables(tables)
}

const showColumn = ({ name, type, semantic, extra }: TypedColumn): string =>
  `${name}:${type}${semantic === 'ST_NONE' ? '' : `/${semantic.slice(3)}`}${extra ? ' extra' : ''}`

function showCell(value: unknown, type: DataType): string {
  return type === 'TIME64NS' ? exactDuration(BigInt(value as string) - NOW) : String(value)
}

const virtualTable = (fn: string): VirtualTable => {
  const { columns } = VIRTUAL_TABLES[fn]!
  return { columns, batch: { rows: 0, columns: columns.map(({ type }) => columnOf(type, [])) } }
}

/** What the script shows, or its error, as the blocks write it. */
export function outcome({ script, rows }: Pick<Case, 'script' | 'rows'>): string {
  const source = tablesOf(rows)
  try {
    const { displays, warnings } = compile(script, { tables: source.tables(), nowNs: NOW })
    const { tables } = execute({ outputs: displays }, { ...contextOf(source, { nowNs: NOW }), virtualTable })
    const shown = tables.map(({ name, columns, batch }) => {
      const cells = toCells(batch)
      const lines = Array.from({ length: batch.rows }, (_, row) =>
        columns.map((column, i) => showCell(cells[i]![row], column.type)).join(' | '),
      )
      return [`EXPECT ${name}`, columns.map(showColumn).join(' | '), ...lines]
        .map((l) => l.trimEnd())
        .join('\n')
    })
    const warned = warnings.map(({ message, line, column }) => `WARN ${line}:${column} ${message}`)
    return [...shown, ...warned].join('\n')
  } catch (cause) {
    if (!(cause instanceof NixieError)) throw cause
    const { code, message, hint, line, column } = cause.shape
    return `ERROR ${code} ${line}:${column} ${message}\nhint: ${hint}`.trimEnd()
  }
}

/** One test per block of the file. */
export function runCases(path: string): void {
  for (const one of readCases(path)) {
    test(one.name, () => {
      expect(outcome(one)).toBe(one.expected)
    })
  }
}

/** One test per block of the file: columns that the script doesn't name, in every table, change nothing. */
export function runCasesWithExtras(path: string): void {
  const widened = ({ title, lines: [head, ...rows] }: Section): Section => ({
    title,
    lines: [
      `${head} | outcome:STRING extra | remote_upid:UINT128/UPID extra`,
      ...rows.map((row) => `${row} | cut | 1:42:7`),
    ],
  })
  // Hints name the columns that there are.
  const unhinted = (text: string) => text.replace(/^hint: .*\n?/gm, '')
  for (const one of readCases(path)) {
    test(one.name, () => {
      expect(unhinted(outcome({ ...one, rows: one.rows.map(widened) }))).toBe(unhinted(one.expected))
    })
  }
}
