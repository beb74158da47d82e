/**
 * HTTP/1 message framing (RFC 9112 §6, §7):
 *
 *     message      = start-line *( field-line CRLF ) CRLF [ body ]
 *     body         = Content-Length bytes | chunked | everything up to the end of the connection
 *     chunked      = *( hex-size [ ;extensions ] CRLF data CRLF ) 0 [ ;extensions ] CRLF *( trailer-line CRLF ) CRLF
 *
 * Each direction is a small machine; bytes are consumed as soon as they mean something, so that what a
 * connection holds is one unfinished line or head and the kept head of one body.
 */
import { indexOfByte, indexOfBytes, latin1 } from '../lib/bytes'
import { type Answer, Pairing } from '../lib/pairing'
import { type Input, type Kind, NEED_MORE, type ParseResult, type ProtocolSettings } from '../protocol'
import { Body, wholeBodyText } from './body'
import { type Fields, fieldsOf, parseRequestLine, parseStatusLine } from './head'
import { infer } from './infer'
import type { HttpMessage } from './types'

/** Heads that are longer are not followed (Node takes 16 KiB, nginx 32 KiB, Go 1 MiB). */
const MAX_HEAD = 256 << 10
const MAX_CHUNK_LINE = 4096
const MAX_TRAILERS = 64 << 10

const CR = 13
const LF = 10
const HEAD_END = Buffer.from('\r\n\r\n')
const BARE_HEAD_END = Buffer.from('\n\n')
const LAST_CHUNK = '0\r\n\r\n'
const STATUS_START = Buffer.from('HTTP/1.')

enum Phase {
  Head,
  /** A response to nobody knows what: does its body follow, or (HEAD) the next response? */
  Unasked,
  Length,
  ChunkSize,
  ChunkData,
  ChunkEnd,
  Trailers,
  UntilClose,
  /** Within a chunked body whose chunk sizes went by unseen. */
  LostChunks,
  Done,
}

type Result = ParseResult<HttpMessage>
/** What a step says when the next phase can go on at once. */
const GO_ON = { status: 'go-on' } as const
/** A head that makes no frame. */
const INTERIM = { status: 'interim' } as const
type Step = Result | typeof GO_ON
type Begin = Step | typeof INTERIM

/** The start line's half of a frame. */
type Start =
  | {
      readonly kind: 'request'
      readonly seq: number
      readonly method: string
      readonly path: string
      readonly minor: number
    }
  | {
      readonly kind: 'response'
      readonly answer: Answer<string>
      readonly status: number
      readonly reason: string
      readonly minor: number
    }

const invalid = (reason: string): Result => ({ status: 'invalid', reason })

/** One direction. */
class Side {
  phase = Phase.Head
  /** Bytes from the stream's position on in which no end of the head or line was found. */
  scanned = 0
  /** Bytes of the body, or of the chunk, that are still to come. */
  remaining = 0
  trailers = 0
  /** Nobody saw where this message ended: others may have gone by with its end. */
  hasLostEnd = false
  startNs = 0
  lastNs = 0
  start: Start | undefined
  fields: Fields | undefined
  body: Body | undefined

  reset(): void {
    this.phase = Phase.Head
    this.scanned = 0
    this.hasLostEnd = false
    this.start = undefined
    this.fields = undefined
    this.body = undefined
  }
}

export class HttpState {
  readonly settings: ProtocolSettings
  readonly pairing = new Pairing<string>()
  readonly request = new Side()
  readonly response = new Side()
  /** What the connection speaks after the response that is under way or done. */
  next = ''

  constructor(settings: ProtocolSettings) {
    this.settings = settings
  }
}

export function parse(kind: Kind, input: Input, state: HttpState): Result {
  const side = state[kind]
  for (;;) {
    const step = advance(kind, side, input, state)
    if (step.status !== 'go-on') return step
  }
}

function advance(kind: Kind, side: Side, input: Input, state: HttpState): Step {
  switch (side.phase) {
    case Phase.Head:
      return state.next === '' ? readHead(kind, side, input, state) : { status: 'end', next: state.next }
    case Phase.Unasked:
      return readUnasked(side, input, state)
    case Phase.Length:
      return readData(side, input, Phase.Done, 0)
    case Phase.ChunkSize:
      return readChunkSize(side, input)
    case Phase.ChunkData:
      return readData(side, input, Phase.ChunkEnd, 2)
    case Phase.ChunkEnd:
      return readChunkEnd(side, input)
    case Phase.Trailers:
      return readTrailers(side, input)
    case Phase.UntilClose:
      return readUntilClose(side, input)
    case Phase.LostChunks:
      return readLostChunks(kind, side, input)
    default:
      return finish(side, state)
  }
}

