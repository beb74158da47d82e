/** Memcached's binary protocol on one connection: requests with their responses, by opcode and opaque, and those that want none. */
import { utf8 } from '../lib/bytes'
import type { Outcome } from '../lib/columns'
import { contentText } from '../lib/content'
import { type Framed, Framing } from '../lib/framing'
import type { Conversation, Input, Link, Read, Side, Sink } from '../protocol'
import { type Answered, type Asked, appendRow } from './exchange'
import {
  boundary,
  commandName,
  extrasText,
  HEAD_BYTES,
  isLogin,
  isLookup,
  isNumber,
  isQuiet,
  isSilent,
  lengthAt,
  MAX_KEY,
  REQUEST,
  RESPONSE,
  STAT,
  statusName,
  u16,
  u32,
} from './packet'
import { type Keyed, Waiting } from './waiting'

const MAX_WAITING = 8192
const LASTS_NS = 10e9
const QUIET_NS = 2e9
/** Memory of a request beside its texts. */
const REQUEST_BYTES = 400
const MAX_STATISTICS = 256
const MAX_EXTRAS = 255

interface Request extends Asked, Keyed {
  readonly isCut: boolean
  /** Of statistics, which come one by one. */
  answered: Answered | undefined
}

export class BinaryConversation implements Conversation {
  readonly #link: Link
  readonly #framing: Record<Side, Framing>
  readonly #waiting = new Waiting<Request>(MAX_WAITING)
  #asked = 0
  /** The answers to requests before this one may have been lost. */
  #unsureBefore = 0
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    const mostKept = HEAD_BYTES + MAX_EXTRAS + MAX_KEY + link.settings.bodyLimit
    const shape = (magic: number) => ({
      headBytes: HEAD_BYTES,
      lengthAt: (bytes: Uint8Array, at: number) => lengthAt(bytes, at, magic),
      mostKept,
      wrong: 'no packet of Memcached',
    })
    this.#framing = {
      client: new Framing(shape(REQUEST), (framed) => this.#asks(framed)),
      server: new Framing(shape(RESPONSE), (framed) => this.#answers(framed)),
    }
  }

  get held(): number {
    return this.#waiting.held + this.#framing.client.held + this.#framing.server.held
  }

  read(side: Side, input: Input): Read {
    return this.#framing[side].read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framing[side]
    if (framing.pass(bytes, timeNs)) return true
    framing.cut()
    if (side === 'server') this.#unsureBefore = this.#asked
    return false
  }

  unwanted(side: Side): number {
    return this.#framing[side].unwanted
  }

  get isUndecided(): boolean {
    return this.#waiting.oldestQuiet !== undefined
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (final) {
      this.#framing.client.cut()
      this.#framing.server.cut()
    }
    for (const request of final ? this.#waiting.all() : this.#waiting.quiet()) {
      if (!final && nowNs - request.startNs <= QUIET_NS) return
      this.#waiting.remove(request)
      this.#leaves(request, nowNs)
    }
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const request of this.#waiting.all()) {
      if (nowNs - request.startNs < LASTS_NS) return
      if (request.number >= this.#unsureBefore) this.#emit(request, request.answered, 'waiting', nowNs, sink)
    }
  }

  passOver(): void {
    this.#link.passedOver(this.#waiting.size)
    this.#forget()
  }

  shed(): void {
    this.#link.dropped(this.#waiting.size)
    this.#forget()
  }

