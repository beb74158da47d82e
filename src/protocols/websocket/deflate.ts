/**
 * permessage-deflate (RFC 7692 §7.2): a message is deflate data without its last four bytes. With context takeover it refers to the
 * newest 32 KiB of those before, so that each has to be decompressed to its end; else its beginning is enough.
 *
 * Time comes from the budget of all bodies. When it has none, a message is owed: it is decompressed before the next one. What takes too
 * long, or is too much, is given up, and nothing behind it can be decompressed.
 */
import type { DecodeBudget } from '../lib/decode-budget'
import { type Decoder, inflateRaw } from '../lib/decoders'
import { decoderBehind, endDecoder } from './hot-decoders'
import type { Deflating } from './opening'
import { Window } from './window'

/** Bytes of compressed messages that are kept until they are decompressed, at most. */
export const MAX_COMPRESSED = 128 << 10
/** Memory of one that is owed, beside its bytes. */
const OWED_BYTES = 128
/** So many bytes of output never take too long: some 0.5 ms. */
const SURE_OUTPUT = 256 << 10
/** Input that a header and the first table may take before there is output. */
const OVERHEAD = 256
/** Streams that one message may consist of (§7.2.3.4). */
const MAX_STREAMS = 64
/** §7.2.1: what the sender has left out. */
const TAIL = Buffer.from([0, 0, 0xff, 0xff])
/** Output of a few steps; reads don't nest here. */
const scratch = new Uint8Array(64 << 10)

export interface Inflated {
  /** Its beginning, up to the limit. */
  readonly head: Uint8Array
  /** Bytes of all of it; -1 where it wasn't decompressed to its end. */
  readonly size: number
}

const NOTHING: Inflated = { head: new Uint8Array(0), size: 0 }

type Ending = 'whole' | 'enough' | 'damaged' | 'late'

const beginAlone = () => (inflateRaw.begin() ? { decoder: inflateRaw, isUsed: false } : undefined)

export class Context {
  readonly #takesOver: boolean
  readonly #window: Window
  #owed: Uint8Array[] = []
  #owedBytes = 0
  /** What was said before isn't known, nor will it be. */
  #isLost = false

  constructor({ takesOver, window }: Deflating) {
    this.#takesOver = takesOver
    this.#window = new Window(window)
  }

  get held(): number {
    return this.#window.held + this.#owedBytes
  }

  /** Bytes of a compressed message that are needed to show `limit` of it. */
  needs(limit: number): number {
    if (this.#isLost) return 0
    return this.#takesOver ? MAX_COMPRESSED : limit === 0 ? 0 : Math.min(limit + OVERHEAD, MAX_COMPRESSED)
  }

  /** A message, or a part of one, wasn't seen. */
  loses(): void {
    if (!this.#takesOver) return
    this.#isLost = true
    this.forget()
  }

  /** Gives its memory back. */
  forget(): void {
    if (this.held > 0) this.#isLost = true
    endDecoder(this.#window)
    this.#window.clear()
    this.#owed = []
    this.#owedBytes = 0
  }

  /** The next message; `isWhole`: all of it is there. undefined where it can't be decompressed. */
  next(message: Uint8Array, isWhole: boolean, limit: number, budget: DecodeBudget): Inflated | undefined {
    if (this.#isLost) return undefined
    // §7.2.3.6: it has one byte, but receivers take none, too.
    if (isWhole && message.length === 0) return NOTHING
    if (!isWhole && this.#takesOver) {
      this.loses()
      return undefined
    }
    const input = isWhole ? Buffer.concat([message, TAIL]) : message
    if (!this.#pays(budget) || !budget.begin()) {
      if (this.#takesOver) this.#owes(input)
      return undefined
    }
    return this.#inflate(input, isWhole, limit, budget)
  }

  #inflate(input: Uint8Array, isWhole: boolean, limit: number, budget: DecodeBudget): Inflated | undefined {
    const head = new Uint8Array(limit)
    let size = 0
    const ending = this.#decode(input, budget, (output) => {
      head.set(output.subarray(0, Math.max(0, limit - size)), Math.min(size, limit))
      size += output.length
      return this.#takesOver || size < limit || isWhole
    })
    const isDone = ending === 'whole' && isWhole
    if (!isDone) this.loses()
    if (size === 0 && !isDone) return undefined
    return { head: head.subarray(0, Math.min(size, limit)), size: isDone ? size : -1 }
  }

  /** Decompresses what is owed; false when that can't be done now. */
  #pays(budget: DecodeBudget): boolean {
    for (let owed = this.#owed[0]; owed; owed = this.#owed[0]) {
      if (!budget.begin()) return false
      this.#owed.shift()
      this.#owedBytes -= OWED_BYTES + owed.length
      if (this.#decode(owed, budget, () => true) === 'whole') continue
      this.loses()
      return false
    }
    return true
  }

  #owes(input: Uint8Array): void {
    if (this.#isLost) return
    this.#owed.push(input)
    this.#owedBytes += OWED_BYTES + input.length
    if (this.#owedBytes > MAX_COMPRESSED) this.loses()
  }

  /** `take` gets the output, and says whether more of it is needed. */
  #decode(input: Uint8Array, budget: DecodeBudget, take: (output: Uint8Array) => boolean): Ending {
    let at = 0
    for (let streams = 0; streams < MAX_STREAMS; streams++) {
      const found = this.#takesOver ? decoderBehind(this.#window) : beginAlone()
      if (!found) return 'damaged'
      const { ending, read } = this.#decodeStream(found.decoder, input, at, budget, take)
      at += read
      const isOver = ending !== 'whole' || at < input.length
      if (!this.#takesOver) found.decoder.end()
      else if (isOver) endDecoder(this.#window)
      if (!isOver || ending !== 'whole') return ending
      if (read === 0 && !found.isUsed) return 'damaged'
    }
    return 'damaged'
  }

  /** Up to the end of the stream, or of the input. */
  #decodeStream(
    decoder: Decoder,
    input: Uint8Array,
    from: number,
    budget: DecodeBudget,
    take: (output: Uint8Array) => boolean,
  ): { ending: Ending; read: number } {
    let at = from
    let size = 0
    const ends = (ending: Ending) => ({ ending, read: at - from })
    for (;;) {
      const { read, written, failed } = decoder.step(input, at, input.length, scratch, 0, scratch.length)
      at += read
      size += written
      const output = scratch.subarray(0, written)
      if (this.#takesOver) this.#window.add(output)
      const isEnough = !take(output)
      const hasTime = budget.charge()
      if (failed) return ends('damaged')
      if (isEnough) return ends('enough')
      // Output that found no room comes with the next step.
      const isOver = written < scratch.length && (at === input.length || read === 0)
      if (isOver) return ends('whole')
      // Steps that were interrupted take no message away.
      if (hasTime || size < SURE_OUTPUT) continue
      budget.giveUp()
      return ends('late')
    }
  }
}
