/**
 * Divides one side's bytes into packets (MySQL Client/Server Protocol, "MySQL Packets"):
 *
 *     3 length (little-endian)   1 sequence number   length bytes
 *
 * A packet of 2^24 - 1 bytes goes on in the next one, until one is shorter. Numbers begin anew with each command, and count the packets
 * of both sides.
 */
import { KeptBytes } from '../lib/kept-bytes'
import type { Input } from '../protocol'

export const HEADER = 4
export const MAX_PACKET = 0xffffff

/** The bytes that are read; `read` advances `pos`. */
export type PacketInput = Pick<Input, 'bytes' | 'end' | 'timeAt'> & { pos: number }

/** A packet, or all parts of a long one, that has come to its end. */
export interface Packet {
  /** The kept beginning; valid during the call only. */
  readonly bytes: Uint8Array
  /** Bytes of all parts. */
  readonly size: number
  /** The numbers of its first and of its last part. */
  readonly firstSeq: number
  readonly seq: number
  readonly startNs: number
  readonly endNs: number
  /** Some of what would have been kept was lost. */
  readonly isHoled: boolean
}

export interface PacketRules {
  /** Whether a packet with this number and length may come now; `isMore`: as a further part of a long one. */
  accepts(seq: number, length: number, isMore: boolean): boolean
  /** Bytes of a packet that are kept at most. */
  readonly keep: number
}

export class Packets {
  readonly #rules: PacketRules
  #header = 0
  #headerBytes = 0
  /** Within a packet: its number; -1: between two. */
  #seq = -1
  #firstSeq = 0
  #left = 0
  /** Of the current part. */
  #length = 0
  #isLong = false
  #kept: KeptBytes | undefined
  #size = 0
  #isHoled = false
  #startNs = 0
  #lastNs = 0

  constructor(rules: PacketRules) {
    this.#rules = rules
  }

  get held(): number {
    return (this.#kept?.held ?? 0) + this.#headerBytes
  }

  /** The bytes so far end between two packets. */
  get isIdle(): boolean {
    return this.#seq < 0 && this.#headerBytes === 0 && !this.#isLong
  }

  /** Bytes of a packet that are still to come and won't be kept. */
  get unwanted(): number {
    return this.#seq >= 0 && (this.#kept?.isFull ?? false) ? this.#left : 0
  }

  /** The packet whose rest is still to come, as far as it has come; undefined between two. */
  get unfinished(): Packet | undefined {
    if (this.#seq < 0 && !this.#isLong) return undefined
    return this.#packet(this.#kept?.bytes ?? new Uint8Array(0), this.#lastNs)
  }

  /** Reads to the end of the next packet. undefined: more bytes are needed; 'invalid': at `pos` is none. */
  next(input: PacketInput): Packet | undefined | 'invalid' {
    for (;;) {
      if (this.#seq < 0) {
        const begun = this.#begins(input)
        if (begun !== true) return begun
        const whole = this.#whole(input)
        if (whole) return whole
      }
      const taken = Math.min(this.#left, input.end - input.pos)
      if (taken > 0) this.#takes(input, taken)
      if (this.#left > 0) return undefined
      const ended = this.#ends()
      if (ended) return ended
    }
  }

  /** `bytes` are missing here. True when the packet goes on, or ends, right behind them. */
  pass(bytes: number, timeNs: number): boolean {
    if (this.#seq < 0 || bytes > this.#left) return false
    if (!this.#kept?.isFull) this.#isHoled = true
    // What follows the hole is no beginning.
    this.#kept ??= new KeptBytes(0)
    this.#kept.close()
    this.#left -= bytes
    this.#lastNs = timeNs
    return true
  }

  reset(): void {
    this.#header = 0
    this.#headerBytes = 0
    this.#seq = -1
    this.#left = 0
    this.#clear()
  }

  #clear(): void {
    this.#isLong = false
    this.#kept = undefined
    this.#size = 0
    this.#isHoled = false
  }

  /** Reads a header; true when it is whole. */
  #begins(input: PacketInput): true | undefined | 'invalid' {
    const { bytes, end, pos } = input
    if (this.#headerBytes === 0 && !this.#isLong && pos < end) this.#startNs = input.timeAt(pos)
    while (this.#headerBytes < HEADER) {
      if (input.pos >= end) return undefined
      this.#header += bytes[input.pos++]! * 2 ** (8 * this.#headerBytes++)
    }
    const length = this.#header % 2 ** 24
    const seq = Math.floor(this.#header / 2 ** 24)
    this.#lastNs = input.timeAt(input.pos - 1)
    this.#header = 0
    this.#headerBytes = 0
    if (!this.#rules.accepts(seq, length, this.#isLong)) {
      this.reset()
      // The header of a packet may begin within these bytes.
      input.pos = pos
      return 'invalid'
    }
    this.#seq = seq
    if (!this.#isLong) this.#firstSeq = seq
    this.#left = length
    this.#length = length
    this.#size += length
    return true
  }

  /** All of it is here: no copy is needed. */
  #whole(input: PacketInput): Packet | undefined {
    const { pos, end } = input
    if (this.#isLong || this.#left === MAX_PACKET || end - pos < this.#left) return undefined
    const size = this.#left
    const timeNs = size > 0 ? input.timeAt(pos + size - 1) : this.#lastNs
    input.pos += size
    this.#left = 0
    const packet = this.#packet(input.bytes.subarray(pos, pos + Math.min(size, this.#rules.keep)), timeNs)
    this.#seq = -1
    this.#clear()
    return packet
  }

  #takes(input: PacketInput, bytes: number): void {
    this.#kept ??= new KeptBytes(this.#rules.keep)
    this.#kept.add(input.bytes, input.pos, input.pos + bytes)
    input.pos += bytes
    this.#left -= bytes
    this.#lastNs = input.timeAt(input.pos - 1)
  }

  /** Undefined where it goes on in the next packet. */
  #ends(): Packet | undefined {
    this.#kept ??= new KeptBytes(this.#rules.keep)
    this.#isLong = this.#length === MAX_PACKET
    if (this.#isLong) {
      this.#seq = -1
      return undefined
    }
    const packet = this.#packet(this.#kept.bytes, this.#lastNs)
    this.#seq = -1
    this.#clear()
    return packet
  }

  #packet(bytes: Uint8Array, endNs: number): Packet {
    return {
      bytes,
      size: this.#size - this.#left,
      firstSeq: this.#firstSeq,
      seq: this.#seq,
      startNs: this.#startNs,
      endNs,
      isHoled: this.#isHoled,
    }
  }
}