  #forget(): void {
    for (const request of this.#waiting.all()) this.#waiting.remove(request)
    for (const framing of Object.values(this.#framing)) framing.reset()
  }

  // ── Packets ────────────────────────────────────────────────────────────────

  #asks({ bytes, start, end, length, startNs, endNs, isCut }: Framed): boolean {
    const { bodyLimit } = this.#link.settings
    const packet = bytes.subarray(start, end)
    if (packet.length < HEAD_BYTES) return false
    const opcode = packet[1]!
    const { keyAt, valueAt } = partsOf(packet)
    const size = Math.max(0, length - valueAt)
    const value = packet.subarray(Math.min(valueAt, packet.length), valueAt + bodyLimit)
    const key = keyIn(packet, keyAt, valueAt)
    const body = size > 0 ? contentText(value, size) : ''
    const request: Request = {
      ...{ form: 'binary', cmd: commandName(opcode), keys: key === '' ? [] : [key], moreKeys: 0 },
      ...{ args: extrasText(packet, opcode, packet.length), isLookup: isLookup(opcode) },
      ...{ isQuiet: isQuiet(opcode), startNs, body, size, isSecret: isLogin(opcode) },
      key: keyOf(packet),
      held: REQUEST_BYTES + 2 * (key.length + body.length),
      number: this.#asked++,
      isCut: isCut && value.length < Math.min(size, bodyLimit),
      answered: undefined,
    }
    if (isSilent(opcode)) this.#emit(request, undefined, 'complete', endNs)
    else {
      const left = this.#waiting.ask(request)
      if (left) this.#link.dropped(1)
    }
    return true
  }

  #answers({ bytes, start, end, length, endNs, isShort }: Framed): boolean {
    const packet = bytes.subarray(start, end)
    if (packet.length < HEAD_BYTES) return false
    const request = this.#waiting.find(keyOf(packet))
    if (!request) {
      this.#link.dropped(1)
      return true
    }
    for (
      let quiet = this.#waiting.oldestQuiet;
      quiet && quiet.number < request.number;
      quiet = this.#waiting.oldestQuiet
    ) {
      this.#waiting.remove(quiet)
      this.#leaves(quiet, endNs)
    }
    const { keyAt, valueAt } = partsOf(packet)
    const isOver = packet[1] !== STAT || u16(packet, 6) !== 0 || u16(packet, 2) === 0
    const answered = this.#answered(request, packet, length)
    if (isOver) {
      this.#waiting.remove(request)
      const cut = this.#link.goesOn ? 'running' : 'cut'
      this.#emit(request, answered, isShort ? cut : request.isCut ? 'cut' : 'complete', endNs)
    } else {
      const name = utf8(packet, keyAt, Math.min(valueAt, packet.length))
      request.answered = withStatistic(answered, name, packet, valueAt, length)
    }
    return true
  }

  #answered(request: Request, packet: Uint8Array, length: number): Answered {
    const opcode = packet[1]!
    const line = statusName(u16(packet, 6))
    if (opcode === STAT) {
      const before = request.answered
      return {
        line,
        values: before?.values ?? [],
        hits: before?.hits ?? 0,
        size: before?.size ?? 0,
        isStatistics: true,
      }
    }
    const { valueAt } = partsOf(packet)
    const size = Math.max(0, length - valueAt)
    const value = packet.subarray(Math.min(valueAt, packet.length), valueAt + this.#link.settings.bodyLimit)
    const isFound = u16(packet, 6) === 0
    const isCount = isFound && isNumber(opcode) && value.length === 8
    const text = isCount ? String(Buffer.from(value).readBigUInt64BE()) : contentText(value, size)
    const values = size > 0 ? ([['', text]] as const) : []
    return { line, values, hits: isFound ? 1 : 0, size, isStatistics: false }
  }

  // ── What becomes of requests ───────────────────────────────────────────────

  /** A request without an answer leaves: a later one was answered, or the connection ends. */
  #leaves(request: Request, nowNs: number): void {
    if (request.number < this.#unsureBefore || request.isCut) {
      this.#link.dropped(1)
      return
    }
    if (request.isQuiet) this.#emit(request, undefined, 'complete', request.startNs)
    else if (request.answered) this.#emit(request, request.answered, 'cut', nowNs)
    else this.#emit(request, undefined, this.#link.goesOn ? 'waiting' : 'unanswered', this.#nowNs || nowNs)
  }

  #emit(
    asked: Request,
    answered: Answered | undefined,
    outcome: Outcome,
    timeNs: number,
    sink: Sink = this.#link.sink,
  ): void {
    appendRow(sink, this.#link.connection, this.#link.settings.redact, { asked, answered, outcome, timeNs })
  }
}

/** An answer repeats the opcode and the opaque of its request. */
const keyOf = (packet: Uint8Array): number => u32(packet, 12) * 256 + packet[1]!

function partsOf(packet: Uint8Array): { readonly keyAt: number; readonly valueAt: number } {
  const keyAt = HEAD_BYTES + packet[4]!
  return { keyAt, valueAt: keyAt + u16(packet, 2) }
}

function keyIn(packet: Uint8Array, keyAt: number, valueAt: number): string {
  const end = Math.min(valueAt, packet.length)
  return end > keyAt ? contentText(packet.subarray(keyAt, end), valueAt - keyAt) : ''
}

function withStatistic(
  answered: Answered,
  name: string,
  packet: Uint8Array,
  valueAt: number,
  length: number,
): Answered {
  const { values, hits } = answered
  if (values.length >= MAX_STATISTICS) return { ...answered, hits: hits + 1 }
  const text = contentText(packet.subarray(Math.min(valueAt, packet.length)), length - valueAt)
  return { ...answered, values: [...values, [name, text]], hits: hits + 1 }
}
