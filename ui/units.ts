/** Numbers as people read them; used by the pages and, in the browser, by the charts' axes. */

/** `ns` is a duration; `ratio` is shown as a percentage; rates are per second. */
export type Unit = 'ns' | 'bytes' | 'bytes/s' | 'per_s' | 'ratio' | 'none'

const BYTE_STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const COUNT_STEPS = ['', 'k', 'M', 'G', 'T']

/** Three significant digits, without an exponent; numbers that are whole, except for rounding errors, in full. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 100 || Math.abs(value - Math.round(value)) <= size * 1e-12) return value.toFixed(0)
  return size >= 1 ? value.toPrecision(3) : String(Number(value.toPrecision(3)))
}

function scaled(value: number, step: number, names: readonly string[], gap: string): string {
  let scale = 0
  while (Math.abs(value) >= step && scale < names.length - 1) {
    value /= step
    scale++
  }
  return names[scale] ? `${digits(value)}${gap}${names[scale]}` : digits(value)
}

/** `1530000` → `1.53 ms`; from a minute on in the two largest units (`2 h 5 m`). */
export function duration(ns: number): string {
  const size = Math.abs(ns)
  if (size < 1e3) return `${digits(ns)} ns`
  if (size < 1e6) return `${digits(ns / 1e3)} µs`
  if (size < 1e9) return `${digits(ns / 1e6)} ms`
  if (size < 60e9) return `${digits(ns / 1e9)} s`
  return span(ns / 1e9)
}

/** Seconds as `45 s`, `17 m 20 s`, `17 h 20 m` or `3 d 4 h`. */
export function span(seconds: number): string {
  const s = Math.round(seconds)
  if (s < 60) return `${s} s`
  const pairs = [
    [86_400, 'd', 3600, 'h'],
    [3600, 'h', 60, 'm'],
    [60, 'm', 1, 's'],
  ] as const
  const [big, bigName, small, smallName] = pairs.find(([size]) => s >= size)!
  const rest = Math.floor((s % big) / small)
  return `${Math.floor(s / big)} ${bigName}${rest ? ` ${rest} ${smallName}` : ''}`
}

export const bytes = (value: number): string => scaled(value, 1024, BYTE_STEPS, ' ')
export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })

export function inUnit(unit: Unit, value: number): string {
  switch (unit) {
    case 'ns':
      return duration(value)
    case 'bytes':
      return bytes(value)
    case 'bytes/s':
      return `${bytes(value)}/s`
    case 'per_s':
      return `${scaled(value, 1000, COUNT_STEPS, ' ')}/s`
    case 'ratio':
      return `${digits(value * 100)} %`
    case 'none':
      return Number.isInteger(value) ? String(value) : digits(value)
  }
}