/** Bytes of this direction are missing at `bytes`: true when they lie within a body whose end is still known. */
export function gap(kind: Kind, state: HttpState, bytes: number): boolean {
  const side = state[kind]
  if (passGap(side, bytes)) return true
  const takesHead = side.phase === Phase.Head
  side.reset()
  if (kind === 'request') state.pairing.requestGap()
  else state.pairing.responseGap(takesHead)
  return false
}

function passGap(side: Side, bytes: number): boolean {
  if (bytes === Number.POSITIVE_INFINITY) return false
  switch (side.phase) {
    case Phase.UntilClose:
    case Phase.LostChunks:
      side.body!.pass(bytes)
      return true
    case Phase.ChunkSize:
      return loseChunks(side, bytes === LAST_CHUNK.length ? 0 : bytes)
    case Phase.ChunkEnd:
    case Phase.Trailers:
      return loseChunks(side, bytes)
    case Phase.Length:
      if (bytes > side.remaining) return false
      break
    case Phase.ChunkData:
      // A chunk's data and its line break.
      if (bytes === side.remaining + 2 + LAST_CHUNK.length) return loseChunks(side, side.remaining)
      if (bytes > side.remaining + 2) return loseChunks(side, bytes)
      if (bytes > side.remaining) {
        side.body!.pass(side.remaining)
        side.phase = bytes === side.remaining + 2 ? Phase.ChunkSize : Phase.ChunkEnd
        side.remaining = 0
        return true
      }
      break
    default:
      return false
  }
  side.body!.pass(bytes)
  side.remaining -= bytes
  return true
}

/**
 * The rest of a chunked body can't be counted through any more; its size is then that of what was seen and missed, with
 * the chunk sizes. It ends with a last chunk at the end of what was moved, at the next message, or with the connection.
 */
function loseChunks(side: Side, bytes: number): boolean {
  side.body!.pass(bytes)
  side.phase = Phase.LostChunks
  side.scanned = 0
  return true
}

function readLostChunks(kind: Kind, side: Side, input: Input): Step {
  if (input.pos < input.end) {
    if (infer(input.bytes.subarray(input.pos, input.end)) !== kind) {
      const isLast = latin1(input.bytes, Math.max(input.pos, input.end - 7), input.end).endsWith(LAST_CHUNK)
      const length = input.end - input.pos
      side.body!.pass(isLast ? Math.max(0, length - LAST_CHUNK.length) : length)
      side.lastNs = input.timeAt(input.end - 1)
      input.pos = input.end
      if (!isLast && !input.ended) return NEED_MORE
    }
  } else if (!input.ended) return NEED_MORE
  side.phase = Phase.Done
  side.hasLostEnd = true
  return GO_ON
}

function readHead(kind: Kind, side: Side, input: Input, state: HttpState): Step {
  const { bytes } = input
  // RFC 9112 §2.2: empty lines before a request line are to be ignored.
  if (side.scanned === 0)
    while (input.pos < input.end && (bytes[input.pos] === CR || bytes[input.pos] === LF)) input.pos++
  const start = input.pos
  if (start === input.end) return NEED_MORE
  const lineEnd = indexOfByte(bytes, LF, start, input.end)
  if (lineEnd < 0) {
    if (input.end - start > MAX_HEAD) return invalid('start line too long')
    return mayStart(kind, bytes, start, input.end) ? NEED_MORE : invalid('not a start line')
  }
  const isBare = bytes[lineEnd - 1] !== CR
  const needle = isBare ? BARE_HEAD_END : HEAD_END
  const scanFrom = Math.max(isBare ? lineEnd : lineEnd - 1, start + side.scanned - 3)
  const headEnd = indexOfBytes(bytes, needle, scanFrom, input.end)
  if (headEnd < 0) {
    if (input.end - start > MAX_HEAD) return invalid('head too long')
    if (side.scanned === 0 && !isStartLine(kind, latin1(bytes, start, isBare ? lineEnd : lineEnd - 1)))
      return invalid('not a start line')
    side.scanned = input.end - start
    return NEED_MORE
  }
  side.scanned = 0
  const head = latin1(bytes, start, headEnd)
  const lineLength = lineEnd - start
  const line = head.slice(0, isBare ? lineLength : lineLength - 1)
  const fields = fieldsOf(head.slice(lineLength + 1), state.settings.redact)
  const startNs = input.timeAt(start)
  const bodyStart = headEnd + needle.length
  const step =
    kind === 'request'
      ? beginRequest(side, line, fields, startNs, state)
      : beginResponse(side, line, fields, startNs, state)
  if (step.status === 'invalid') return step
  input.pos = bodyStart
  if (step.status === 'interim') return GO_ON
  side.startNs = startNs
  side.lastNs = input.timeAt(bodyStart - 1)
  return step.status === 'go-on' ? wholeMessage(side, input, state) : step
}

