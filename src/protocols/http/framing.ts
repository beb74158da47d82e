/**
 * HTTP/1 message framing (RFC 9112 §6, §7):
 *
 *     message      = start-line *( field-line CRLF ) CRLF [ body ]
 *     body         = Content-Length bytes | chunked | everything up to the end of the connection
 *     chunked      = *( hex-size [ ;extensions ] CRLF data CRLF ) 0 [ ;extensions ] CRLF *( trailer-line CRLF ) CRLF
 *
 * Each side is a small state machine. It consumes bytes as soon as it can interpret them, so that a connection
 * holds one unfinished line or head, and the kept beginning of one body.
 */

import { indexOfByte, latin1 } from '../lib/bytes'
import type { Body } from '../lib/http/body'
import { type Input, type Invalid, invalid, type Leave, type Read } from '../protocol'
import { chunkSize, endsWithLastChunk, LAST_CHUNK, LINE_BREAK, MAX_CHUNK_LINE, mostWithin } from './chunks'
import { MAX_METHOD, STATUS_START } from './grammar'
import type { HeadPlace } from './head'
import { headEnd } from './head-end'
import { mayBeStatusLine } from './start-lines'

/** Heads that are longer are not followed (Node takes 16 KiB, nginx 32 KiB, Go 1 MiB). */
const MAX_HEAD = 768 << 10
const MAX_TRAILERS = 64 << 10

const CR = 13
const LF = 10

const NOTHING = new Uint8Array(0)
const place: HeadPlace = {
  bytes: NOTHING,
  lineStart: 0,
  lineEnd: 0,
  fieldsStart: 0,
  end: 0,
  passed: undefined,
}

enum Phase {
  Head,
  /** It isn't known which request this response answers: its body may follow, or (after a HEAD) the next response. */
  Unasked,
  Length,
  ChunkSize,
  ChunkData,
  ChunkEnd,
  Trailers,
  UntilClose,
  /** Within a chunked body after chunk sizes were lost. */
  LostChunks,
  /** After a message that ended there: the rest of it may still come. */
  Behind,
  Done,
}

/** How long a body is (RFC 9112 §6.3). */
export type BodyLength = number | 'chunked' | 'until-close'

/** What a head says about what follows it. */
export interface Framed {
  readonly length: BodyLength
  /** It isn't known whether there is a body at all. */
  readonly isUnasked: boolean
}

/** Receives the messages of one side. */
export interface Messages {
  /** May the bytes at `start` be the beginning of a start line? */
  mayStart(bytes: Uint8Array, start: number, end: number): boolean
  isStartLine(line: string): boolean
  /** Is a message known to begin with these bytes? */
  isMessage(bytes: Uint8Array): boolean
  /** A head was found; the method sets its real end. 'interim': it is no message of its own, another head follows. */
  begins(head: HeadPlace, startNs: number): Framed | 'interim' | Invalid
  /** Collects a body that doesn't lie in one piece. */
  newBody(): Body
  /** A message ended with its head, or with a body that lies whole in bytes[start..end), whose first was moved at `contentNs`. */
  endsWhole(bytes: Uint8Array, start: number, end: number, contentNs: number, endNs: number): void
  /** The last message was taken to have ended too early: more of it came. */
  goesOn(): void
  /** `hasLostEnd`: its end was lost, and perhaps other messages with it. */
  ends(body: Body | undefined, endNs: number, hasLostEnd: boolean): void
  /** No message may begin here until the other side has decided something. */
  isParked(): boolean
  /** Where the connection goes after the last message. */
  next(): Leave | undefined
}

type Step = Read | 'go-on'

export class Framing {
  body: Body | undefined
  /** When the newest byte of the current message was moved. */
  lastNs = 0
  readonly #messages: Messages
  #phase = Phase.Head
  /** The body that follows if it turns out that there is one. */
  #length: BodyLength = 0
  /** Bytes from the stream's position on that were searched for the end of the head or line. */
  #scanned = 0
  /** Where the start line's line break is, from the stream's position on; -1 while that isn't known. */
  #line = -1
  /** Bytes of the body, or of the chunk, that are still to come. */
  #remaining = 0
  #trailers = 0
  /** Lost bytes from a chunk's size on, not counted yet. */
  #lost = 0
  #isAdrift = false

  constructor(messages: Messages) {
    this.#messages = messages
  }

