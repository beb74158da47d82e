/** Cells as people read them, by what the column means. */
import type { Cell, ResultColumn } from '../runner/runner'
import { printable } from './io'

const scaled = (value: number, units: readonly string[], step: number): string => {
  let unit = 0
  let size = Math.abs(value)
  while (size >= step && unit < units.length - 1) {
    size /= step
    unit++
  }
  const digits = unit === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2
  const shown = Number.isInteger(size) ? String(size) : size.toFixed(digits)
  return `${value < 0 ? '-' : ''}${shown} ${units[unit]}`
}

export function bytesText(bytes: number): string {
  return scaled(bytes, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1024)
}

export function durationText(ns: number): string {
  const seconds = Math.abs(ns) / 1e9
  if (seconds >= 86400) return `${(ns / 86400e9).toFixed(1)} d`
  if (seconds >= 3600) return `${(ns / 3600e9).toFixed(1)} h`
  if (seconds >= 60) return `${(ns / 60e9).toFixed(1)} min`
  return scaled(ns, ['ns', 'µs', 'ms', 's'], 1000)
}

const two = (n: number) => String(n).padStart(2, '0')

/** Local time in ISO 8601's order, to the millisecond. */
export function timeText(ns: bigint): string {
  const at = new Date(Number(ns / 1_000_000n))
  if (Number.isNaN(at.getTime())) return String(ns)
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const ms = String(at.getMilliseconds()).padStart(3, '0')
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`
}

/** `{"p50": 1, …}` with its values formatted; anything else as it stands. */
function quantilesText(text: string, format: (value: number) => string): string {
  try {
    const quantiles = Object.entries(JSON.parse(text) as object)
    return quantiles.map(([name, value]) => `${name} ${format(Number(value))}`).join('  ')
  } catch {
    return printable(text)
  }
}

const plain = (value: number) =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))

export function cellText(cell: Cell, column: Pick<ResultColumn, 'type' | 'semantic'>): string {
  if (cell === null) return ''
  if (column.type === 'TIME64NS' || column.semantic === 'ST_TIME_NS') {
    // 0 stands for an unknown value.
    if (String(cell) === '0') return ''
    return /^-?\d{1,19}$/.test(String(cell)) ? timeText(BigInt(cell)) : printable(String(cell))
  }
  if (typeof cell === 'number') return numberText(cell, column)
  if (column.semantic === 'ST_DURATION_NS_QUANTILES') return quantilesText(String(cell), durationText)
  if (column.semantic === 'ST_QUANTILES') return quantilesText(String(cell), plain)
  return printable(String(cell))
}

function numberText(value: number, { semantic }: Pick<ResultColumn, 'semantic'>): string {
  switch (semantic) {
    case 'ST_BYTES':
      return bytesText(value)
    case 'ST_DURATION_NS':
      return durationText(value)
    case 'ST_PERCENT':
      return `${plain(Number((value * 100).toFixed(2)))} %`
    case 'ST_THROUGHPUT_PER_NS':
      return `${plain(value * 1e9)} /s`
    case 'ST_THROUGHPUT_BYTES_PER_NS':
      return `${bytesText(value * 1e9)}/s`
    default:
      return plain(value)
  }
}

/** Numbers and quantities stand to the right. */
export function alignsRight({ type, semantic }: Pick<ResultColumn, 'type' | 'semantic'>): boolean {
  if (semantic === 'ST_PORT' || semantic === 'ST_TIME_NS') return false
  return type === 'INT64' || type === 'FLOAT64'
}
