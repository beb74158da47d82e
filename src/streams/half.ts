import type { Side } from '../protocols/protocol'
import { ByteStream } from './byte-stream'

/** The data of one end: the bytes that wait for the rest of their message, and how far they were understood. */
export class Half extends ByteStream {
  /** Its side, once the protocol is known. */
  side: Side = 'client'
  /** Bytes still to come that the conversation doesn't need. */
  skip = 0
  /** It searches for the beginning of a message. */
  lost = false
  /** When bytes were last used, or the first ones that wait came. */
  progressNs = 0
  /** Bytes that were missing while the protocol wasn't known; Infinity when it isn't known how many. */
  unseen = 0
  /** Offset of its first byte in the connection; undefined while that isn't known. */
  first: number | undefined
  /** Offset behind the last byte that was handed over. */
  reached = 0
  /** Its bytes are known from the first one on, and none were missing. */
  isOpening: boolean

  constructor(isOpening: boolean) {
    super()
    this.isOpening = isOpening
  }

  /** Bytes that were handed over since the connection's opening, modulo 2^32. */
  get passed(): number | undefined {
    return this.first === undefined ? undefined : (this.reached - this.first) >>> 0
  }

  override append(bytes: Uint8Array, timeNs: number): void {
    if (this.length === 0) this.progressNs = timeNs
    super.append(bytes, timeNs)
  }

  /** Forgets everything except its side. */
  drop(): void {
    this.clear()
    this.skip = 0
  }

  /** The next bytes are somewhere within this end's data, not at a message's beginning. */
  restart(): void {
    this.drop()
    this.lost = false
    this.unseen = 0
    this.isOpening = false
  }
}
