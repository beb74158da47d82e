/** `strptime` of C (POSIX.1-2024) in the C locale: a text is read from left to right, as the format says. */
import { instant } from './time'

const LONGEST_FORMAT = 200

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
)
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')

/** Directives that stand for several. */
const COMPOSED: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
}

type Field =
  | 'year'
  | 'century'
  | 'shortYear'
  | 'month'
  | 'day'
  | 'yearDay'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'epoch'
  | 'ignored'

/** What a number says, its most digits, its least and its largest value. */
const NUMBERS: Readonly<Record<string, readonly [field: Field, digits: number, low: number, high: number]>> =
  {
    C: ['century', 2, 0, 99],
    d: ['day', 2, 1, 31],
    e: ['day', 2, 1, 31],
    g: ['ignored', 2, 0, 99],
    G: ['ignored', 4, 0, 9999],
    H: ['hour', 2, 0, 23],
    I: ['hour12', 2, 1, 12],
    j: ['yearDay', 3, 1, 366],
    k: ['hour', 2, 0, 23],
    l: ['hour12', 2, 1, 12],
    m: ['month', 2, 1, 12],
    M: ['minute', 2, 0, 59],
    s: ['epoch', 11, 0, 99_999_999_999],
    S: ['second', 2, 0, 59],
    u: ['ignored', 1, 1, 7],
    U: ['ignored', 2, 0, 53],
    V: ['ignored', 2, 0, 53],
    w: ['ignored', 1, 0, 6],
    W: ['ignored', 2, 0, 53],
    y: ['shortYear', 2, 0, 99],
    Y: ['year', 4, 0, 9999],
  }

class Reader {
  readonly fields: Partial<Record<Field, number>> = {}
  fraction = ''
  isAfternoon: boolean | undefined
  offsetMinutes = 0
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length
  }

  /** False when the text doesn't go on as the format wants. */
  format(format: string): boolean {
    for (const [part, directive] of format.matchAll(/%[EO]?([\s\S])|\s+|[\s\S]/g)) {
      const fits = directive === undefined ? this.#literal(part) : this.#directive(directive)
      if (!fits) return false
    }
    return true
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at = pattern.lastIndex
    return match ?? undefined
  }

  /** White space stands for any amount of it. */
  #literal(part: string): boolean {
    if (/\s/.test(part)) return this.#take(/\s*/y) !== undefined
    if (this.#text[this.#at] !== part) return false
    this.#at++
    return true
  }

  #directive(directive: string): boolean {
    const composed = COMPOSED[directive]
    if (composed) return this.format(composed)
    const number = NUMBERS[directive]
    if (number) return this.#number(...number) && (directive !== 'S' || this.#fraction())
    switch (directive) {
      case 'a':
      case 'A':
        return this.#name(WEEKDAYS) >= 0
      case 'b':
      case 'B':
      case 'h':
        this.fields.month = this.#name(MONTHS) + 1
        return this.fields.month > 0
      case 'p':
        return this.#halfOfDay()
      case 'z':
        return this.#zone()
      case 'Z':
        return this.#take(/[A-Za-z]+/y) !== undefined
      case 'n':
      case 't':
        return this.#literal(' ')
      case '%':
        return this.#literal('%')
      default:
        return false
    }
  }

  #number(field: Field, digits: number, low: number, high: number): boolean {
    const match = this.#take(new RegExp(`\\s*(\\d{1,${digits}})`, 'y'))
    if (!match) return false
    const value = Number(match[1])
    this.fields[field] = value
    return value >= low && value <= high
  }

  /** C has whole seconds only. */
  #fraction(): boolean {
    this.fraction = this.#take(/\.(\d{1,9})/y)?.[1] ?? ''
    return true
  }

  /** The place of the name that comes, whole or its first three letters; -1 when none does. */
  #name(names: readonly string[]): number {
    const word = this.#take(/[A-Za-z]+/y)?.[0].toLowerCase() ?? ''
    return names.findIndex((name) => word === name || word === name.slice(0, 3))
  }

  #halfOfDay(): boolean {
    const half = this.#take(/([ap])\.?m\.?/iy)?.[1]
    this.isAfternoon = half?.toLowerCase() === 'p'
    return half !== undefined
  }

  #zone(): boolean {
    const match = this.#take(/Z|([+-])(\d{2}):?(\d{2})?/y)
    if (match?.[1])
      this.offsetMinutes = Number(`${match[1]}1`) * (Number(match[2]) * 60 + Number(match[3] ?? 0))
    return match !== undefined
  }
}

/** POSIX: two digits of a year from 69 on are of the last century. */
function yearOf({ year, century, shortYear }: Reader['fields']): number {
  if (year !== undefined) return year
  if (century !== undefined) return century * 100 + (shortYear ?? 0)
  if (shortYear !== undefined) return shortYear + (shortYear < 69 ? 2000 : 1900)
  return 1970
}

/** The time in epoch nanoseconds, UTC without a zone; undefined when text and format don't fit. */
export function strptime(text: string, format: string): bigint | undefined {
  if (format.length > LONGEST_FORMAT) return undefined
  const reader = new Reader(text)
  if (!reader.format(format) || !reader.isAtEnd) return undefined
  const { fields, fraction, isAfternoon, offsetMinutes } = reader
  const { month, day, yearDay, hour, hour12, minute = 0, second = 0, epoch } = fields
  if (epoch !== undefined) return BigInt(epoch) * 1_000_000_000n
  const byYearDay = yearDay !== undefined && month === undefined
  return instant({
    year: yearOf(fields),
    month: byYearDay ? 1 : (month ?? 1),
    day: byYearDay ? 1 : (day ?? 1),
    moreDays: byYearDay ? yearDay - 1 : 0,
    hour: hour ?? ((hour12 ?? 0) % 12) + (isAfternoon ? 12 : 0),
    minute,
    second,
    fraction,
    offsetMinutes,
  })
}
