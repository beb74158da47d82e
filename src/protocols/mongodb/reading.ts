/** Divides one side's bytes into messages, and reads each while it comes: its beginning is kept, the rest is walked over. */
import { KeptBytes } from '../lib/kept-bytes'
import { type Input, invalid, type Read, type Side } from '../protocol'
import { COMPRESSED_BYTES, MAX_COMPRESSED } from './compressed'
import { HEAD_BYTES, type Head, headAt, OP_COMPRESSED } from './message'
import { Walk } from './walk'

/** A message, perhaps without its last bytes. */
export interface Said {
  readonly head: Head
  /** What was found in it; in one that is compressed, nothing. */
  readonly walk: Walk
  /** Its kept beginning is bytes[start..end), its head included; valid during the call only. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly startNs: number
  readonly endNs: number
  /** Bytes of what is kept, or counted, were lost. */
  readonly isCut: boolean
}

const WRONG = 'no message of MongoDB'

export class Reading {
  readonly #isAnswer: boolean
  readonly #bodyLimit: () => number
  readonly #says: (said: Said) => boolean
  /** The message that is being read, and how many bytes of it were passed. */
  #head: Head | undefined
  #walk: Walk | undefined
  #kept: KeptBytes | undefined
  #passed = 0
  #startNs = 0
  #lastNs = 0
  #isCut = false

  /** `says` is given each message, and says whether it can be one. */
  constructor(side: Side, bodyLimit: () => number, says: (said: Said) => boolean) {
    this.#isAnswer = side === 'server'
    this.#bodyLimit = bodyLimit
    this.#says = says
  }

  get held(): number {
    return this.#kept?.held ?? 0
  }

  /** How many of the next bytes are neither kept nor looked at. */
  get unwanted(): number {
    return this.#walk && this.#kept?.isFull ? this.#walk.passes(this.#passed) : 0
  }

  read(input: Input): Read {
    if (!this.#head) {
      const { bytes, pos, end } = input
      if (end - pos < HEAD_BYTES) return 'need-more'
      const head = headAt(bytes, pos)
      if (!head) return invalid(WRONG)
      if (end - pos >= head.length) return this.#whole(input, head)
      this.#begin(head, input.timeAt(pos))
    }
    return this.#take(input)
  }

  /** Takes a hole; true when it lies within a message whose end is known. */
  pass(bytes: number, timeNs: number): boolean {
    if (!this.#head || this.#passed + bytes > this.#head.length) return false
    this.#walk!.lose(this.#passed, bytes)
    if (!this.#kept!.isFull || this.#walk!.isLost) this.#isCut = true
    this.#kept!.close()
    this.#passed += bytes
    this.#lastNs = timeNs
    if (this.#passed === this.#head.length) this.#ends()
    return true
  }

  /** The current message ends here. */
  cut(): void {
    if (!this.#head) return
    this.#isCut = true
    this.#ends()
  }

  reset(): void {
    this.#head = undefined
    this.#walk = undefined
    this.#kept = undefined
    this.#passed = 0
    this.#isCut = false
  }

  /** A message that is there with all its bytes is read where it is. */
  #whole(input: Input, head: Head): Read {
    const { bytes, pos } = input
    const end = pos + head.length
    const walk = this.#walkOf(head)
    walk.read(bytes, pos + HEAD_BYTES, HEAD_BYTES, end)
    const [startNs, endNs] = [input.timeAt(pos), input.timeAt(end - 1)]
    const said: Said = { head, walk, bytes, start: pos, end, startNs, endNs, isCut: false }
    if (walk.isWrong || !this.#says(said)) return invalid(WRONG, head.length)
    input.pos = end
    return 'message'
  }

  #begin(head: Head, startNs: number): void {
    const isCompressed = head.opcode === OP_COMPRESSED
    const most = isCompressed ? MAX_COMPRESSED : HEAD_BYTES + BESIDE_BODY + this.#bodyLimit()
    const isKept = !isCompressed || head.length <= MAX_COMPRESSED
    this.#head = head
    this.#walk = this.#walkOf(head)
    this.#kept = new KeptBytes(Math.min(head.length, isKept ? most : COMPRESSED_BYTES))
    this.#startNs = this.#lastNs = startNs
  }

  readonly #walkOf = (head: Head): Walk => new Walk(head.opcode, head.length, this.#isAnswer)

  #take(input: Input): Read {
    const [head, walk] = [this.#head!, this.#walk!]
    const { bytes, pos, end } = input
    const have = Math.min(end, pos + head.length - this.#passed)
    // The head counts as passed over.
    if (this.#passed + (have - pos) > HEAD_BYTES) walk.read(bytes, pos, this.#passed, have)
    if (walk.isWrong) {
      this.reset()
      return invalid(WRONG)
    }
    const taken = Math.min(have - pos, walk.passes(this.#passed))
    if (taken > 0) {
      this.#kept!.add(bytes, pos, pos + taken)
      this.#lastNs = input.timeAt(pos + taken - 1)
    }
    input.pos = pos + taken
    this.#passed += taken
    if (this.#passed < head.length) return 'need-more'
    if (this.#ends()) return 'message'
    // The next bytes begin a message, as after one that came whole.
    input.pos--
    return invalid(WRONG)
  }

  #ends(): boolean {
    const [head, walk, { bytes }] = [this.#head!, this.#walk!, this.#kept!]
    const said: Said = {
      head,
      walk,
      bytes,
      start: 0,
      end: bytes.length,
      startNs: this.#startNs,
      endNs: this.#lastNs,
      isCut: this.#isCut || walk.isLost,
    }
    this.reset()
    return this.#says(said)
  }
}

/** Bytes of a message that are kept beside those of its body: flags, a section's name. */
const BESIDE_BODY = 64
