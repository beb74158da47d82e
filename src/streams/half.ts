import type { Side } from '../protocols/protocol'
import { ByteStream } from './byte-stream'

/** What one end says: the bytes that wait for the rest of their message, and how far they were understood. */
export class Half {
  readonly buffer = new ByteStream()
  /** As which side it speaks, once the protocol is known. */
  side: Side = 'client'
  /** Bytes that the conversation doesn't want to see. */
  skip = 0
  /** Searching for the beginning of a message. */
  lost = false
  /** When bytes were last used. */
  progressNs = 0
  /** Bytes that were missing while the protocol wasn't known; Infinity when nobody knows how many. */
  unseen = 0
  /** Where the kernel's records of this end stop, as long as bytes were never missing: it began with its first byte. */
  isOpening: boolean

  constructor(isOpening: boolean) {
    this.isOpening = isOpening
  }

  /** Forgets everything but its side. */
  drop(): void {
    this.buffer.clear()
    this.skip = 0
  }

  /** What comes next stands somewhere within what this end says. */
  restart(): void {
    this.drop()
    this.lost = false
    this.unseen = 0
    this.isOpening = false
  }
}