/** The most common case, without a body object: the rest of the message is there already. */
function wholeMessage(side: Side, input: Input, state: HttpState): Step {
  const size = side.phase === Phase.Length ? side.remaining : 0
  if ((side.phase !== Phase.Length && side.phase !== Phase.Done) || input.end - input.pos < size) {
    side.body = new Body(side.fields!, state.settings)
    return GO_ON
  }
  const text =
    size === 0 ? '' : wholeBodyText(input.bytes, input.pos, input.pos + size, side.fields!, state.settings)
  input.pos += size
  if (size > 0) side.lastNs = input.timeAt(input.pos - 1)
  return frameOf(side, state, text, size)
}

function mayStart(kind: Kind, bytes: Uint8Array, start: number, end: number): boolean {
  if (kind === 'request')
    return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}(?: |$)/.test(latin1(bytes, start, Math.min(end, start + 33)))
  for (let i = 0; i < STATUS_START.length && start + i < end; i++)
    if (bytes[start + i] !== STATUS_START[i]) return false
  return true
}

function isStartLine(kind: Kind, line: string): boolean {
  return (kind === 'request' ? parseRequestLine(line, false) : parseStatusLine(line)) !== undefined
}

function beginRequest(side: Side, line: string, fields: Fields, startNs: number, state: HttpState): Begin {
  const request = parseRequestLine(line, state.settings.redact)
  if (!request) return invalid('not a request line')
  // RFC 9112 §6.3: a request whose length can't be told is an error.
  if (fields.contradictory || fields.otherTransferCoding) return invalid('length of the request unknown')
  const seq = state.pairing.requestBegins(request.method, startNs)
  side.fields = fields
  side.start = { kind: 'request', seq, method: request.method, path: request.path, minor: request.minor }
  if (fields.chunked) side.phase = Phase.ChunkSize
  else if (fields.contentLength > 0) {
    side.phase = Phase.Length
    side.remaining = fields.contentLength
  } else side.phase = Phase.Done
  return GO_ON
}

/** RFC 9112 §6.3 in its order. */
function beginResponse(side: Side, line: string, fields: Fields, startNs: number, state: HttpState): Begin {
  const response = parseStatusLine(line)
  if (!response) return invalid('not a status line')
  const { status } = response
  if (fields.contradictory) return invalid('length of the response unknown')
  // An interim response says nothing that a row has; the final one follows (RFC 9110 §15.2).
  if (status < 200 && status !== 101) return INTERIM
  const answer = state.pairing.responseBegins(startNs)
  side.fields = fields
  side.start = { kind: 'response', answer, status, reason: response.reason, minor: response.minor }
  const tunnels = answer.hint === 'CONNECT' && status < 300
  if (status === 101 || tunnels) state.next = tunnels ? 'tunnel' : fields.upgrade || 'unknown'
  if (answer.hint === 'HEAD' || status === 204 || status === 304 || status === 101 || tunnels)
    side.phase = Phase.Done
  else if (fields.chunked) side.phase = Phase.ChunkSize
  else if (fields.contentLength >= 0) {
    side.phase = fields.contentLength === 0 ? Phase.Done : Phase.Length
    side.remaining = fields.contentLength
  } else side.phase = Phase.UntilClose
  if (answer.hint === undefined && side.phase !== Phase.Done) side.phase = Phase.Unasked
  return GO_ON
}

/**
 * Without its request nobody knows whether the response is to a HEAD. Then the next thing is another status line, or
 * nothing at all for now.
 */
