/** Divides one side's bytes into frames (RFC 9113 §4), joins the parts of header blocks, and takes off padding. */
import { type Input, invalid, type Read } from '../protocol'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  HEADERS,
  isValid,
  lengthAt,
  mayBeFrame,
  PADDED,
  PREFACE,
  PUSH_PROMISE,
  RST_STREAM,
  streamAt,
  uint32At,
} from './frames'
import { blockIn } from './header-frame'
import { isChain } from './recognise'

/** Senders keep to 16 KiB unless they are told that more may come, and use that for data. Larger frames of other types are none. */
const MAX_OTHER = 64 << 10
/** Larger blocks aren't read. */
const MAX_WHOLE = 32 << 10
/** A block in several frames; its receivers have bounds of 8 to 64 KiB. */
const MAX_BLOCK = 128 << 10
const MAX_CONTINUATIONS = 64
/** Frames of data that are as large as the one before: a sender has more than fits into one. Smaller ones show nothing. */
const LEAST_STEADY = 1024

/** What the frames of one side say. */
export interface Listener {
  /** A whole block in bytes[start..end). `promised`: it is the request of that stream, which the server will answer (§6.6). */
  block(stream: number, promised: number, bytes: Uint8Array, start: number, end: number, times: Times): void
  /** A block was too large, or in too many parts, to be read. */
  blockLost(stream: number): void
  /** `isRest`: nothing more of the message follows. */
  data(stream: number, bytes: Uint8Array, start: number, end: number, timeNs: number, isRest: boolean): void
  /** Bytes of data that weren't captured. */
  dataLost(stream: number, bytes: number, timeNs: number): void
  /** Whether this side has data to send on this stream and on no other. */
  isAlone(stream: number): boolean
  /** Bytes of data that the stream still needs, as far as its message tells; -1: it doesn't. */
  needed(stream: number): number
  /** The frame that was lost may have been the stream's last. */
  mayEnd(stream: number, timeNs: number): void
  /** Data of any stream was lost. */
  mayBeCut(timeNs: number): void
  /** Whether a message is under way on the stream. */
  isUnderWay(stream: number): boolean
  /** Nothing more is said on this stream. True when a message ended with it. */
  ends(stream: number, timeNs: number): boolean
  /** The stream was given up by this side (§6.4). */
  resets(stream: number, error: number, timeNs: number): void
}

/** When the first and the last byte of a block were moved, and where it stands. */
export interface Times {
  readonly startNs: number
  readonly endNs: number
  /** Bytes of this side before it, modulo 2^32; undefined where that isn't known. */
  readonly passed: number | undefined
}

type Step = Read | 'go-on'

interface Block {
  readonly stream: number
  readonly promised: number
  readonly isLast: boolean
  readonly startNs: number
  readonly passed: number | undefined
  /** Undefined: there was too much of it. */
  parts: Uint8Array[] | undefined
  /** Bytes of the parts. */
  held: number
}

export class Framing {
  /** The preface was read. */
  hasBegun = false
  /** Bytes of the preface that are still to come. */
  #preface: number
  readonly #listener: Listener
  /** The stream of the DATA frame that is being read, and whether it is the stream's last. */
  #stream = 0
  #isLast = false
  /** Bytes of data, of padding, and of frames that aren't read, which are still to come. */
  #data = 0
  #padding = 0
  #passed = 0
  /** A block whose end is still to come. */
  #block: Block | undefined
  /** The length of the last frame of data, and of those before it if they had the same; else 0. */
  #length = 0
  #steady = 0
  /** After frames that were lost: the next one is of data too, and at most this long. 0: any frame may follow. */
  #expected = 0
  /** It may also be of another stream: the data is at its end. */
  #maySwitch = false
  /** No byte behind the hole was read yet. */
  #isAtHole = false

  constructor(listener: Listener, expectsPreface: boolean) {
    this.#listener = listener
    this.#preface = expectsPreface ? PREFACE.length : 0
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#block?.held ?? 0
  }

  /** Bytes of the current frame still to come, if they are data. */
  get dataLeft(): number {
    return this.#data
  }

  /** The stream whose data they are. */
  get stream(): number {
    return this.#stream
  }

  reset(): void {
    this.#preface = 0
    this.#data = 0
    this.#padding = 0
    this.#passed = 0
    this.#isLast = false
    this.#block = undefined
    this.#length = 0
    this.#steady = 0
    this.#expected = 0
    this.#isAtHole = false
  }

  read(input: Input): Read {
    for (;;) {
      const step = this.#advance(input)
      if (step !== 'go-on') return step
    }
  }

