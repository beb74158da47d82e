/** A request or a response on a stream of HTTP/2 (RFC 9113 §8.1), whose head was read. */
import { Body } from '../lib/http/body'
import { type Fields, fieldsOfLines } from '../lib/http/fields'
import type { ProtocolSettings } from '../protocol'
import { type Field, UNKNOWN } from './hpack/table'

/** Memory of a message beside its texts, as measured of those of HTTP/1. */
const MESSAGE_BYTES = 700

export class Message {
  readonly startNs: number
  /** When the newest of its bytes was moved. */
  endNs: number
  /** '' where there is none, as in a response. */
  method = ''
  path = ''
  /** 0 where there is none, or none that is known. */
  status = 0
  /** A JSON object of all its fields, trailers too. */
  headers: string
  /** It has a field that only a head has, or one that isn't known; else they are trailers. */
  isHead = false
  isEnded = false
  #mayBeCut = false
  readonly fields: Fields
  #body: Body | undefined
  /** The kept text of the content, once it has ended. */
  #text: string | undefined

  constructor(fields: readonly Field[], startNs: number, endNs: number, redact: boolean) {
    this.startNs = startNs
    this.endNs = endNs
    this.fields = fieldsOf(fields, redact)
    this.headers = this.fields.json
    let authority = ''
    for (const field of fields) {
      this.isHead ||= field.name.startsWith(':') || field.name === UNKNOWN
      if (field.name === ':method') this.method = field.shown(redact)
      else if (field.name === ':path') this.path = field.shown(redact)
      else if (field.name === ':authority') authority = field.shown(redact)
      else if (field.name === ':status') this.status = statusOf(field.value)
    }
    // §8.5: a tunnel has no path, but its end.
    if (this.method === 'CONNECT' && this.path === '') this.path = authority
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return MESSAGE_BYTES + 2 * (this.headers.length + (this.#text?.length ?? 0)) + (this.#body?.held ?? 0)
  }

  get isInterim(): boolean {
    return this.status >= 100 && this.status < 200
  }

  /** Bytes of it may have been lost, and its head doesn't tell that there were no more. */
  get isCut(): boolean {
    return this.#mayBeCut && this.fields.contentLength !== this.bodySize
  }

  mayBeCut(): void {
    this.#mayBeCut = true
  }

  get bodySize(): number {
    return this.#body?.size ?? 0
  }

  /** Messages of a procedure call in its content. */
  get messages(): number {
    return this.#body?.messages ?? 0
  }

  /** Nothing more of its content will be kept. */
  get isFull(): boolean {
    return this.#body?.full ?? false
  }

  /** The kept text of the content; while the message goes on, '' where a coding hides it. */
  get text(): string {
    return this.#text ?? this.#body?.plainText() ?? ''
  }

  add(bytes: Uint8Array, start: number, end: number, timeNs: number, settings: ProtocolSettings): void {
    this.#content(settings).add(bytes, start, end)
    this.endNs = timeNs
  }

  /** So many bytes of its content weren't captured. */
  misses(bytes: number, timeNs: number, settings: ProtocolSettings): void {
    this.#content(settings).pass(bytes)
    this.endNs = timeNs
  }

  /** Takes the fields behind the content. */
  trails(fields: readonly Field[], redact: boolean): void {
    const { json } = fieldsOf(fields, redact)
    if (this.headers === '{}') this.headers = json
    else if (json !== '{}') this.headers = `${this.headers.slice(0, -1)},${json.slice(1)}`
  }

  ends(timeNs: number): void {
    this.isEnded = true
    this.endNs = timeNs
    this.#text = this.#body?.text() ?? ''
  }

  #content(settings: ProtocolSettings): Body {
    this.#body ??= new Body(this.fields, settings)
    return this.#body
  }
}

const fieldsOf = (fields: readonly Field[], redact: boolean): Fields =>
  fieldsOfLines(
    fields.map((field) => field.line(redact)),
    redact,
  )

const statusOf = (value: string): number => (/^[1-9]\d\d$/.test(value) ? Number(value) : 0)
