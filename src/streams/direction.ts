/**
 * One direction of a TCP connection: puts events in order by their offsets, finds out what is missing.
 *
 * Offsets are TCP sequence numbers, modulo 2^32. Two processors may hand over neighbouring events in the wrong order:
 * a few events ahead of the stream are held until the missing one comes, the other direction speaks (then it
 * won't come any more), or a few milliseconds have passed.
 */
import type { Kind } from '../protocols/protocol'
import { ByteStream } from './byte-stream'

const MAX_HELD = 8
const MAX_HELD_BYTES = 256 << 10
/** Offsets that are further off belong to another history of this socket. */
const MAX_JUMP = 64 << 20

interface HeldEvent {
  readonly offset: number
  readonly size: number
  readonly payload: Uint8Array
  readonly timeNs: number
}

/** Takes the ordered bytes and the holes. */
export interface Receiver {
  bytes(direction: Direction, payload: Uint8Array, timeNs: number): void
  /** `bytes` are missing, Infinity when nobody knows how many. */
  missing(direction: Direction, bytes: number, timeNs: number): void
}

export class Direction {
  readonly buffer = new ByteStream()
  /** What its messages are, once the protocol is known. */
  kind: Kind = 'request'
  /** Bytes that the parser doesn't want to see. */
  skip = 0
  /** Searching for the beginning of a message. */
  lost = false
  /** When bytes were last used. */
  progressNs = 0
  lastNs = 0
  /** Bytes that were missing while the protocol wasn't known; Infinity when nobody knows how many. */
  unseen = 0
  #next = -1
  /** The first offset, once it is known; -1 when bytes went by that no offset tells of. */
  #base: number | undefined
  #held: HeldEvent[] = []
  #heldBytes = 0

  get holds(): boolean {
    return this.#held.length > 0
  }

  /** Says where the stream begins: whatever is missing from there on is a hole. */
  begin(offset: number): void {
    this.#next = offset
    this.#base = offset
  }

  /** Says how many bytes were moved in all: what is missing of them is a hole. */
  end(bytes: number, timeNs: number, receiver: Receiver): void {
    this.flush(receiver)
    if (this.#base === -1) return
    const known = this.#base === undefined ? 0 : this.#next - this.#base
    const missing = (bytes - known) | 0
    if (missing > 0) receiver.missing(this, missing, timeNs)
  }

  take(offset: number, size: number, payload: Uint8Array, timeNs: number, receiver: Receiver): void {
    if (offset === this.#next && this.#held.length === 0) {
      this.#deliver(offset, size, payload, timeNs, receiver)
      return
    }
    if (this.#next < 0) {
      this.#next = offset
      this.#base ??= offset
    }
    const ahead = (offset - this.#next) | 0
    if (ahead > MAX_JUMP || ahead < -MAX_JUMP) {
      this.#rebase(offset, timeNs, receiver)
      this.#deliver(offset, size, payload, timeNs, receiver)
    } else if (ahead > 0) this.#hold({ offset, size, payload: payload.slice(), timeNs }, receiver)
    else {
      this.#deliverRest(offset, size, payload, timeNs, receiver)
      this.#release(receiver, false)
    }
  }

  /** What is held will not be completed any more: what is missing in front of it is a hole. */
  flush(receiver: Receiver): void {
    if (this.#held.length > 0) this.#release(receiver, true)
  }

  /** Forgets everything but the position in the stream. */
  drop(): void {
    this.buffer.clear()
    this.#held = []
    this.#heldBytes = 0
    this.skip = 0
  }

  /** The next event sets the position anew. */
  restart(): void {
    this.drop()
    this.#next = -1
    this.#base = -1
    this.lost = false
    this.unseen = 0
  }

  #rebase(offset: number, timeNs: number, receiver: Receiver): void {
    this.flush(receiver)
    receiver.missing(this, Number.POSITIVE_INFINITY, timeNs)
    this.#next = offset
    this.#base = -1
  }

  #hold(event: HeldEvent, receiver: Receiver): void {
    const at = this.#held.findIndex((other) => ((other.offset - event.offset) | 0) > 0)
    this.#held.splice(at < 0 ? this.#held.length : at, 0, event)
    this.#heldBytes += event.payload.length
    if (this.#held.length > MAX_HELD || this.#heldBytes > MAX_HELD_BYTES) this.#release(receiver, true)
  }

  #release(receiver: Receiver, force: boolean): void {
    while (this.#held.length > 0) {
      const { offset, size, payload, timeNs } = this.#held[0]!
      const ahead = (offset - this.#next) | 0
      if (ahead > 0 && !force) return
      this.#held.shift()
      this.#heldBytes -= payload.length
      if (ahead > 0) {
        receiver.missing(this, ahead, timeNs)
        this.#next = offset
      }
      this.#deliverRest(offset, size, payload, timeNs, receiver)
    }
  }

  /** The part of an event that the stream doesn't have yet. */
  #deliverRest(offset: number, size: number, payload: Uint8Array, timeNs: number, receiver: Receiver): void {
    const known = (this.#next - offset) | 0
    if (known >= size) return
    this.#deliver(
      this.#next,
      size - known,
      payload.subarray(Math.min(known, payload.length)),
      timeNs,
      receiver,
    )
  }

  #deliver(offset: number, size: number, payload: Uint8Array, timeNs: number, receiver: Receiver): void {
    this.#next = (offset + size) >>> 0
    this.lastNs = timeNs
    const captured = payload.length > size ? payload.subarray(0, size) : payload
    if (captured.length > 0) receiver.bytes(this, captured, timeNs)
    if (size > captured.length) receiver.missing(this, size - captured.length, timeNs)
  }
}
