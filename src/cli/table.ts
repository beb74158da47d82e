/** Rows as aligned text. */
import type { Cell, ResultColumn, ResultTable } from '../runner/runner'
import { printable } from './io'
import { alignsRight, cellText, timeText } from './values'

export interface TableText {
  readonly lines: Iterable<string>
  /** Columns that the terminal has no room for. */
  readonly omitted: readonly string[]
  /** Columns of which a cell was cut where there is no terminal. */
  readonly shortened: readonly string[]
}

const GAP = 2
/** Least width of a text column that has to shrink, … */
const LEAST = 10
/** … and its least width before a less important column gets room. */
const LEAST_BESIDE_DETAILS = 24
/** Least useful width of a document (JSON, markup), … */
const LEAST_OF_DOCUMENT = 24
/** … which grows only when other texts have this width. */
const ENOUGH_TEXT = 60
/** Where there is no terminal, columns are aligned up to this width: a longer cell pushes only its own line, … */
const ALIGNED = 40
/** … and is cut at this one, the head of a document sooner. */
const LONGEST = 160
const LONGEST_OF_DOCUMENT = 80

/** Kinds of columns. A narrow terminal leaves out the last kind first. */
const RANKS = [
  'what it is about',
  'what happened',
  'text',
  'detail',
  'constant',
  'empty',
  'document',
] as const

interface TextColumn {
  readonly name: string
  /** The name in two lines: as narrow as its cells allow. */
  readonly folded: readonly [string, string]
  readonly right: boolean
  readonly cells: readonly string[]
  /** Of the widest cell. */
  readonly width: number
  /** Its cells mean nothing when cut: numbers and times. */
  readonly whole: boolean
  readonly rank: (typeof RANKS)[number]
  /** Some cell was cut. */
  readonly isCut: boolean
}

/** The columns that have room, each with its width and header lines. */
interface Layout {
  readonly columns: readonly TextColumn[]
  readonly widths: readonly number[]
  readonly folded: boolean
  /** A cell that is wider than its column is not cut. */
  readonly runsOn?: boolean
}

interface Style {
  readonly bold?: boolean
  /** Text that has no room goes on in the next line instead of being cut. */
  readonly wrap?: boolean
}

/**
 * `width`: columns of the terminal. Undefined where there is none, for `head`, `grep` and `awk`: a line has every column,
 * two spaces between them.
 */
export function tableText(table: ResultTable, width: number | undefined, style: Style = {}): TableText {
  const today = timeText(BigInt(Date.now()) * 1_000_000n).slice(0, 11)
  const isPiped = width === undefined && !style.wrap
  const columns = table.columns.map((column, i): TextColumn => {
    const name = printable(column.name)
    const values = table.values[i]!
    const full = values.map((cell) => cellText(cell, column))
    const isTime = column.type === 'TIME64NS'
    const dated = width === undefined || !isTime || full.some((text) => !text.startsWith(today))
    const uncut = dated ? full : full.map((text) => text.slice(today.length))
    const rank = rankOf(column, values)
    const longest = rank === 'document' ? LONGEST_OF_DOCUMENT : LONGEST
    const cells = isPiped ? uncut.map((text) => cut(text, longest)) : uncut
    const right = alignsRight(column)
    return {
      name,
      folded: fold(name),
      right,
      cells,
      width: cells.reduce((most, cell) => Math.max(most, Bun.stringWidth(cell)), 0),
      whole: right || isTime,
      rank,
      isCut: cells.some((text, row) => isPiped && text !== uncut[row]),
    }
  })
  const layout = isPiped ? aligned(columns) : fit(columns, width)
  return {
    lines: lines(layout, table.rows, style),
    omitted: columns.filter((column) => !layout.columns.includes(column)).map((column) => column.name),
    shortened: columns.filter(({ isCut }) => isCut).map(({ name }) => name),
  }
}

/** All columns; cells that are wider than theirs run on. */
const aligned = (columns: readonly TextColumn[]): Layout => ({
  columns,
  widths: columns.map((column) => Math.max(Math.min(column.width, ALIGNED), headWidth(column, false))),
  folded: false,
  runsOn: true,
})

/** Breaks behind the `_` or space that leaves the longer line shortest. */
function fold(name: string): [string, string] {
  let best: [string, string] = ['', name]
  for (const { index } of name.matchAll(/[_ ](?=.)/g)) {
    const lines: [string, string] = [name.slice(0, index + 1), name.slice(index + 1)]
    const longer = (pair: readonly string[]) => Math.max(...pair.map((line) => Bun.stringWidth(line)))
    if (longer(lines) < longer(best)) best = lines
  }
  return best
}

