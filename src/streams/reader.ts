/**
 * Drives one conversation over its two halves. A message that lies whole in one event is read where it is, without a
 * copy; only the rest is buffered.
 */
import type { Counters } from '../health/counters'
import { type Conversation, type Input, invalid, type Opening, type Read } from '../protocols/protocol'
import { EMPTY, StreamInput } from './byte-stream'
import type { Half } from './half'
import type { StreamLimits } from './limits'
import type { SharedState } from './shared-state'
import { WorkBudget } from './work'

/** After this many places at which no message began, and not a single message, the protocol was mistaken. */
const MAX_FAILURES = 8
/** Most reads in a row that consume no byte: at times only the next bytes show that a message has ended. */
const MAX_IDLE_READS = 8
/** Bytes that a search for the next message keeps, so that it finds a beginning in two pieces; tiny events search them again. */
const SEARCH_TAIL = 256
/** Messages that are read at once at most: the thread has other connections too. */
const MESSAGES_AT_ONCE = 1000
/** Bytes that wait because of that may be this many times what one end may hold. */
const WAITING_SHARES = 4
/** Bytes of one connection that are searched for the beginning of a message in a second. */
const SEARCH_PER_SECOND = 8 << 20

const STALLED = invalid('the parser does not get on')

/** One input serves all connections: conversations don't keep it, and only the reads of tunnels nest. */
const sharedInput = new StreamInput()

/** The connection leaves its protocol: its next protocol, and the unread bytes of each half. */
export interface Departure {
  readonly next: string
  readonly within: string | undefined
  readonly opening: Opening | undefined
  readonly half: Half
  readonly rest: Uint8Array
}

/** What reading came to. undefined: it goes on. 'mistaken': these bytes are not of this protocol. */
export type ReadResult = undefined | 'mistaken' | Departure

export class Reader {
  readonly conversation: Conversation
  messages = 0
  /** There is more to read than is read at once: `resume` goes on with it. */
  isPending = false
  #failures = 0
  /** Messages that may still be read at once. */
  #share = 0
  #pending: Half | undefined
  readonly #half: Half
  readonly #otherHalf: Half
  readonly #counters: Counters
  readonly #limits: StreamLimits
  readonly #allSearches: WorkBudget
  readonly #input: StreamInput
  #searches: WorkBudget | undefined

