/** Formats cells: the semantic type of the value decides, not the name of its column. */
import { isObject, objectIn } from '../src/json'
import type { SemanticType } from '../src/records/types'
import type { Cell, ResultColumn } from '../src/runner/runner'
import { here } from './on-node'
import { inUnit, type Unit } from './units'

export interface Shown {
  readonly text: string
  /** Classes of the cell. */
  readonly kind?: string
  /** ISO time; the browser shows it in its own time zone. */
  readonly time?: string
  readonly href?: string
  /** Several names in one cell, each with its own view. */
  readonly parts?: readonly { readonly text: string; readonly href?: string }[]
  /** The value before formatting, when formatting loses some of it. */
  readonly exact?: string
}

/** The unit of a column's numbers, and the factor by which to multiply them first. */
export function unitOf(semantic: SemanticType): { unit: Unit; scale: number } {
  switch (semantic) {
    case 'ST_DURATION_NS':
    case 'ST_DURATION_NS_QUANTILES':
      return { unit: 'ns', scale: 1 }
    case 'ST_BYTES':
      return { unit: 'bytes', scale: 1 }
    case 'ST_THROUGHPUT_PER_NS':
      return { unit: 'per_s', scale: 1e9 }
    case 'ST_THROUGHPUT_BYTES_PER_NS':
      return { unit: 'bytes/s', scale: 1e9 }
    case 'ST_PERCENT':
      return { unit: 'ratio', scale: 1 }
    default:
      return { unit: 'none', scale: 1 }
  }
}

/** Pixie's views give these sums no unit; they are bytes per nanosecond as those that have one are. */
const UNITLESS_DISK = /_disk_(read|write)_throughput$/

const meaningOf = ({ name, type, semantic }: ResultColumn): SemanticType =>
  semantic === 'ST_NONE' && type === 'FLOAT64' && UNITLESS_DISK.test(name)
    ? 'ST_THROUGHPUT_BYTES_PER_NS'
    : semantic

export const isTime = (column: ResultColumn): boolean =>
  column.type === 'TIME64NS' || column.semantic === 'ST_TIME_NS'

/** The quantiles of a cell that a table shows. */
export const QUANTILES = ['p50', 'p90', 'p99'] as const

export const isQuantiles = (column: ResultColumn): boolean =>
  column.semantic === 'ST_QUANTILES' || column.semantic === 'ST_DURATION_NS_QUANTILES'

export const isNumeric = (column: ResultColumn): boolean =>
  (column.type === 'INT64' || column.type === 'FLOAT64') && !isTime(column)

