/** Times and durations as scripts and users write them: `-5m`, `2026-01-02 03:04:05 +0000`, nanoseconds. */
import { NixieError } from '../../errors'

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

const UNITS = ['d', 'h', 'm', 's', 'ms', 'us', 'ns'] as const

const ONE = /([+-]?)((?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h|d))+)/y
const PART = /(\d+)(?:\.(\d+))?(ns|us|µs|ms|s|m|h|d)/g
/** Most characters of a time or a duration; a longer text is neither. */
const LONGEST = 200
const MAX_DURATION = 100n * 366n * UNIT_NS.d!

/** `-5m`, `1h30m`, `0.5s`, or several with their signs (`-5m-1h`), in nanoseconds; undefined when it isn't a duration. */
export function parseDuration(text: string): bigint | undefined {
  const trimmed = text.trim()
  if (trimmed.length > LONGEST) return undefined
  let total = 0n
  for (let at = 0; at === 0 || at < trimmed.length; at = ONE.lastIndex) {
    ONE.lastIndex = at
    const match = ONE.exec(trimmed)
    if (!match) return undefined
    total += match[1] === '-' ? -sizeOf(match[2]!) : sizeOf(match[2]!)
    if (total > MAX_DURATION || total < -MAX_DURATION) return undefined
  }
  return total
}

function sizeOf(parts: string): bigint {
  let total = 0n
  for (const [, whole, fraction = '', unit] of parts.matchAll(PART)) {
    const scale = UNIT_NS[unit!]!
    total += BigInt(whole!) * scale
    if (fraction) total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return total
}

/** In the largest unit that fits at least once, without the rest: 300000000000 and 359000000000 are `5m`. */
export function formatDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns
  for (const unit of UNITS) if (size >= UNIT_NS[unit]!) return `${ns / UNIT_NS[unit]!}${unit}`
  return '0s'
}

/** In the largest unit that gives a whole number: 90000000000 → `90s`. */
export function exactDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns
  const unit = UNITS.find((one) => size !== 0n && size % UNIT_NS[one]! === 0n)
  return unit ? `${ns / UNIT_NS[unit]!}${unit}` : '0s'
}

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/

export interface Moment {
  readonly year: number
  /** From 1 on. */
  readonly month: number
  readonly day: number
  /** Days after that. */
  readonly moreDays?: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** Digits after the decimal point of the seconds. */
  readonly fraction: string
  /** East of UTC. */
  readonly offsetMinutes: number
}

/** Epoch nanoseconds; undefined when there is no such day or time of day. */
export function instant({
  year,
  month,
  day,
  moreDays = 0,
  hour,
  minute,
  second,
  fraction,
  offsetMinutes,
}: Moment) {
  const date = new Date(0)
  // Date.UTC takes years below 100 as years of the 20th century.
  date.setUTCFullYear(year, month - 1, day)
  // Date.UTC turns February 30 into March 2, so a date that doesn't read back as written is invalid.
  if (date.getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59) return undefined
  const ms = date.setUTCHours(moreDays * 24 + hour, minute - offsetMinutes, second)
  if (moreDays > 0 && new Date(ms + offsetMinutes * 60_000).getUTCFullYear() !== year) return undefined
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** An absolute time in epoch nanoseconds; UTC when it names no zone. */
function parseDate(text: string): bigint | undefined {
  const match = DATE_TIME.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})/.exec(zone) ?? []
  return instant({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
    offsetMinutes: sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0,
  })
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
  // Even 16 digits of nanoseconds lie in January 1970: a shorter number is seconds or a typing error.
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
      `A time before now starts with a minus: '-${exactDuration(startNs - nowNs)}'.`,
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
