/** What a connection is subscribed to, by the counts in the answers; undefined where that isn't known. */

/** What is pushed to subscribers. */
const MESSAGES = new Map([
  ['message', 3],
  ['smessage', 3],
  ['pmessage', 4],
])

const CONFIRMATION = /^[ps]?(?:un)?subscribe$/

export const isMessage = (kind: string, count?: number): boolean => {
  const wanted = MESSAGES.get(kind)
  return wanted !== undefined && (count === undefined || count === wanted)
}

export const isConfirmation = (kind: string): boolean => CONFIRMATION.test(kind)

/** Before RESP3 a subscriber may say nothing but these, and subscriptions. */
const BESIDE = new Set(['PING', 'QUIT', 'RESET'])

export const mayFollowSubscription = (name: string): boolean => BESIDE.has(name) || name.endsWith('SUBSCRIBE')

export class Subscriptions {
  #channels: number | undefined
  #patterns: number | undefined
  #shards: number | undefined

  constructor(isWhole: boolean) {
    if (isWhole) this.reset()
  }

  reset(): void {
    this.#channels = 0
    this.#patterns = 0
    this.#shards = 0
  }

  forget(): void {
    this.#channels = undefined
    this.#patterns = undefined
    this.#shards = undefined
  }

  /** undefined: it isn't known. */
  get isSubscribed(): boolean | undefined {
    const counts = [this.#channels, this.#patterns, this.#shards]
    if (counts.some((count) => count !== undefined && count > 0)) return true
    return counts.includes(undefined) ? undefined : false
  }

  /** How many answers a command has that ends all subscriptions of its kind. */
  answersTo(name: string): number | undefined {
    const count =
      name === 'UNSUBSCRIBE' ? this.#channels : name === 'PUNSUBSCRIBE' ? this.#patterns : this.#shards
    return count === undefined ? undefined : Math.max(1, count)
  }

  /** `total`: the count in an answer: of channels and patterns, or of shards' channels. */
  confirmed(kind: string, total: number): void {
    if (!Number.isSafeInteger(total)) return
    if (kind === 'ssubscribe' || kind === 'sunsubscribe') this.#shards = total
    else if (total === 0) {
      this.#channels = 0
      this.#patterns = 0
    } else if (kind.startsWith('p')) {
      if (this.#channels !== undefined) this.#patterns = total - this.#channels
    } else if (this.#patterns !== undefined) this.#channels = total - this.#patterns
  }
}
