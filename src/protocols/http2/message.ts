/** A request or a response on a stream of HTTP/2 (RFC 9113 §8.1), whose head was read. */
import { Body, messagesIn, wholeBodyFacts, wholeBodyText } from '../lib/http/body'
import { fieldsOf, MAX_JSON } from '../lib/http/fields'
import type { SeenRequest } from '../lib/http/seen'
import type { ConnectionNames } from '../lib/protobuf/connection-names'
import type { MessageType } from '../lib/protobuf/descriptors'
import { isReflection, type ReflectionReader } from '../lib/protobuf/reflection'
import type { ProtocolSettings, Side } from '../protocol'
import type { Head } from './head'
import { UNKNOWN } from './hpack/table'

/** Memory of a message beside its texts, as measured of those of HTTP/1. */
const MESSAGE_BYTES = 700

const UNKNOWN_COUNT = -1

/** The head of a message whose fields are those of another version. */
const NO_FIELDS: Head = {
  isHead: true,
  isNamed: true,
  isPartial: false,
  hidesType: false,
  fields: fieldsOf('', false),
  method: '',
  path: '',
  protocol: '',
  status: 0,
}

export class Message {
  readonly head: Head
  readonly startNs: number
  /** When the newest of its bytes was moved. */
  endNs: number
  /** A JSON object of all its fields, trailers too. */
  headers: string
  isEnded = false
  /** Its last frame was lost, if it had no more content to come. */
  mayHaveEnded = false
  /** The path of the request that it is, or answers; '' while that isn't known. */
  asked: string
  readonly #side: Side
  readonly #names: ConnectionNames
  /** What it tells of names. */
  #reflection: ReflectionReader | undefined
  #mayBeCut = false
  #body: Body | undefined
  /** The kept text of the content, once it has ended. */
  #text: string | undefined
  #facts: string | undefined
  /** Bytes, messages and time of a content that came whole. */
  #wholeSize = 0
  #wholeMessages = 0
  #wholeNs = -1
  /** It came by HTTP/1. */
  #upgraded: SeenRequest | undefined

  /** A request that came by HTTP/1, whose response is on the first stream (RFC 7540 §3.2). */
  static upgraded(request: SeenRequest, names: ConnectionNames): Message {
    const { method, path, startNs, headers } = request
    const message = new Message({ ...NO_FIELDS, method, path }, startNs, startNs, 'client', names)
    message.headers = headers
    message.#upgraded = request
    message.ends(startNs)
    return message
  }

  constructor(head: Head, startNs: number, endNs: number, side: Side, names: ConnectionNames) {
    this.head = head
    this.#side = side
    this.asked = head.path
    this.#names = names
    this.headers = head.fields.json
    this.startNs = startNs
    this.endNs = endNs
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    const texts = this.headers.length + (this.#text?.length ?? 0) + (this.#facts?.length ?? 0)
    return MESSAGE_BYTES + 2 * texts + (this.#body?.held ?? 0) + (this.#reflection?.held ?? 0)
  }

  /** Bytes of it may have been lost, and its head doesn't tell that there were no more. */
  get isCut(): boolean {
    return this.#mayBeCut && this.head.fields.contentLength !== this.bodySize
  }

  mayBeCut(): void {
    this.#mayBeCut = true
  }

  /** Bytes of content still to come, of the whole or of the current message within; -1: that isn't known. */
  get needed(): number {
    const { contentLength } = this.head.fields
    return contentLength < 0 ? (this.#body?.messageLeft ?? -1) : Math.max(0, contentLength - this.bodySize)
  }

  /** It has ended, as its head tells. */
  get hasAll(): boolean {
    return this.mayHaveEnded && this.head.fields.contentLength === this.bodySize
  }

  get bodySize(): number {
    return this.#body?.size ?? this.#wholeSize
  }

  /** Messages of a procedure call in its content; -1 where it isn't known whether it is one. */
  get messages(): number {
    if (!this.#body && this.#wholeSize === 0) return 0
    return this.head.hidesType ? UNKNOWN_COUNT : (this.#body?.messages ?? this.#wholeMessages)
  }

  /** When the first byte of its content was moved; -1 where there is none. */
  get contentNs(): number {
    return this.#body?.firstNs ?? this.#wholeNs
  }

  /** Of `left` bytes of content that follow, how many won't be kept. */
  unneeded(left: number): number {
    return this.#body?.unneeded(left) ?? 0
  }

  /** What its content says by name beyond the kept text. */
  get facts(): string {
    return this.#facts ?? this.#body?.facts(false) ?? ''
  }

  /** The kept text of the content; while the message goes on, '' where a coding hides it. */
  get text(): string {
    return this.#text ?? this.#body?.plainText(this.#type()) ?? ''
  }

  /** Takes all of the content in one piece, which isn't copied; false if some of it came before. */
  takesWhole(
    bytes: Uint8Array,
    start: number,
    end: number,
    timeNs: number,
    settings: ProtocolSettings,
  ): boolean {
    const isTold = this.#side === 'server' && isReflection(this.asked)
    if (this.#body || this.#mayBeCut || isTold) return false
    const { fields } = this.head
    this.#text = wholeBodyText(bytes, start, end, fields, settings, this.#type())
    this.#facts = wholeBodyFacts(bytes, start, end, fields, settings)
    this.#wholeSize = end - start
    this.#wholeNs = timeNs
    this.#wholeMessages = messagesIn(bytes, start, end, fields)
    this.endNs = timeNs
    return true
  }

  add(bytes: Uint8Array, start: number, end: number, timeNs: number, settings: ProtocolSettings): void {
    // Something else follows than the end.
    if (this.mayHaveEnded && this.needed <= 0) this.mayHaveEnded = false
    this.#content(settings).add(bytes, start, end, timeNs)
    this.#reflection?.take(bytes, start, end)
    this.endNs = timeNs
  }

  /** So many bytes of its content weren't captured. */
  misses(bytes: number, timeNs: number, settings: ProtocolSettings): void {
    this.#content(settings).pass(bytes)
    this.#reflection?.misses()
    this.endNs = timeNs
  }

  /** Takes the fields behind the content. There is one such block, but a sender may break that rule. */
  trails({ fields: { json } }: Head): void {
    if (this.headers.length + json.length > MAX_JSON) return
    if (this.headers === '{}') this.headers = json
    else if (json !== '{}') this.headers = `${this.headers.slice(0, -1)},${json.slice(1)}`
  }

  ends(timeNs: number): void {
    this.isEnded = true
    this.endNs = timeNs
    this.#text ??= this.#body?.text(this.#type()) ?? ''
    this.#facts ??= this.#body?.facts(!this.isCut) ?? ''
    this.#reflection = undefined
  }

  /** Of its messages, where it is known. */
  #type(): MessageType | undefined {
    return this.head.fields.rpc?.isProto ? this.#names.of(this.asked, this.#side) : undefined
  }

  get asRequest(): SeenRequest {
    const { startNs, contentNs, headers, text, facts, bodySize, messages, head } = this
    return (
      this.#upgraded ?? {
        startNs,
        contentNs,
        headers,
        body: text,
        facts,
        bodySize,
        messages,
        method: head.method || UNKNOWN,
        path: head.path || UNKNOWN,
      }
    )
  }

  #content(settings: ProtocolSettings): Body {
    if (this.#body) return this.#body
    const { fields } = this.head
    if (fields.rpc?.isFramed && this.#side === 'server')
      this.#reflection = this.#names.reader(this.asked, fields.rpcCoding)
    this.#body = new Body(fields, settings)
    return this.#body
  }
}