  /** Bytes still to come of a body or chunk, none of which will be kept. */
  get unwanted(): number {
    const isCounted = this.#phase === Phase.Length || this.#phase === Phase.ChunkData
    return isCounted ? this.body!.unneeded(this.#remaining) : 0
  }

  /** Within a chunked body whose end isn't known. */
  get isLost(): boolean {
    return this.#phase === Phase.LostChunks
  }

  /** In such a body bytes are missing that may belong to other messages: what follows is counted for no message. */
  get isAdrift(): boolean {
    return this.#isAdrift
  }

  /** No message has begun, and the next bytes may be the rest of the last one. */
  get isBehind(): boolean {
    return this.#phase === Phase.Behind
  }

  /** No further byte of the current message comes: it ends with what was lost of it. */
  endsLost(): void {
    this.#countLost(LAST_CHUNK.length)
  }

  /** The other side ended the current message; the rest of it may still come. */
  leaveBehind(): void {
    this.reset()
    this.#phase = Phase.Behind
  }

  reset(): void {
    this.#phase = Phase.Head
    this.#scanned = 0
    this.#line = -1
    this.#isAdrift = false
    this.#lost = 0
    this.body = undefined
  }

  read(input: Input): Read {
    for (;;) {
      const step = this.#advance(input)
      if (step !== 'go-on') return step
    }
  }

  /** A part of a head, or of its start line, waits for the rest. */
  get isWaiting(): boolean {
    return this.#phase === Phase.Head && this.#scanned > 0
  }

  /** A start line was read, the rest of its head not yet. */
  get isInHead(): boolean {
    return this.#line >= 0
  }

  /** Takes a hole of bytes moved before `timeNs`. A body that ends within it ends here; returns how many bytes are beyond that end. */
  pass(bytes: number, timeNs: number): number {
    if (bytes === Number.POSITIVE_INFINITY) return bytes
    switch (this.#phase) {
      case Phase.UntilClose:
        this.body!.pass(bytes)
        return 0
      case Phase.ChunkSize:
        return this.#loseChunks(bytes === LAST_CHUNK.length ? 0 : bytes, timeNs)
      case Phase.ChunkEnd:
      case Phase.Trailers:
      case Phase.LostChunks:
        return this.#loseChunks(bytes, timeNs)
      case Phase.Length:
        return this.#passLength(bytes, timeNs)
      case Phase.ChunkData:
        return this.#passChunk(bytes, timeNs)
      default:
        return bytes
    }
  }

  #passLength(bytes: number, timeNs: number): number {
    const within = Math.min(bytes, this.#remaining)
    this.body!.pass(within)
    this.#remaining -= within
    this.lastNs = timeNs
    if (this.#remaining > 0) return 0
    this.#finish()
    return bytes - within
  }

  #passChunk(bytes: number, timeNs: number): number {
    const within = Math.min(bytes, this.#remaining)
    this.body!.pass(within)
    this.#remaining -= within
    const behind = bytes - within - LINE_BREAK
    if (this.#remaining === 0) this.#phase = behind >= 0 ? Phase.ChunkSize : Phase.ChunkEnd
    return behind > 0 ? this.pass(behind, timeNs) : 0
  }

  #advance(input: Input): Step {
    switch (this.#phase) {
      case Phase.Head:
        return this.#betweenMessages(input)
      case Phase.Unasked:
        return this.#readUnasked(input)
      case Phase.Length:
        return this.#readData(input, Phase.Done)
      case Phase.ChunkSize:
        return this.#readChunkSize(input)
      case Phase.ChunkData:
        return this.#readData(input, Phase.ChunkEnd)
      case Phase.ChunkEnd:
        return this.#readChunkEnd(input)
      case Phase.Trailers:
        return this.#readTrailers(input)
      case Phase.UntilClose:
        return this.#readUntilClose(input)
      case Phase.LostChunks:
        return this.#readLostChunks(input)
      case Phase.Behind:
        return this.#readBehind(input)
      default:
        return this.#finish()
    }
  }

  // ── Heads ──────────────────────────────────────────────────────────────────

  #betweenMessages(input: Input): Step {
    const next = this.#messages.next()
    if (next) return next
    if (input.pos < input.end && this.#messages.isParked()) return 'need-more'
    return this.#readHead(input)
  }

  #readHead(input: Input): Step {
    const { bytes } = input
    // RFC 9112 §2.2: empty lines before a request line are to be ignored.
    if (this.#scanned === 0)
      while (input.pos < input.end && (bytes[input.pos] === CR || bytes[input.pos] === LF)) input.pos++
    const start = input.pos
    if (start === input.end) return 'need-more'
    const lineEnd =
      this.#line >= 0 ? start + this.#line : indexOfByte(bytes, LF, start + this.#scanned, input.end)
    if (lineEnd < 0) return this.#waitsForLine(input)
    const lineStop = bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
    const end = headEnd(bytes, Math.max(lineEnd, start + this.#scanned - 3), input.end)
    if (end < 0) {
      if (input.end - start > MAX_HEAD) return this.#givesUp('head too long', input.end - start)
      if (this.#line < 0 && !this.#messages.isStartLine(latin1(bytes, start, lineStop)))
        return this.#givesUp('not a start line')
      this.#line = lineEnd - start
      this.#scanned = input.end - start
      return 'need-more'
    }
    this.#scanned = 0
    this.#line = -1
    place.bytes = bytes
    place.lineStart = start
    place.lineEnd = lineStop
    place.fieldsStart = lineEnd + 1
    place.end = end + (bytes[end + 1] === CR ? 3 : 2)
    place.passed = input.passedAt(start)
    const framed = this.#messages.begins(place, input.timeAt(start))
    place.bytes = NOTHING
    if (typeof framed === 'object' && 'invalid' in framed) return framed
    input.pos = place.end
    if (framed === 'interim') return 'go-on'
    this.lastNs = input.timeAt(input.pos - 1)
    return this.#beginBody(framed, input)
  }

  #waitsForLine(input: Input): Step {
    const length = input.end - input.pos
    if (length > MAX_HEAD) return this.#givesUp('start line too long', length)
    if (this.#scanned <= MAX_METHOD && !this.#messages.mayStart(input.bytes, input.pos, input.end))
      return this.#givesUp('not a start line')
    this.#scanned = length
    return 'need-more'
  }

  #givesUp(reason: string, bytes = 1): Invalid {
    this.#scanned = 0
    this.#line = -1
    return invalid(reason, bytes)
  }

  #beginBody({ length, isUnasked }: Framed, input: Input): Step {
    this.#length = length
    if (typeof length === 'number' && !isUnasked && input.end - input.pos >= length) {
      // The most common case needs no body object: the whole message is there.
      const start = input.pos
      input.pos += length
      if (length > 0) this.lastNs = input.timeAt(input.pos - 1)
      const contentNs = length > 0 ? input.timeAt(start) : -1
      this.#messages.endsWhole(input.bytes, start, input.pos, contentNs, this.lastNs)
      this.reset()
      return 'message'
    }
    this.body = this.#messages.newBody()
    if (isUnasked && length !== 0) this.#phase = Phase.Unasked
    else this.#startBody()
    return 'go-on'
  }

  #startBody(): void {
    if (this.#length === 'chunked') this.#phase = Phase.ChunkSize
    else if (this.#length === 'until-close') this.#phase = Phase.UntilClose
    else {
      this.#phase = this.#length === 0 ? Phase.Done : Phase.Length
      this.#remaining = this.#length
    }
  }

  /** Without its request a response may be one to a HEAD. Then a status line follows it, or nothing. */
  #readUnasked(input: Input): Step {
    if (!mayBeStatusLine(input.bytes, input.pos, input.end)) {
      this.#startBody()
      return 'go-on'
    }
    return input.end - input.pos < STATUS_START.length ? 'need-more' : this.#finish()
  }

  // ── Bodies ─────────────────────────────────────────────────────────────────

  #readData(input: Input, then: Phase): Step {
    const take = Math.min(this.#remaining, input.end - input.pos)
    if (take > 0) {
      this.body!.add(input.bytes, input.pos, input.pos + take, input.timeAt(input.pos))
      input.pos += take
      this.#remaining -= take
    }
    this.lastNs = input.timeAt(input.pos - 1)
    if (this.#remaining === 0) {
      this.#phase = then
      return 'go-on'
    }
    return 'need-more'
  }

  #readChunkSize(input: Input): Step {
    const lineEnd = this.#lineEnd(input)
    if (lineEnd < 0)
      return input.end - input.pos > MAX_CHUNK_LINE ? this.#givesUp('chunk size too long') : 'need-more'
    const size =
      lineEnd - input.pos > MAX_CHUNK_LINE ? -1 : chunkSize(latin1(input.bytes, input.pos, lineEnd))
    if (size < 0) return this.#givesUp('not a chunk size')
    input.pos = lineEnd + 1
    this.lastNs = input.timeAt(lineEnd)
    this.#remaining = size
    this.#trailers = 0
    this.#phase = this.#remaining === 0 ? Phase.Trailers : Phase.ChunkData
    return 'go-on'
  }

  #readChunkEnd(input: Input): Step {
    while (input.pos < input.end) {
      const byte = input.bytes[input.pos]
      if (byte !== CR && byte !== LF) return invalid('no line break behind a chunk')
      input.pos++
      if (byte === LF) {
        this.#phase = Phase.ChunkSize
        return 'go-on'
      }
    }
    return 'need-more'
  }

  #readTrailers(input: Input): Step {
    for (;;) {
      const lineEnd = this.#lineEnd(input)
      const end = lineEnd < 0 ? input.end : lineEnd
      if (this.#trailers + end - input.pos > MAX_TRAILERS) return this.#givesUp('trailers too long')
      if (lineEnd < 0) return 'need-more'
      const length = lineEnd - input.pos
      const isLast = length === 0 || (length === 1 && input.bytes[input.pos] === CR)
      this.#trailers += length + 1
      input.pos = lineEnd + 1
      this.lastNs = input.timeAt(lineEnd)
      if (!isLast) continue
      this.#phase = Phase.Done
      return 'go-on'
    }
  }

  #lineEnd(input: Input): number {
    const lineEnd = indexOfByte(input.bytes, LF, input.pos + this.#scanned, input.end)
    this.#scanned = lineEnd < 0 ? input.end - input.pos : 0
    return lineEnd
  }

  #readUntilClose(input: Input): Step {
    if (input.pos < input.end) {
      this.body!.add(input.bytes, input.pos, input.end, input.timeAt(input.pos))
      this.lastNs = input.timeAt(input.end - 1)
      input.pos = input.end
    }
    if (!input.ended) return 'need-more'
    return this.#finish()
  }

