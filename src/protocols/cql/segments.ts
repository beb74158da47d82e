/** One side's segments, as the bytes of the envelopes in them. */
import type { DecodeBudget } from '../lib/decode-budget'
import type { Framing } from '../lib/framing'
import { KeptBytes } from '../lib/kept-bytes'
import { unlz4 } from '../lib/lz4'
import { type Input, invalid, type Read } from '../protocol'
import { CRC32_BYTES, type Header, headerAt, headerBytes } from './segment'

/** A segment says no more. */
const MAX_CONTENT = 1 << 17
/** Content of a segment; reads don't nest here. */
const scratch = new Uint8Array(MAX_CONTENT)

export class Segments {
  readonly isCompressed: boolean
  readonly #framing: Framing
  readonly #budget: DecodeBudget
  readonly #loses: (timeNs: number) => void
  #header: Header | undefined
  /** Bytes of the payload, and of its checksum, that are still to come. */
  #left = 0
  #sumLeft = 0
  /** Bytes of the content that weren't read yet. */
  #contentLeft = 0
  /** The rest of the content can't be read, or needn't. */
  #isPassed = false
  #kept: KeptBytes | undefined
  #messages = 0

  /** `loses` is told when envelopes of an unknown number are lost within a segment. */
  constructor(
    framing: Framing,
    isCompressed: boolean,
    budget: DecodeBudget,
    loses: (timeNs: number) => void,
  ) {
    this.#framing = framing
    this.isCompressed = isCompressed
    this.#budget = budget
    this.#loses = loses
  }

  get held(): number {
    return this.#kept?.held ?? 0
  }

  /** Bytes of the payload that are still to come and aren't needed. */
  get unwanted(): number {
    const header = this.#header
    if (!header) return 0
    if (this.#isPassed) return this.#left
    return header.contentSize > 0 ? 0 : Math.min(this.#left, this.#framing.unwanted)
  }

  /** Whether an envelope of so many bytes may begin here: it is whole, or has segments of its own. */
  fits(length: number): boolean {
    return length <= this.#contentLeft === this.#header?.isSelfContained
  }

  /** Reads to the end of a segment in which a message ends, or as far as there are bytes. */
  read(input: Input): Read {
    const before = this.#messages
    do {
      if (!this.#header) {
        if (input.end - input.pos < headerBytes(this.isCompressed)) return 'need-more'
        if (!this.#begins(input)) return invalid('not a segment of CQL')
      }
      this.#payload(input)
      if (this.#left > 0) break
      const taken = Math.min(this.#sumLeft, input.end - input.pos)
      input.pos += taken
      this.#sumLeft -= taken
      if (this.#sumLeft > 0) break
      this.#ends()
    } while (this.#messages === before)
    return this.#messages > before ? 'message' : 'need-more'
  }

  /** `bytes` are missing. True when they lie within a segment, and reading goes on behind them. */
  pass(bytes: number, timeNs: number): boolean {
    if (!this.#header || bytes > this.#left + this.#sumLeft) return false
    const ofPayload = Math.min(bytes, this.#left)
    this.#left -= ofPayload
    this.#sumLeft -= bytes - ofPayload
    const isCompressed = this.#header.contentSize > 0
    if (ofPayload > 0 && !this.#isPassed) {
      this.#missing(isCompressed ? this.#contentLeft : ofPayload, timeNs)
      if (isCompressed) this.#isPassed = true
    }
    if (this.#left + this.#sumLeft === 0) this.#ends()
    return true
  }

  reset(): void {
    this.#header = undefined
    this.#left = 0
    this.#sumLeft = 0
    this.#contentLeft = 0
    this.#isPassed = false
    this.#kept = undefined
  }

  #begins(input: Input): boolean {
    const { bytes, pos, end } = input
    const header = headerAt(bytes, pos, end, this.isCompressed)
    if (!header || header.contentSize > MAX_CONTENT) return false
    this.#header = header
    this.#left = header.size
    this.#sumLeft = CRC32_BYTES
    this.#contentLeft = header.contentSize || header.size
    input.pos += header.bytes
    // An envelope has no parts in a segment with others.
    if (header.isSelfContained) this.#framing.cut()
    // Of one that is so long, the kept beginning is there already.
    else if (header.contentSize > 0 && this.#framing.unwanted >= this.#contentLeft) {
      this.#missing(this.#contentLeft, input.timeAt(pos))
      this.#isPassed = true
    }
    return true
  }

  #ends(): void {
    if (this.#header?.isSelfContained) this.#framing.cut()
    this.reset()
  }

  /** Reads what is there of the payload. */
  #payload(input: Input): void {
    const { bytes, pos } = input
    const taken = Math.min(this.#left, input.end - pos)
    if (taken === 0) return
    const end = pos + taken
    if (this.#isPassed || this.#header!.contentSize > 0) {
      this.#left -= taken
      input.pos = end
      if (!this.#isPassed) this.#compressed(input, pos, end)
      return
    }
    const inner = innerInput(bytes, pos, end, (at) => input.timeAt(at))
    this.#content(inner, this.#left === taken)
    this.#left -= inner.pos - pos
    input.pos = inner.pos
  }

  #compressed(input: Input, from: number, to: number): void {
    const { bytes } = input
    const { size } = this.#header!
    const isWhole = to - from === size
    if (!isWhole) {
      this.#kept ??= new KeptBytes(size)
      this.#kept.add(bytes, from, to)
      if (this.#left > 0) return
    }
    this.#decode(isWhole ? bytes.subarray(from, to) : this.#kept!.bytes, input.timeAt(to - 1))
  }

  #decode(payload: Uint8Array, timeNs: number): void {
    const content = scratch.subarray(0, this.#contentLeft)
    const made = this.#budget.begin() ? unlz4(payload, content) : 0
    this.#budget.charge()
    this.#content(
      innerInput(scratch, 0, made, () => timeNs),
      made === content.length,
    )
    if (this.#contentLeft > 0 && !this.#isPassed) this.#missing(this.#contentLeft, timeNs)
  }

  /** Reads the envelopes in it. `isLast`: nothing of the segment follows. */
  #content(input: Input, isLast: boolean): void {
    const framing = this.#framing
    while (!this.#isPassed && input.pos < input.end) {
      const { pos } = input
      const read = framing.read(input)
      this.#contentLeft -= input.pos - pos
      if (read === 'message') this.#messages++
      else if (read !== 'need-more' || (isLast && input.pos < input.end)) this.#passes(input.timeAt(pos))
      else if (input.pos < input.end) return
    }
    if (!this.#isPassed) return
    this.#contentLeft -= input.end - input.pos
    input.pos = input.end
  }

  #missing(bytes: number, timeNs: number): void {
    this.#contentLeft -= bytes
    if (!this.#framing.pass(bytes, timeNs)) this.#passes(timeNs)
  }

  /** Where the next envelope begins within the segment isn't known, or it is the rest of one whose beginning wasn't seen. */
  #passes(timeNs: number): void {
    this.#isPassed = true
    this.#framing.cut()
    this.#loses(timeNs)
  }
}

function innerInput(bytes: Uint8Array, pos: number, end: number, timeAt: Input['timeAt']): Input {
  return { bytes, pos, end, ended: false, timeAt, passedAt: () => undefined }
}
