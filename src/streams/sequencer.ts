/**
 * Puts the data of one end in order by the offsets of its pieces, and finds out which bytes are missing.
 *
 * Offsets are TCP sequence numbers, or counts of plaintext bytes, modulo 2^32. Two processors may hand over neighbouring
 * events in the wrong order: a few events ahead of the stream are held until the missing one comes, the other end
 * sends data (then it won't come any more), or a few milliseconds have passed.
 */
import type { Half } from './half'

const MAX_HELD = 8
const MAX_HELD_BYTES = 256 << 10
/** Offsets further away than this don't belong to this stream. */
const MAX_JUMP = 64 << 20

interface HeldEvent {
  readonly offset: number
  readonly size: number
  readonly payload: Uint8Array
  readonly timeNs: number
}

/** Nearly all streams hold nothing, and share this list. */
const NONE: readonly HeldEvent[] = []

/** Takes the ordered bytes and the holes. */
export interface Receiver {
  bytes(half: Half, payload: Uint8Array, timeNs: number): void
  /** `bytes` are missing, Infinity when it isn't known how many. */
  missing(half: Half, bytes: number, timeNs: number): void
}

export class Sequencer {
  /** When it began to hold events, or last handed one over while it holds others. */
  heldNs = 0
  readonly #half: Half
  readonly #receiver: Receiver
  #next = -1
  /** The first offset, once it is known; -1 when bytes without an offset were lost. */
  #base: number | undefined
  #held: readonly HeldEvent[] = NONE
  #heldBytes = 0

  constructor(half: Half, receiver: Receiver) {
    this.#half = half
    this.#receiver = receiver
  }

  /** Bytes of the events that are held. */
  get held(): number {
    return this.#heldBytes
  }

  get holds(): boolean {
    return this.#held.length > 0
  }

  /** The offset after all bytes handed over so far; -1: none were yet. */
  get next(): number {
    return this.#next
  }

  /** Sets where the stream begins: bytes missing from there on are a hole. */
  begin(offset: number): void {
    this.#next = offset
    this.#base = offset
  }

  /** Sets how many bytes were moved in all: missing ones are a hole. */
  end(bytes: number, timeNs: number): void {
    this.flush()
    if (this.#base === -1) return
    const known = this.#base === undefined ? 0 : this.#next - this.#base
    const missing = (bytes - known) | 0
    if (missing > 0) this.#receiver.missing(this.#half, missing, timeNs)
  }

  take(offset: number, size: number, payload: Uint8Array, timeNs: number): void {
    if (offset === this.#next && this.#held.length === 0) {
      this.#deliver(offset, size, payload, timeNs)
      return
    }
    if (this.#next < 0) {
      this.#next = offset
      this.#base ??= offset
    }
    const ahead = (offset - this.#next) | 0
    if (ahead > MAX_JUMP || ahead < -MAX_JUMP) {
      this.#rebase(offset, timeNs)
      this.#deliver(offset, size, payload, timeNs)
    } else if (ahead > 0) this.#hold({ offset, size, payload: payload.slice(), timeNs })
    else {
      this.#deliverRest(offset, size, payload, timeNs)
      this.#release(false)
    }
  }

  /** The bytes missing before the held events won't come any more: they are a hole. */
  flush(): void {
    if (this.#held.length > 0) this.#release(true)
  }

  /** Forgets everything except the position in the stream. */
  drop(): void {
    this.#held = NONE
    this.#heldBytes = 0
  }

  /** The next event sets the position anew. */
  restart(): void {
    this.drop()
    this.#next = -1
    this.#base = -1
  }

  #rebase(offset: number, timeNs: number): void {
    this.flush()
    this.#receiver.missing(this.#half, Number.POSITIVE_INFINITY, timeNs)
    this.#next = offset
    this.#base = -1
  }

  #hold(event: HeldEvent): void {
    if (this.#held.length === 0) this.heldNs = event.timeNs
    const at = this.#held.findIndex((other) => ((other.offset - event.offset) | 0) > 0)
    this.#held = this.#held.toSpliced(at < 0 ? this.#held.length : at, 0, event)
    this.#heldBytes += event.payload.length
    if (this.#held.length > MAX_HELD || this.#heldBytes > MAX_HELD_BYTES) this.#release(true)
  }

  #release(force: boolean): void {
    while (this.#held.length > 0) {
      const { offset, size, payload, timeNs } = this.#held[0]!
      const ahead = (offset - this.#next) | 0
      if (ahead > 0 && !force) return
      this.#held = this.#held.length > 1 ? this.#held.slice(1) : NONE
      this.#heldBytes -= payload.length
      if (ahead > 0) {
        this.#receiver.missing(this.#half, ahead, timeNs)
        this.#next = offset
      }
      this.#deliverRest(offset, size, payload, timeNs)
    }
  }

  /** The part of an event that the stream has not taken yet. */
  #deliverRest(offset: number, size: number, payload: Uint8Array, timeNs: number): void {
    const known = (this.#next - offset) | 0
    if (known >= size) return
    this.#deliver(this.#next, size - known, payload.subarray(Math.min(known, payload.length)), timeNs)
  }

  #deliver(offset: number, size: number, payload: Uint8Array, timeNs: number): void {
    this.#next = (offset + size) >>> 0
    this.heldNs = timeNs
    const captured = payload.length > size ? payload.subarray(0, size) : payload
    if (captured.length > 0) {
      this.#half.reached = offset + captured.length
      this.#receiver.bytes(this.#half, captured, timeNs)
    }
    if (size > captured.length) this.#receiver.missing(this.#half, size - captured.length, timeNs)
  }
}