  /**
   * After lost chunk sizes the rest of a chunked body can't be followed. Its size is then the most that it can be: what is lost from a
   * chunk's size on was one chunk, and bytes seen behind it count with their chunk sizes. It ends with a last chunk at the end of the
   * bytes so far, with the next message, when the other side speaks, or with the connection. Bytes that are missing between two
   * calls, and those after them, may belong to other messages: they are not counted.
   */
  #loseChunks(bytes: number, timeNs: number): number {
    if (timeNs > this.lastNs) this.#isAdrift = true
    this.#countLost()
    const counted = this.#isAdrift ? 0 : bytes
    if (this.#phase === Phase.ChunkSize) this.#lost = counted
    else this.body!.pass(counted)
    this.#phase = Phase.LostChunks
    this.#scanned = 0
    return 0
  }

  #readLostChunks(input: Input): Step {
    if (this.#isNextMessage(input)) return this.#endLost()
    const isLast = endsWithLastChunk(input)
    this.#takeLost(input, isLast ? LAST_CHUNK.length : 0)
    return isLast || input.ended ? this.#endLost() : 'need-more'
  }

  #takeLost(input: Input, behind: number): void {
    const length = input.end - input.pos
    if (length === 0) return
    this.#countLost()
    if (!this.#isAdrift) {
      this.body!.pass(Math.max(0, length - behind))
      this.lastNs = input.timeAt(input.end - 1)
    }
    input.pos = input.end
  }

  #countLost(behind = 0): void {
    if (this.#lost > 0) this.body!.pass(mostWithin(this.#lost - behind))
    this.#lost = 0
  }

  #endLost(): Read {
    this.endsLost()
    this.#messages.ends(this.body, this.lastNs, true)
    this.leaveBehind()
    return 'message'
  }

  #readBehind(input: Input): Step {
    if (input.pos === input.end) return 'need-more'
    if (this.#isNextMessage(input)) {
      this.reset()
      return 'go-on'
    }
    this.#messages.goesOn()
    input.pos = input.end
    return 'need-more'
  }

  #isNextMessage({ bytes, pos, end }: Input): boolean {
    return pos < end && this.#messages.isMessage(bytes.subarray(pos, end))
  }

  #finish(): Read {
    this.#messages.ends(this.body, this.lastNs, false)
    this.reset()
    return 'message'
  }
}
