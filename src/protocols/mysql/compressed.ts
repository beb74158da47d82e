/**
 * The compressed protocol ("Compression"): packets are parts of the content of other ones, which may be cut anywhere.
 *
 *     3 length   1 sequence number   3 length of the content, 0 where it isn't compressed   content: zlib (RFC 1950) or zstd (RFC 8878)
 */
import type { DecodeBudget } from '../lib/decode-budget'
import { type Decoder, inflateZlib, unzstd } from '../lib/decoders'
import { KeptBytes } from '../lib/kept-bytes'
import type { PacketInput } from './packets'

export const COMPRESSED_HEADER = 7
/** Longer content isn't decompressed: it has to wait for its end. */
const MAX_COMPRESSED = 256 << 10
/** RFC 8878 §3.1.1: how content of zstd begins. */
export const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]
/** So many bytes of output never take too long. */
const SURE_OUTPUT = 256 << 10
/** Output of a step; reads don't nest here. */
const scratch = new Uint8Array(64 << 10)

/** Takes the packets' bytes. */
export interface Inner {
  /** A new content begins: packets mostly begin there too. */
  begins(): void
  bytes(input: PacketInput): void
  missing(bytes: number, timeNs: number): void
}

export class Compressed {
  readonly #inner: Inner
  readonly #budget: DecodeBudget
  readonly #header = new Uint8Array(COMPRESSED_HEADER)
  #headerBytes = 0
  /** Of the current content; -1: between two. */
  #left = -1
  /** Its decompressed length; 0: it isn't compressed. */
  #size = 0
  #kept: KeptBytes | undefined

  constructor(inner: Inner, budget: DecodeBudget) {
    this.#inner = inner
    this.#budget = budget
  }

  get held(): number {
    return (this.#kept?.held ?? 0) + this.#headerBytes
  }

  get isIdle(): boolean {
    return this.#left < 0 && this.#headerBytes === 0
  }

  /** Reads on, at most to the end of a content. False: here is none. */
  read(input: PacketInput): boolean {
    if (this.#left < 0) {
      while (this.#headerBytes < COMPRESSED_HEADER) {
        if (input.pos >= input.end) return true
        this.#header[this.#headerBytes++] = input.bytes[input.pos++]!
      }
      this.#headerBytes = 0
      this.#left = number3(this.#header, 0)
      this.#size = number3(this.#header, 4)
      if (this.#left === 0) {
        this.reset()
        return false
      }
      const isKept = this.#size > 0 && this.#left <= MAX_COMPRESSED
      this.#kept = isKept ? new KeptBytes(this.#left) : undefined
      this.#inner.begins()
    }
    const taken = Math.min(this.#left, input.end - input.pos)
    const { bytes, pos } = input
    const end = pos + taken
    this.#left -= taken
    input.pos = end
    if (this.#size === 0) this.#inner.bytes({ bytes, pos, end, timeAt: (at) => input.timeAt(at) })
    else if (this.#left === 0 && this.#kept?.length === 0)
      this.#decode(bytes.subarray(pos, end), input.timeAt(end - 1))
    else {
      this.#kept?.add(bytes, pos, end)
      if (this.#left === 0) this.#ends(taken > 0 ? input.timeAt(end - 1) : 0)
    }
    if (this.#left === 0) this.reset()
    return true
  }

  /** `bytes` are missing here. True when a content goes on, or ends, right behind them. */
  pass(bytes: number, timeNs: number): boolean {
    if (this.#left < 0 || bytes > this.#left) return false
    this.#left -= bytes
    this.#kept = undefined
    if (this.#size === 0) this.#inner.missing(bytes, timeNs)
    if (this.#left > 0) return true
    if (this.#size > 0) this.#inner.missing(this.#size, timeNs)
    this.reset()
    return true
  }

  reset(): void {
    this.#headerBytes = 0
    this.#left = -1
    this.#size = 0
    this.#kept = undefined
  }

  #ends(timeNs: number): void {
    if (this.#kept) this.#decode(this.#kept.bytes, timeNs)
    else this.#inner.missing(this.#size, timeNs)
  }

  #decode(content: Uint8Array, timeNs: number): void {
    const decoder = ZSTD.every((byte, i) => content[i] === byte) ? unzstd : inflateZlib
    const given = this.#budget.begin() && decoder.begin() ? this.#steps(decoder, content, timeNs) : 0
    if (given < this.#size) this.#inner.missing(this.#size - given, timeNs)
  }

  /** Returns how many bytes it gave. */
  #steps(decoder: Decoder, content: Uint8Array, timeNs: number): number {
    let read = 0
    let given = 0
    for (;;) {
      const most = Math.min(scratch.length, this.#size - given)
      const step = decoder.step(content, read, content.length, scratch, 0, most)
      read += step.read
      given += step.written
      const { failed, written } = step
      const hasTime = this.#budget.charge()
      if (written > 0) this.#inner.bytes({ bytes: scratch, pos: 0, end: written, timeAt: () => timeNs })
      const isStuck = step.read === 0 && written === 0
      if (failed || isStuck || given >= this.#size) break
      // Steps that were interrupted take no answer away.
      if (hasTime || given < SURE_OUTPUT) continue
      this.#budget.giveUp()
      break
    }
    decoder.end()
    return given
  }
}

const number3 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