  /** Takes a hole of bytes moved before `timeNs`; false when it isn't known which frames are in it. */
  pass(bytes: number, timeNs: number): boolean {
    if (bytes === Number.POSITIVE_INFINITY || this.#preface > 0) return false
    const ofData = Math.min(bytes, this.#data)
    if (ofData > 0) this.#listener.dataLost(this.#stream, ofData, timeNs)
    this.#data -= ofData
    const behind = bytes - ofData
    const ofPadding = Math.min(behind, this.#padding)
    this.#padding -= ofPadding
    const ofPassed = Math.min(behind - ofPadding, this.#passed)
    this.#passed -= ofPassed
    if (this.#isLast && this.#data + this.#padding === 0) this.#endsStream(timeNs)
    const beyond = behind - ofPadding - ofPassed
    return beyond === 0 || this.#passFrames(beyond, timeNs)
  }

  /**
   * Takes a hole that begins with a frame's head. A sender of much data makes its frames as large as it may: if the hole is as long
   * as those that its message still needs, it holds these and nothing else; if it is shorter, the next head shows whether that is so.
   */
  #passFrames(bytes: number, timeNs: number): boolean {
    const size = this.#steady
    if (size === 0 || this.#block || this.#expected > 0 || !this.#listener.isUnderWay(this.#stream))
      return false
    const isAlone = this.#listener.isAlone(this.#stream)
    const needed = isAlone ? this.#listener.needed(this.#stream) : -1
    const frames = Math.floor(bytes / (FRAME_HEADER + size))
    const part = bytes - frames * (FRAME_HEADER + size)
    const ofLast = Math.max(0, part - FRAME_HEADER)
    const left = needed < 0 ? size : Math.min(size, needed - frames * size)
    if ((part > 0 && part <= FRAME_HEADER) || left < ofLast) return false
    const isEnd = needed === frames * size + (part > 0 ? left : 0)
    this.#data = part > 0 ? left - ofLast : 0
    this.#expected = isEnd && this.#data === 0 ? 0 : size
    this.#maySwitch = isEnd
    this.#isAtHole = this.#data > 0
    if (isAlone) this.#listener.dataLost(this.#stream, frames * size + ofLast, timeNs)
    else this.#listener.mayBeCut(timeNs)
    if (isEnd) this.#listener.mayEnd(this.#stream, timeNs)
    if (!isAlone) this.#stream = 0
    return true
  }

  /** Whether the frame at `at` is one that may follow those that were lost. */
  #isExpected({ bytes, pos }: Input): boolean {
    const type = bytes[pos + 3]!
    if (!mayBeFrame(bytes, pos)) return false
    const isMore = type === HEADERS || (type === DATA && lengthAt(bytes, pos) <= this.#expected)
    return this.#maySwitch || (isMore && this.#listener.isUnderWay(streamAt(bytes, pos)))
  }

  #advance(input: Input): Step {
    if (this.#preface > 0) return this.#readPreface(input)
    if (this.#data > 0) return this.#readData(input)
    if (this.#padding > 0 || this.#passed > 0) return this.#passOver(input)
    if (this.#isLast) return this.#endsStream(input.timeAt(input.pos - 1)) ? 'message' : 'go-on'
    return this.#readFrame(input)
  }

  #readPreface(input: Input): Step {
    const { bytes, pos, end } = input
    if (end - pos < PREFACE.length) return 'need-more'
    this.#preface = 0
    for (let i = 0; i < PREFACE.length; i++)
      if (bytes[pos + i] !== PREFACE[i]) return invalid('no connection preface')
    input.pos += PREFACE.length
    this.hasBegun = true
    return 'go-on'
  }

  #readFrame(input: Input): Step {
    const { bytes, pos, end } = input
    if (end - pos < FRAME_HEADER) return 'need-more'
    const length = lengthAt(bytes, pos)
    const type = bytes[pos + 3]!
    const stream = streamAt(bytes, pos)
    if (this.#expected > 0 && !this.#isExpected(input)) return invalid('other frames were lost')
    this.#expected = 0
    if (!isValid(type, length, stream) || (type !== DATA && length > MAX_OTHER))
      return invalid('no frame of HTTP/2')
    // §6.10: nothing stands between the parts of a block.
    if ((type === CONTINUATION ? stream : undefined) !== this.#block?.stream)
      return this.#breaksOff(type, input)
    if (type === DATA) return this.#beginsData(input, stream, length)
    if (type === HEADERS || type === PUSH_PROMISE || type === CONTINUATION)
      return this.#readBlock(input, type, stream, length)
    if (type === RST_STREAM) {
      if (end - pos < FRAME_HEADER + length) return 'need-more'
      input.pos += FRAME_HEADER + length
      this.#listener.resets(stream, uint32At(bytes, pos + FRAME_HEADER), input.timeAt(input.pos - 1))
      return 'go-on'
    }
    input.pos += FRAME_HEADER
    this.#passed = length
    return 'go-on'
  }

  /** The end of a block doesn't come, or its beginning wasn't seen. */
  #breaksOff(type: number, input: Input): Step {
    const block = this.#block
    this.#block = undefined
    if (block) this.#listener.blockLost(block.stream)
    if (type !== CONTINUATION) return 'go-on'
    this.#listener.blockLost(streamAt(input.bytes, input.pos))
    this.#passed = lengthAt(input.bytes, input.pos)
    input.pos += FRAME_HEADER
    return 'go-on'
  }

  // ── Data ───────────────────────────────────────────────────────────────────

  #beginsData(input: Input, stream: number, length: number): Step {
    const { bytes, pos, end } = input
    const flags = bytes[pos + 4]!
    let padding = 0
    let head = FRAME_HEADER
    if (flags & PADDED) {
      if (end - pos <= FRAME_HEADER) return 'need-more'
      head++
      padding = bytes[pos + FRAME_HEADER]! + 1
    }
    if (padding > length) return invalid('more padding than data')
    input.pos += head
    this.#steady = length === this.#length && padding === 0 && length >= LEAST_STEADY ? length : 0
    this.#length = length
    this.#stream = stream
    this.#isLast = (flags & END_STREAM) !== 0
    this.#data = length - padding
    this.#padding = Math.max(0, padding - 1)
    return 'go-on'
  }

  #readData(input: Input): Step {
    const take = Math.min(this.#data, input.end - input.pos)
    if (take === 0) return 'need-more'
    if (this.#isAtHole) {
      this.#isAtHole = false
      if (this.#beginsFrame(input)) return invalid('other frames were lost')
    }
    const start = input.pos
    input.pos += take
    this.#data -= take
    const isRest = this.#isLast && this.#data === 0
    this.#listener.data(this.#stream, input.bytes, start, input.pos, input.timeAt(input.pos - 1), isRest)
    return 'go-on'
  }

  #passOver(input: Input): Step {
    const left = input.end - input.pos
    const ofPadding = Math.min(this.#padding, left)
    const ofPassed = Math.min(this.#passed, left - ofPadding)
    if (ofPadding + ofPassed === 0) return 'need-more'
    this.#padding -= ofPadding
    this.#passed -= ofPassed
    input.pos += ofPadding + ofPassed
    return 'go-on'
  }

  /** Where data would go on: most calls begin with a frame. */
  #beginsFrame({ bytes, pos, end }: Input): boolean {
    if (end - pos < FRAME_HEADER) return false
    return isChain(bytes.subarray(0, end), pos, (stream) => this.#listener.isUnderWay(stream))
  }

  #endsStream(timeNs: number): boolean {
    this.#isLast = false
    return this.#listener.ends(this.#stream, timeNs)
  }

  // ── Header blocks ──────────────────────────────────────────────────────────

  #readBlock(input: Input, type: number, stream: number, length: number): Step {
    const { bytes, pos, end } = input
    if (length > MAX_WHOLE) return this.#losesBlock(input, stream, length)
    const frameEnd = pos + FRAME_HEADER + length
    if (frameEnd > end) return 'need-more'
    const place = blockIn(bytes, pos, frameEnd)
    if (!place) return invalid('more padding than fields')
    const flags = bytes[pos + 4]!
    const promised = type === PUSH_PROMISE ? uint32At(bytes, place.start - 4) & 0x7fffffff : 0
    const startNs = input.timeAt(pos)
    const passed = input.passedAt(pos)
    input.pos = frameEnd
    const endNs = input.timeAt(frameEnd - 1)
    const isLast = type === HEADERS && (flags & END_STREAM) !== 0
    if (type !== CONTINUATION && flags & END_HEADERS) {
      this.#listener.block(stream, promised, bytes, place.start, place.end, { startNs, endNs, passed })
      return this.#afterBlock(stream, isLast, endNs)
    }
    this.#block ??= { stream, promised, isLast, startNs, passed, parts: [], held: 0 }
    this.#append(bytes.slice(place.start, place.end))
    return flags & END_HEADERS ? this.#endsBlock(endNs) : 'go-on'
  }

  #append(part: Uint8Array): void {
    const block = this.#block!
    if (!block.parts) return
    block.parts.push(part)
    block.held += part.length
    if (block.held <= MAX_BLOCK && block.parts.length <= MAX_CONTINUATIONS) return
    block.parts = undefined
    block.held = 0
  }

  #endsBlock(endNs: number): Step {
    const { stream, promised, isLast, startNs, passed, parts, held } = this.#block!
    this.#block = undefined
    if (parts)
      this.#listener.block(stream, promised, Buffer.concat(parts), 0, held, { startNs, endNs, passed })
    else this.#listener.blockLost(stream)
    return this.#afterBlock(stream, isLast, endNs)
  }

  #losesBlock(input: Input, stream: number, length: number): Step {
    const flags = input.bytes[input.pos + 4]!
    const isLast = input.bytes[input.pos + 3] === HEADERS && (flags & END_STREAM) !== 0
    const timeNs = input.timeAt(input.pos)
    this.#block = undefined
    this.#listener.blockLost(stream)
    input.pos += FRAME_HEADER
    this.#passed = length
    // The parts that follow can't be read without this one.
    return this.#afterBlock(stream, isLast, timeNs)
  }

  #afterBlock(stream: number, isLast: boolean, timeNs: number): Step {
    return isLast && this.#listener.ends(stream, timeNs) ? 'message' : 'go-on'
  }
}