  constructor(
    conversation: Conversation,
    halves: readonly [Half, Half],
    { counters, limits, searches }: Pick<SharedState, 'counters' | 'limits' | 'searches'>,
    input = sharedInput,
  ) {
    this.conversation = conversation
    ;[this.#half, this.#otherHalf] = halves
    this.#counters = counters
    this.#limits = limits
    this.#allSearches = searches
    this.#input = input
  }

  bytes(half: Half, payload: Uint8Array, timeNs: number): ReadResult {
    let rest = payload
    if (half.skip > 0) {
      const skipped = Math.min(half.skip, payload.length)
      half.skip -= skipped
      if (half.skip > 0) {
        half.progressNs = timeNs
        return undefined
      }
      rest = payload.subarray(skipped)
    }
    if (this.isPending) return this.#wait(half, rest, timeNs)
    return this.#both(half, rest, timeNs)
  }

  missing(half: Half, bytes: number, timeNs: number): ReadResult {
    const { conversation } = this
    const before = this.#readAll(timeNs)
    if (before !== undefined) return before
    let hole = bytes
    if (half.skip > 0) {
      const skipped = Math.min(half.skip, hole)
      half.skip -= skipped
      hole -= skipped
      const outcome = half.skip === 0 ? this.#both(half, EMPTY, timeNs) : undefined
      if (hole === 0 || outcome !== undefined) return outcome
    }
    const { lost, side } = half
    // The bytes that wait before the hole are missing their end.
    const missing = lost ? Number.POSITIVE_INFINITY : half.length + hole
    half.clear()
    if (conversation.gap(side, missing, timeNs) && !lost) return this.#both(half, EMPTY, timeNs)
    this.countGap(hole, lost)
    lose(half)
    return undefined
  }

  /** Data of both sides was left out on purpose: only messages that this cuts have a gap. */
  passOver(timeNs: number, begins: boolean, counted: number | undefined): ReadResult {
    const { conversation } = this
    const before = this.#readAll(timeNs)
    if (before !== undefined) return before
    for (const half of [this.#half, this.#otherHalf]) {
      if (half.length > 0) this.countGap(half.length)
      if (!conversation.passOver) conversation.gap(half.side, Number.POSITIVE_INFINITY, timeNs)
      lose(half)
    }
    conversation.passOver?.(timeNs, begins, counted)
    return undefined
  }

  /** Bytes still to come that won't be needed. */
  unwanted(half: Half): number {
    if (half.skip > 0) return half.skip
    if (half.lost || half.length > 0) return 0
    return this.conversation.unwanted?.(half.side) ?? 0
  }

  /** Reads this half for the last time, as far as that is possible. `ended`: no byte follows. */
  finish(half: Half, timeNs: number, ended: boolean): ReadResult {
    const before = this.#readAll(timeNs)
    if (before !== undefined) return before
    this.#share = Number.POSITIVE_INFINITY
    return half.lost || half.skip > 0 ? undefined : this.#run(half, EMPTY, timeNs, ended)
  }

  /** Reads on where the bound of messages at once was reached. */
  resume(timeNs: number): ReadResult {
    return this.#goOn(MESSAGES_AT_ONCE, timeNs)
  }

  /** Reads a datagram, of which `size` bytes were sent. */
  datagram(half: Half, payload: Uint8Array, size: number, timeNs: number): ReadResult {
    half.lost = false
    this.#share = MESSAGES_AT_ONCE
    const input = this.#input
    input.direct(payload, timeNs, true)
    const outcome = this.#parse(half, input, timeNs)
    input.release()
    if (size > payload.length) this.conversation.gap(half.side, size - payload.length, timeNs)
    half.lost = false
    return outcome
  }

  /** Gives up what waits in this half. */
  reset(half: Half, timeNs: number): void {
    this.#counters.resets++
    if (half.length > 0) this.countGap(half.length)
    this.conversation.gap(half.side, Number.POSITIVE_INFINITY, timeNs)
    lose(half)
  }

  /** `isMore`: these bytes are lost because of an earlier hole; their message has been counted. */
  countGap(bytes: number, isMore = false): void {
    if (!isMore) this.#counters.gaps++
    if (Number.isFinite(bytes)) this.#counters.gapBytes += bytes
  }

  /** Waits behind bytes that are still to be read: no bytes of either side may overtake them. */
  #wait(half: Half, payload: Uint8Array, timeNs: number): ReadResult {
    if (half.length + payload.length <= WAITING_SHARES * this.#limits.streamBytes)
      half.append(payload, timeNs)
    else this.reset(half, timeNs)
    return undefined
  }

  #readAll(timeNs: number): ReadResult {
    return this.isPending ? this.#goOn(Number.POSITIVE_INFINITY, timeNs) : undefined
  }

  #goOn(share: number, timeNs: number): ReadResult {
    const half = this.#pending
    if (!half) return undefined
    this.#pending = undefined
    this.isPending = false
    return this.#both(half, EMPTY, timeNs, share)
  }

