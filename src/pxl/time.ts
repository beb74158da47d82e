/** Times and durations as scripts and users write them: `-5m`, `2026-01-02 03:04:05 +0000`, nanoseconds. */
import { NixieError } from '../errors'

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
}

const DURATION = /^([+-]?)((?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h|d))+)$/
const PART = /(\d+)(?:\.(\d+))?(ns|us|µs|ms|s|m|h|d)/g
const MAX_DURATION = 100n * 366n * UNIT_NS.d!

/** `-5m`, `1h30m`, `0.5s` in nanoseconds; undefined when it isn't a duration. */
export function parseDuration(text: string): bigint | undefined {
  const match = DURATION.exec(text.trim())
  if (!match) return undefined
  let total = 0n
  for (const [, whole, fraction = '', unit] of match[2]!.matchAll(PART)) {
    const scale = UNIT_NS[unit!]!
    total += BigInt(whole!) * scale
    if (fraction) total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  if (total > MAX_DURATION) return undefined
  return match[1] === '-' ? -total : total
}

/** In the largest unit that shows it whole: 300000000000 → `5m`. */
export function formatDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us'] as const) {
    if (size !== 0n && size % UNIT_NS[unit]! === 0n) return `${ns / UNIT_NS[unit]!}${unit}`
  }
  return ns === 0n ? '0s' : `${ns}ns`
}

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/

/** An absolute time in epoch nanoseconds; UTC when it names no zone. */
function parseDate(text: string): bigint | undefined {
  const match = DATE_TIME.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const parts = [
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  ] as const
  const ms = Date.UTC(...parts)
  const date = new Date(ms)
  // Date.UTC carries over (February 30): what doesn't come back as written was no date.
  const same =
    date.getUTCMonth() === parts[1] &&
    date.getUTCDate() === parts[2] &&
    parts[3] < 24 &&
    parts[4] < 60 &&
    parts[5] < 60
  if (!same) return undefined
  let offsetMs = 0
  const offset = /([+-])(\d{2}):?(\d{2})/.exec(zone)
  if (offset) offsetMs = Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000
  return BigInt(ms - offsetMs) * 1_000_000n + BigInt(fraction.padEnd(9, '0') || '0')
}

const TIME_HINT =
  "Write a time before now ('-5m', '-1h30m'), a date ('2026-01-31 08:00:00 +0000') or epoch nanoseconds."

/**
 * A point in time, in epoch nanoseconds: relative to now, a date, or epoch nanoseconds in digits.
 * Throws `bad_time_range`; `what` names the argument in it.
 */
export function parseTime(text: string, nowNs: bigint, what?: string): bigint {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowNs
  const duration = parseDuration(trimmed)
  if (duration !== undefined) return nowNs + duration
  // 16 digits of nanoseconds are January 1970: fewer digits are seconds or a typing error.
  if (/^\d{16,19}$/.test(trimmed)) return BigInt(trimmed)
  const date = parseDate(trimmed)
  if (date !== undefined) return date
  const name = what === undefined ? '' : `${what}: `
  throw new NixieError('bad_time_range', `${name}'${trimmed.slice(0, 60)}' is not a time`, TIME_HINT)
}

/** Throws `bad_time_range` when the range is empty by construction. */
export function checkRange(startNs: bigint | undefined, endNs: bigint | undefined, nowNs: bigint): void {
  if (startNs !== undefined && startNs > nowNs && (endNs === undefined || endNs <= startNs)) {
    throw new NixieError(
      'bad_time_range',
      'start_time lies in the future',
      `A time before now starts with a minus: '-${formatDuration(startNs - nowNs)}'.`,
    )
  }
  if (startNs !== undefined && endNs !== undefined && startNs > endNs) {
    throw new NixieError(
      'bad_time_range',
      'start_time is after end_time',
      'Swap them, or move end_time to a later time.',
    )
  }
}

const STRPTIME: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2}(?:\\.\\d{1,9})?)',
  z: '(?<z>Z|[+-]\\d{2}:?\\d{2})',
  '%': '%',
}

/** strptime with %Y %m %d %H %M %S %z; undefined when text and format don't fit. */
export function strptime(text: string, format: string): bigint | undefined {
  const seen = new Set<string>()
  let known = true
  const pattern = format.replace(/%([\s\S])|[\s\S]/g, (char, code: string | undefined) => {
    if (code === undefined) return char.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const part = STRPTIME[code]
    if (!part || seen.has(code)) known = false
    seen.add(code)
    return part ?? ''
  })
  if (!known || format.length > 200) return undefined
  const groups = new RegExp(`^${pattern}$`).exec(text)?.groups
  if (!groups) return undefined
  const two = (value: string | undefined, fallback: string) => (value ?? fallback).padStart(2, '0')
  const date = `${groups.Y ?? '1970'}-${two(groups.m, '1')}-${two(groups.d, '1')}`
  return parseDate(`${date} ${groups.H ?? '0'}:${groups.M ?? '0'}:${groups.S ?? '0'} ${groups.z ?? 'Z'}`)
}