/** JSON, markup, several lines or very long: the head of a body, not a word. */
const isDocument = (cell: Cell): boolean =>
  typeof cell === 'string' && (/^[{[<]/.test(cell) || cell.includes('\n') || cell.length > 200)

function rankOf(column: ResultColumn, values: readonly Cell[]): TextColumn['rank'] {
  const { name, type, semantic } = column
  const filled = values.filter((cell) => cell !== null && cell !== '')
  if (filled.length === 0 && values.length > 0) return 'empty'
  if (type === 'TIME64NS' || ABOUT.has(semantic)) return 'what it is about'
  if (NAMES_IT.test(name) && !isMostlyDocuments(filled)) return 'what it is about'
  if (semantic === 'ST_NONE') {
    if (type === 'STRING') return isMostlyDocuments(filled) ? 'document' : 'text'
    return values.length > 1 && values.every((cell) => cell === values[0]) ? 'constant' : 'detail'
  }
  return DETAILS.has(semantic) ? 'detail' : 'what happened'
}

const isMostlyDocuments = (filled: readonly Cell[]): boolean =>
  filled.filter(isDocument).length * 3 > filled.length

/** How it ended, and how long it took. */
const ABOUT: ReadonlySet<string> = new Set(['ST_HTTP_RESP_STATUS', 'ST_DURATION_NS'])
/** What was asked for. */
const NAMES_IT = /^(?:name|(?:req_|request_)?(?:path|url|query|cmd|command|subject|topic)|endpoint)$/

const DETAILS: ReadonlySet<string> = new Set([
  'ST_BYTES',
  'ST_HTTP_RESP_MESSAGE',
  'ST_IP_ADDRESS',
  'ST_PORT',
  'ST_UPID',
])

const headWidth = ({ name, folded }: TextColumn, isFolded: boolean): number =>
  isFolded ? Math.max(...folded.map((line) => Bun.stringWidth(line))) : Bun.stringWidth(name)

function widthUnder(column: TextColumn, cap: number, folded: boolean): number {
  const whole = Math.max(column.width, headWidth(column, folded))
  if (column.whole) return whole
  const own =
    column.rank === 'document'
      ? Math.max(LEAST_OF_DOCUMENT, cap - ENOUGH_TEXT + LEAST_OF_DOCUMENT)
      : Math.max(LEAST, headWidth(column, folded), cap)
  return Math.min(whole, own)
}

/** Folds the headers, leaves out the least important columns, then shares the room that is left. */
function fit(columns: readonly TextColumn[], width: number | undefined): Layout {
  const widest = columns.reduce((most, column) => Math.max(most, column.width), 0) + ENOUGH_TEXT
  const layout = (shown: readonly TextColumn[], cap: number, folded: boolean): Layout => ({
    columns: shown,
    widths: shown.map((column) => widthUnder(column, cap, folded)),
    folded,
  })
  const fits = ({ widths }: Layout) =>
    width === undefined || widths.reduce((sum, own) => sum + own + GAP, -GAP) <= width
  const full = layout(columns, widest, false)
  if (fits(full)) return full
  let shown = columns
  const details = (column: TextColumn) => RANKS.indexOf(column.rank) >= RANKS.indexOf('detail')
  while (shown.length > 1 && !fits(layout(shown, shown.some(details) ? LEAST_BESIDE_DETAILS : LEAST, true))) {
    shown = withoutLeast(shown)
  }
  const folded = !fits(layout(shown, LEAST, false))
  let cap = LEAST
  while (cap < widest && fits(layout(shown, cap + 1, folded))) cap++
  return layout(shown, cap, folded)
}

/** Of equally unimportant columns the last is left out. */
function withoutLeast(columns: readonly TextColumn[]): readonly TextColumn[] {
  const ranks = columns.map(({ rank }) => RANKS.indexOf(rank))
  const least = ranks.lastIndexOf(Math.max(...ranks))
  return columns.filter((_, i) => i !== least)
}

function* lines(layout: Layout, rows: number, { bold = false, wrap = false }: Style): Generator<string> {
  const { columns, widths, folded, runsOn = false } = layout
  const inWidth = (text: string, i: number) => (runsOn ? text : cut(text, widths[i]!))
  const line = (text: (column: TextColumn, i: number) => string) =>
    columns
      .map((column, i) => pad(inWidth(text(column, i), i), widths[i]!, column.right))
      .join(' '.repeat(GAP))
      .trimEnd()
  const headers = folded
    ? [line((column) => column.folded[0]), line((column) => column.folded[1])]
    : [line((column) => column.name)]
  for (const header of headers) yield bold ? `\u001b[1m${header}\u001b[0m\n` : `${header}\n`
  for (let row = 0; row < rows; row++) {
    if (!wrap) {
      yield `${line((column) => column.cells[row]!)}\n`
      continue
    }
    const cells = columns.map((column, i) => wrapText(column.cells[row]!, widths[i]!))
    const height = Math.max(...cells.map((cell) => cell.length))
    for (let at = 0; at < height; at++) yield `${line((_, i) => cells[i]![at] ?? '')}\n`
  }
}

/** Breaks between words; a word that is too long stays one. */
export function wrapText(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`
    if (lines.at(-1) !== '' && Bun.stringWidth(longer) > width) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
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