function readUnasked(side: Side, input: Input, state: HttpState): Step {
  const available = Math.min(STATUS_START.length, input.end - input.pos)
  for (let i = 0; i < available; i++) {
    if (input.bytes[input.pos + i] === STATUS_START[i]) continue
    side.phase = side.fields!.chunked
      ? Phase.ChunkSize
      : side.fields!.contentLength >= 0
        ? Phase.Length
        : Phase.UntilClose
    return GO_ON
  }
  if (available < STATUS_START.length) return NEED_MORE
  side.phase = Phase.Done
  return finish(side, state)
}

/** `tail`: bytes behind the data that say nothing (a chunk's line break). */
function readData(side: Side, input: Input, then: Phase, tail: number): Step {
  const take = Math.min(side.remaining, input.end - input.pos)
  if (take > 0) {
    side.body!.add(input.bytes, input.pos, input.pos + take)
    input.pos += take
    side.remaining -= take
  }
  side.lastNs = input.timeAt(input.pos - 1)
  if (side.remaining === 0) {
    side.phase = then
    return GO_ON
  }
  if (!side.body!.full) return NEED_MORE
  const bytes = side.remaining + tail
  side.body!.pass(side.remaining)
  side.remaining = 0
  side.phase = tail === 0 ? Phase.Length : Phase.ChunkSize
  return { status: 'skip', bytes }
}

function readChunkSize(side: Side, input: Input): Step {
  const lineEnd = lineEndFrom(side, input)
  if (lineEnd < 0) return input.end - input.pos > MAX_CHUNK_LINE ? invalid('chunk size too long') : NEED_MORE
  const match = /^[ \t]*([0-9a-fA-F]{1,12})[ \t]*(?:;|\r?$)/.exec(latin1(input.bytes, input.pos, lineEnd))
  if (!match) return invalid('not a chunk size')
  input.pos = lineEnd + 1
  side.lastNs = input.timeAt(lineEnd)
  side.remaining = Number.parseInt(match[1]!, 16)
  side.trailers = 0
  side.phase = side.remaining === 0 ? Phase.Trailers : Phase.ChunkData
  return GO_ON
}

function readChunkEnd(side: Side, input: Input): Step {
  while (input.pos < input.end) {
    const byte = input.bytes[input.pos]
    if (byte !== CR && byte !== LF) return invalid('no line break behind a chunk')
    input.pos++
    if (byte === LF) {
      side.phase = Phase.ChunkSize
      return GO_ON
    }
  }
  return NEED_MORE
}

function readTrailers(side: Side, input: Input): Step {
  for (;;) {
    const lineEnd = lineEndFrom(side, input)
    const end = lineEnd < 0 ? input.end : lineEnd
    if (side.trailers + end - input.pos > MAX_TRAILERS) return invalid('trailers too long')
    if (lineEnd < 0) return NEED_MORE
    const length = lineEnd - input.pos
    const isLast = length === 0 || (length === 1 && input.bytes[input.pos] === CR)
    side.trailers += length + 1
    input.pos = lineEnd + 1
    side.lastNs = input.timeAt(lineEnd)
    if (!isLast) continue
    side.phase = Phase.Done
    return GO_ON
  }
}

function lineEndFrom(side: Side, input: Input): number {
  const lineEnd = indexOfByte(input.bytes, LF, input.pos + side.scanned, input.end)
  side.scanned = lineEnd < 0 ? input.end - input.pos : 0
  return lineEnd
}

function readUntilClose(side: Side, input: Input): Step {
  if (input.pos < input.end) {
    side.body!.add(input.bytes, input.pos, input.end)
    side.lastNs = input.timeAt(input.end - 1)
    input.pos = input.end
  }
  if (!input.ended) return NEED_MORE
  side.phase = Phase.Done
  return GO_ON
}

function finish(side: Side, state: HttpState): Result {
  return frameOf(side, state, side.body?.text() ?? '', side.body?.size ?? 0)
}

function frameOf(side: Side, state: HttpState, body: string, bodySize: number): Result {
  const { start, fields, startNs, lastNs: endNs, hasLostEnd } = side
  const { json: headers, contentType } = fields!
  side.reset()
  const { pairing } = state
  if (start!.kind === 'request') {
    pairing.requestEnds()
    if (hasLostEnd) pairing.requestsUnsure()
  } else {
    pairing.responseEnds(start!.answer, endNs)
    if (hasLostEnd) pairing.responseEndsUnseen(endNs)
  }
  return { status: 'frame', frame: { ...start!, startNs, endNs, headers, contentType, body, bodySize } }
}