/** Epoch nanoseconds to an ISO time in milliseconds; undefined when it is no time. */
export function isoTime(ns: string | number): string | undefined {
  const text = String(ns)
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  const date = new Date(Number(BigInt(text) / 1_000_000n))
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function quantiles(text: string, column: ResultColumn): Shown {
  const parts = objectIn(text)
  if (!parts) return { text }
  const { unit, scale } = unitOf(column.semantic)
  const shown = QUANTILES.flatMap((name) => {
    const value = parts[name]
    return typeof value === 'number' ? [inUnit(unit, value * scale)] : []
  })
  return { text: shown.join(' · ') || text, kind: 'quantiles', exact: text }
}

/** The existing scripts: links go only to views that exist. */
export interface KnownScripts {
  has(script: string): boolean
  /** Arguments that a link to the script takes along: the time range that the reader looks at. */
  readonly carried?: (script: string) => Readonly<Record<string, string>>
}

const NO_SCRIPTS: KnownScripts = new Set()

export function viewUrl(
  script: string,
  args: Readonly<Record<string, string>>,
  scripts: KnownScripts,
): string {
  const query = new URLSearchParams({ ...scripts.carried?.(script), ...args })
  return here(`/scripts/${script}${query.size ? `?${query}` : ''}`)
}

/** The view of the thing that a cell names, as script and argument: the first that exists. */
const VIEWS_OF: Partial<Record<SemanticType, readonly (readonly [script: string, argument: string])[]>> = {
  ST_POD_NAME: [['px/pod', 'pod']],
  ST_NODE_NAME: [['px/node', 'node']],
  ST_NAMESPACE_NAME: [['px/namespace', 'namespace']],
  ST_SERVICE_NAME: [
    ['px/service', 'service'],
    ['px/http_data', 'destination_filter'],
  ],
  ST_IP_ADDRESS: [['px/ip', 'ip']],
}

/** Values without a view: empty ones, ends that capture doesn't know, and a script's texts in brackets. */
const isNobody = (text: string) => /^(-?|\(.*\))$/.test(text)

function named(text: string, column: ResultColumn, scripts: KnownScripts): Shown {
  const view = VIEWS_OF[column.semantic]?.find(([script]) => scripts.has(script))
  if (!view || isNobody(text)) return { text }
  return { text, kind: 'name', href: viewUrl(view[0], { [view[1]]: text }, scripts) }
}

/** `["ns/a", "ns/b"]`: the services of a pod that has several. */
function namedList(text: string, column: ResultColumn, scripts: KnownScripts): Shown | undefined {
  if (!VIEWS_OF[column.semantic] || !text.startsWith('[')) return undefined
  let names: unknown
  try {
    names = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined
  return { text: names.join(', '), parts: names.map((name) => named(name, column, scripts)) }
}

/** `{label, script, args}`: a link to another view. */
function scriptReference(text: string, scripts: KnownScripts): Shown {
  const target = objectIn(text)
  if (!target || typeof target.script !== 'string') return { text }
  const label = typeof target.label === 'string' && target.label ? target.label : target.script
  if (!scripts.has(target.script)) return { text: label }
  const given = isObject(target.args) ? target.args : {}
  const args = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
  return { text: label, kind: 'name', href: viewUrl(target.script, args, scripts) }
}

function number(value: number, column: ResultColumn): Shown {
  if (column.semantic === 'ST_HTTP_RESP_STATUS')
    return { text: String(value), kind: `num status s${Math.floor(value / 100)}` }
  const { unit, scale } = unitOf(meaningOf(column))
  const text = inUnit(unit, value * scale)
  return { text, kind: 'num', ...(text === String(value) ? {} : { exact: String(value) }) }
}

/** JSON, markup, several lines or a very long text: the beginning of a body rather than a word. */
const isDocument = (text: string): boolean => /^[{[<]/.test(text) || text.includes('\n') || text.length > 200

export function show(value: Cell, column: ResultColumn, scripts: KnownScripts = NO_SCRIPTS): Shown {
  if (value === null) return { text: '–', kind: 'none' }
  if (isTime(column)) {
    // A value that is missing or not known.
    if (Number(value) === 0) return { text: '–', kind: 'none' }
    const time = isoTime(value as string | number)
    if (time) return { text: `${time.slice(11, 23)} Z`, kind: 'time', time, exact: String(value) }
  }
  if (typeof value === 'number') return number(value, column)
  if (typeof value === 'boolean') return { text: String(value) }
  if (isNumeric(column)) return { text: value, kind: 'num' }
  if (isQuantiles(column)) return quantiles(value, column)
  if (column.semantic === 'ST_SCRIPT_REFERENCE') return scriptReference(value, scripts)
  if (column.semantic === 'ST_UPID') return { text: value, kind: 'mono' }
  const list = namedList(value, column, scripts)
  if (list) return list
  if (isDocument(value)) return { text: value, kind: 'mono document' }
  return named(value, column, scripts)
}

/** Orders two cells of a column: numbers by size, also those that are text because a double can't hold them. */
export function compare(a: Cell, b: Cell, column: ResultColumn): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (isQuantiles(column)) return (tail(a) ?? 0) - (tail(b) ?? 0)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (column.type === 'INT64' || column.type === 'TIME64NS') {
    const [x, y] = [integer(a), integer(b)]
    if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0
  }
  return String(a) < String(b) ? -1 : 1
}

function tail(value: Cell): number | undefined {
  const p99 = objectIn(String(value))?.p99
  return typeof p99 === 'number' ? p99 : undefined
}

const integer = (value: Cell): bigint | undefined =>
  /^-?\d{1,20}$/.test(String(value)) ? BigInt(String(value)) : undefined