  /** Data of one side may be what the other side's bytes waited for. */
  #both(half: Half, rest: Uint8Array, timeNs: number, share = MESSAGES_AT_ONCE): ReadResult {
    this.#share = share
    let before = this.messages
    let current = half
    let outcome = this.#run(half, rest, timeNs, false)
    while (outcome === undefined && !this.isPending && this.messages > before) {
      current = this.#opposite(current)
      if (current.length === 0 || current.lost) return undefined
      before = this.messages
      outcome = this.#run(current, EMPTY, timeNs, false)
    }
    return outcome
  }

  #opposite(half: Half): Half {
    return half === this.#half ? this.#otherHalf : this.#half
  }

  #run(half: Half, rest: Uint8Array, timeNs: number, ended: boolean): ReadResult {
    const isDirect = half.length === 0
    const input = this.#input
    if (isDirect) {
      input.direct(rest, timeNs, ended, half.passed)
      half.progressNs = timeNs
    } else {
      if (rest.length > 0 && half.length + rest.length > this.#limits.streamBytes) {
        this.reset(half, timeNs)
        return undefined
      }
      if (rest.length > 0) half.append(rest, timeNs)
      input.buffered(half, timeNs, ended, half.passed)
    }
    const opposite = this.#opposite(half)
    input.unread = opposite.lost || opposite.length === 0 ? undefined : opposite
    const before = input.pos
    const outcome = this.#parse(half, input, timeNs)
    const { bytes, pos, end } = input
    input.release()
    if (outcome === 'mistaken') return outcome
    if (outcome !== undefined) return { ...outcome, rest: bytes.slice(pos, end) }
    if (pos > before) half.progressNs = timeNs
    if (!isDirect) half.consume(pos)
    else if (pos < end) half.append(bytes.subarray(pos, end), timeNs)
    return undefined
  }

  /** Reads as far as the bytes go; when a conversation makes no progress, that counts as 'invalid'. */
  #parse(half: Half, bytes: Input, timeNs: number): ReadResult {
    let idleReads = 0
    while (true) {
      if (half.lost && !this.#seek(half, bytes, timeNs)) return undefined
      const before = bytes.pos
      const read = idleReads > MAX_IDLE_READS ? STALLED : this.#read(half, bytes)
      if (read === 'need-more') return undefined
      if (read === 'message') {
        this.messages++
        this.#counters.frames++
        if (bytes.pos >= bytes.end) return undefined
        if (--this.#share <= 0) {
          this.#pending = half
          this.isPending = true
          return undefined
        }
      } else if ('skip' in read) {
        const skip = read.skip > 0 ? read.skip : 0
        const skipped = Math.min(skip, bytes.end - bytes.pos)
        bytes.pos += skipped
        half.skip = skip - skipped
        if (half.skip > 0) return undefined
      } else if ('leave' in read) {
        return { next: read.leave, within: read.within, opening: read.opening, half, rest: EMPTY }
      } else {
        if (!this.#fail(half, timeNs)) return 'mistaken'
        const { bytes: passed = 1 } = read
        const least = bytes.pos > before ? 0 : 1
        bytes.pos = Math.min(bytes.pos + (passed > least ? passed : least), bytes.end)
      }
      idleReads = bytes.pos > before ? 0 : idleReads + 1
    }
  }

  #read(half: Half, bytes: Input): Read {
    const before = bytes.pos
    const read = this.conversation.read(half.side, bytes)
    if (bytes.pos >= before && bytes.pos <= bytes.end) return read
    bytes.pos = before
    return STALLED
  }

  /** Takes bytes that were no message; false when the protocol was mistaken. */
  #fail(half: Half, timeNs: number): boolean {
    this.#counters.parseFailures++
    this.conversation.gap(half.side, Number.POSITIVE_INFINITY, timeNs)
    half.lost = true
    return ++this.#failures < MAX_FAILURES || this.messages > 0
  }

  /** Moves to where the next message may begin; false when it isn't there yet. */
  #seek(half: Half, bytes: Input, timeNs: number): boolean {
    if (bytes.pos === bytes.end) return false
    const length = bytes.end - bytes.pos
    this.#searches ??= new WorkBudget(SEARCH_PER_SECOND)
    if (!this.#searches.spend(timeNs, length) || !this.#allSearches.spend(timeNs, length)) {
      this.conversation.gap(half.side, Number.POSITIVE_INFINITY, timeNs)
      bytes.pos = bytes.end
      return false
    }
    const view = bytes.bytes.length === bytes.end ? bytes.bytes : bytes.bytes.subarray(0, bytes.end)
    const at = this.conversation.seek(half.side, view, bytes.pos)
    if (!(at >= bytes.pos && at < bytes.end)) {
      bytes.pos = Math.max(bytes.pos, bytes.end - SEARCH_TAIL)
      return false
    }
    bytes.pos = at
    half.lost = false
    return true
  }
}

function lose(half: Half): void {
  half.clear()
  half.skip = 0
  half.lost = true
}
