/** Dates, times and intervals as PostgreSQL sends them in binary (src/backend/utils/adt/{date,timestamp}.c), as text in ISO style. */

/** Days from 1 March of year 0 to 1 January 2000. */
const EPOCH_DAYS = 730425
const DAY_US = 86_400_000_000n
const DAYS_OF_400_YEARS = 146_097
const [MOST_INT64, LEAST_INT64] = [0x7fffffffffffffffn, -0x8000000000000000n]
const [MOST_INT32, LEAST_INT32] = [0x7fffffff, -0x80000000]

const padded = (number: number, width = 2): string => String(number).padStart(width, '0')

/** `days` since 2000-01-01, in the proleptic Gregorian calendar. */
export function dateText(days: number): string {
  if (days === MOST_INT32) return 'infinity'
  if (days === LEAST_INT32) return '-infinity'
  const { year, rest, era } = civil(days)
  return `${padded(year, 4)}-${rest}${era}`
}

/** As in "chrono-Compatible Low-Level Date Algorithms" (H. Hinnant): years begin in March. */
function civil(days: number): { year: number; rest: string; era: string } {
  const since = days + EPOCH_DAYS
  const era = Math.floor(since / DAYS_OF_400_YEARS)
  const ofEra = since - era * DAYS_OF_400_YEARS
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * shifted + 2) / 5) + 1
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const rest = `${padded(month)}-${padded(day)}`
  return year > 0 ? { year, rest, era: '' } : { year: 1 - year, rest, era: ' BC' }
}

/** Microseconds of a day, as `hh:mm:ss[.ffffff]`. */
export function timeText(us: bigint): string {
  const seconds = Number(us / 1_000_000n)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    padded(part),
  )
  return clock.join(':') + fraction(Number(us % 1_000_000n))
}

const fraction = (us: number): string => (us === 0 ? '' : `.${padded(us, 6).replace(/0+$/, '')}`)

/** `us` since 2000-01-01 00:00; `zone`: what is behind the time. */
export function timestampText(us: bigint, zone = ''): string {
  if (us === MOST_INT64) return 'infinity'
  if (us === LEAST_INT64) return '-infinity'
  const ofDay = ((us % DAY_US) + DAY_US) % DAY_US
  const { year, rest, era } = civil(Number((us - ofDay) / DAY_US))
  return `${padded(year, 4)}-${rest} ${timeText(ofDay)}${zone}${era}`
}

/** `west`: seconds west of Greenwich. */
export function zoneText(west: number): string {
  const minutes = Math.floor(Math.abs(west) / 60)
  const sign = west > 0 ? '-' : '+'
  const hours = padded(Math.floor(minutes / 60))
  return minutes % 60 === 0 ? sign + hours : `${sign}${hours}:${padded(minutes % 60)}`
}

/** In PostgreSQL's own style: `1 year 2 mons -3 days 04:05:06`. */
export function intervalText(us: bigint, days: number, months: number): string {
  const parts: string[] = []
  const [years, rest] = [Math.trunc(months / 12), months % 12]
  for (const [count, unit] of [
    [years, 'year'],
    [rest, 'mon'],
    [days, 'day'],
  ] as const)
    if (count !== 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  if (us !== 0n || parts.length === 0) parts.push(`${us < 0n ? '-' : ''}${timeText(us < 0n ? -us : us)}`)
  return parts.join(' ')
}
