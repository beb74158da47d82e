/** The first bytes of one message's content, as many as are kept. */

import type { ProtocolSettings } from '../../protocol'
import { bodyText } from '../body-text'
import { ByteMemo } from '../byte-memo'
import { contentCodings, inflate, inflateInput } from '../inflate'
import { redactText, redactUrl } from '../redact'
import type { Fields } from './fields'
import { MessageCount, PREFIX, rpcText } from './rpc'

/** Bodies that are remembered: health checks and lists ask for the same all day. */
const KNOWN_BODIES = 512
const LONGEST_KNOWN = 1024
const KNOWN_BYTES = 1 << 20
/** A memo of whole bodies; `shown` is the kept part of the text. */
const known = (shown: (text: string) => string) =>
  new ByteMemo(
    (bytes, from, to) => shown(bodyText(bytes.subarray(from, to), to - from)),
    KNOWN_BODIES,
    LONGEST_KNOWN,
    KNOWN_BYTES,
  )
const plainTexts = known((text) => text)
const safeTexts = known(redactText)

export class Body {
  /** Bytes of content so far, kept or not. */
  size = 0
  #bytes: Uint8Array | undefined
  #kept = 0
  #limit: number
  readonly #count: MessageCount | undefined
  readonly #fields: Fields
  readonly #settings: ProtocolSettings

  constructor(fields: Fields, settings: ProtocolSettings) {
    this.#fields = fields
    this.#settings = settings
    this.#limit = keptBytes(fields, settings)
    if (isCounted(fields)) this.#count = new MessageCount()
  }

  /** Nothing more of it is needed: the rest can be skipped. */
  get full(): boolean {
    return this.#kept >= this.#limit && !this.#count
  }

  /** Messages of a procedure call that it holds. */
  get messages(): number {
    return this.#count?.total ?? 0
  }

  /** Bytes of the current one that are still to come; -1: none is under way, or that isn't known. */
  get messageLeft(): number {
    return this.#count?.left || -1
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start
    this.#count?.take(bytes, start, end)
    const take = Math.min(end - start, this.#limit - this.#kept)
    if (take <= 0) return
    this.#reserve(this.#kept + take)
    this.#bytes!.set(bytes.subarray(start, start + take), this.#kept)
    this.#kept += take
  }

  /** `bytes` of content were not kept: what follows them is no part of the kept head. */
  pass(bytes: number): void {
    this.size += bytes
    this.#count?.misses(bytes)
    this.#limit = this.#kept
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#bytes?.length ?? 0
  }

  /** The kept text so far; '' where a content coding hides it. */
  plainText(): string {
    return this.#fields.contentCodings.length === 0 ? this.text() : ''
  }

  text(): string {
    const bytes = this.#bytes?.subarray(0, this.#kept) ?? new Uint8Array(0)
    return contentText(bytes, this.size, this.#fields, this.#settings)
  }

  #reserve(needed: number): void {
    if (this.#bytes && this.#bytes.length >= needed) return
    const wider = new Uint8Array(Math.min(this.#limit, Math.max(needed, 2 * (this.#bytes?.length ?? 128))))
    if (this.#bytes) wider.set(this.#bytes.subarray(0, this.#kept))
    this.#bytes = wider
  }
}

function keptBytes({ contentCodings: codings, rpcCoding }: Fields, { bodyLimit }: ProtocolSettings): number {
  if (codings.length > 0) return inflateInput(codings, bodyLimit)
  // Of a compressed message the limit is for what it holds.
  if (rpcCoding === '' || bodyLimit === 0) return bodyLimit
  return Math.max(bodyLimit, PREFIX + inflateInput(contentCodings(rpcCoding), bodyLimit))
}

/** Whether messages of such a content are counted. In base64 they aren't. */
const isCounted = ({ rpc, contentCodings: { length } }: Fields): boolean =>
  length === 0 && rpc !== undefined && rpc.isFramed && !rpc.isBase64

/** Messages of a procedure call in a body that lies in one piece. */
export function messagesIn(bytes: Uint8Array, start: number, end: number, fields: Fields): number {
  if (!isCounted(fields)) return 0
  const count = new MessageCount()
  count.take(bytes, start, end)
  return count.total
}

/** A whole body that lies in one piece, without a copy. */
export function wholeBodyText(
  bytes: Uint8Array,
  start: number,
  end: number,
  fields: Fields,
  settings: ProtocolSettings,
): string {
  const kept = Math.min(end - start, keptBytes(fields, settings))
  const isPlain = fields.contentCodings.length === 0 && !fields.rpc && !(settings.redact && fields.isForm)
  const texts = settings.redact ? safeTexts : plainTexts
  if (isPlain && kept === end - start) return texts.get(bytes, start, end)
  return contentText(bytes.subarray(start, start + kept), end - start, fields, settings)
}

function contentText(bytes: Uint8Array, size: number, fields: Fields, settings: ProtocolSettings): string {
  if (size === 0 || settings.bodyLimit === 0) return ''
  const codings = fields.contentCodings
  const content =
    codings.length === 0 ? bytes : inflate(codings, bytes, settings.bodyLimit, settings.decodeBudget)
  if (content === undefined) return `<${codings.join(', ').slice(0, 32)} ${size} bytes>`
  const { rpc, rpcCoding } = fields
  const text = rpc ? rpcText(rpc, content, size, rpcCoding, settings) : bodyText(content, size)
  if (!settings.redact) return text
  return fields.isForm ? redactUrl(text) : redactText(text)
}
