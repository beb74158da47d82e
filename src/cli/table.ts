/** Rows as aligned text. */
import type { ResultTable } from '../runner/runner'
import { printable } from './io'
import { alignsRight, cellText } from './values'

export interface TableText {
  readonly lines: Iterable<string>
  /** Columns that the terminal has no room for. */
  readonly omitted: readonly string[]
}

const GAP = 2
/** A column that has to shrink keeps this much. */
const LEAST = 10

interface TextColumn {
  readonly name: string
  readonly right: boolean
  readonly cells: readonly string[]
  readonly width: number
  /** Its cells say nothing when cut: numbers and times. */
  readonly whole: boolean
}

/** `width`: columns of the terminal; undefined writes every cell in full. */
export function tableText(table: ResultTable, width: number | undefined, bold = false): TableText {
  const columns = table.columns.map((column, i): TextColumn => {
    const name = printable(column.name)
    const cells = table.values[i]!.map((cell) => cellText(cell, column))
    const widest = cells.reduce((most, cell) => Math.max(most, Bun.stringWidth(cell)), 0)
    const right = alignsRight(column)
    const width = Math.max(widest, Bun.stringWidth(name))
    return { name, right, cells, width, whole: right || column.type === 'TIME64NS' }
  })
  const { shown, cap } = fit(columns, width)
  return {
    lines: lines(shown, cap, table.rows, bold),
    omitted: columns.slice(shown.length).map((column) => column.name),
  }
}

const capped = ({ whole, width }: TextColumn, cap: number) => (whole ? width : Math.min(width, cap))

/** The columns that have room, and the width that none may pass: wide ones shrink first, then the last are left out. */
function fit(
  columns: readonly TextColumn[],
  width: number | undefined,
): { shown: readonly TextColumn[]; cap: number } {
  const total = (shown: readonly TextColumn[], cap: number) =>
    shown.reduce((sum, column) => sum + capped(column, cap) + GAP, -GAP)
  const widest = columns.reduce((most, column) => Math.max(most, column.width), 0)
  if (width === undefined || total(columns, widest) <= width) return { shown: columns, cap: widest }
  let shown = columns
  while (shown.length > 1 && total(shown, LEAST) > width) shown = shown.slice(0, -1)
  let cap = LEAST
  while (total(shown, cap + 1) <= width && cap < widest) cap++
  return { shown, cap }
}

function* lines(columns: readonly TextColumn[], cap: number, rows: number, bold: boolean): Generator<string> {
  const line = (text: (column: TextColumn) => string) =>
    columns
      .map((column) => pad(cut(text(column), capped(column, cap)), capped(column, cap), column.right))
      .join(' '.repeat(GAP))
      .trimEnd()
  const header = line((column) => column.name)
  yield bold ? `\u001b[1m${header}\u001b[0m\n` : `${header}\n`
  for (let row = 0; row < rows; row++) yield `${line((column) => column.cells[row]!)}\n`
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - Bun.stringWidth(text)))
  return right ? space + text : text + space
}

function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const char of text) {
    used += Bun.stringWidth(char)
    if (used > width - 1) break
    kept += char
  }
  return `${kept}…`
}
