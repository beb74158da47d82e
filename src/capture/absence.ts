/** How long the capture thread stays away from the ring: what happens meanwhile waits, and is lost once the ring is full. */
import { type Counters, TOO_LONG_AWAY_MS } from '../health/counters'

const SECONDS = 60

export class Absence {
  readonly #counters: Pick<Counters, 'absences' | 'absentNs'>
  /** When it should look at the ring again; undefined before its first look: what it opens until then is no absence. */
  #dueMs: number | undefined
  /** The longest of each second, by its number modulo `SECONDS`; and which second that was. */
  readonly #longest = new Float64Array(SECONDS)
  readonly #second = new Float64Array(SECONDS)

  constructor(counters: Pick<Counters, 'absences' | 'absentNs'>) {
    this.#counters = counters
  }

  /** It looks at the ring. */
  back(nowMs: number): void {
    const awayMs = nowMs - (this.#dueMs ?? nowMs)
    this.#dueMs = nowMs
    if (awayMs > TOO_LONG_AWAY_MS) {
      this.#counters.absences++
      this.#counters.absentNs += Math.round(awayMs * 1e6)
    }
    const second = Math.floor(nowMs / 1000)
    const place = second % SECONDS
    if (this.#second[place] !== second) this.#longest[place] = 0
    this.#second[place] = second
    this.#longest[place] = Math.max(this.#longest[place]!, awayMs)
  }

  /** It means to rest from now on, which is no absence. */
  rest(ms: number): void {
    if (this.#dueMs !== undefined) this.#dueMs += ms
  }

  /** The longest absence of the last minute, in milliseconds. */
  longestMs(nowMs: number): number {
    const first = Math.floor(nowMs / 1000) - SECONDS
    let longest = 0
    for (let i = 0; i < SECONDS; i++)
      if (this.#second[i]! > first) longest = Math.max(longest, this.#longest[i]!)
    return longest
  }
}
