/** The first bytes of one message's content, as many as are kept. */

import type { ProtocolSettings } from '../../protocol'
import { bodyText } from '../body-text'
import { ByteMemo } from '../byte-memo'
import { contentCodings, inflate, inflateInput } from '../inflate'
import type { MessageType } from '../protobuf/descriptors'
import { redactText, redactUrl } from '../redact'
import { type BodyFacts, bodyFacts, END, factsIn } from './body-facts'
import type { Facts } from './facts'
import type { Fields } from './fields'
import { MessageCount, PREFIX, rpcText } from './rpc'

/** Bodies that are remembered: health checks and lists ask for the same all day. */
const KNOWN_BODIES = 512
const LONGEST_KNOWN = 1024
const KNOWN_BYTES = 1 << 20
const NOTHING = new Uint8Array(0)
/** Bytes of coded JSON that are kept, so that its end can be read, and decoded bytes that are read of it. */
const JSON_INPUT = 8 << 10
const MAX_CODED = 32 << 10
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
  /** When the first byte of it was moved; -1 while there is none. */
  firstNs = -1
  /** What is said beyond the kept beginning. */
  #facts: BodyFacts | undefined
  readonly #count: MessageCount | undefined
  readonly #fields: Fields
  readonly #settings: ProtocolSettings
  readonly #type: MessageType | undefined

  /** `type`: of the messages of a procedure call, where it is known from the beginning. */
  constructor(fields: Fields, settings: ProtocolSettings, type?: MessageType) {
    this.#fields = fields
    this.#settings = settings
    this.#type = type
    this.#limit = keptBytes(fields, settings)
    if (isCounted(fields)) this.#count = new MessageCount(fields.rpc!)
  }

  /** Of `left` bytes that follow, how many aren't needed: they can be skipped. */
  unneeded(left: number): number {
    if (this.#kept < this.#limit || this.#count) return 0
    return hasFacts(this.#fields, this.#settings) ? Math.max(0, left - END) : left
  }

  /** Messages of a procedure call that it holds. */
  get messages(): number {
    return this.#count?.total ?? 0
  }

  /** Bytes of the current one that are still to come; -1: none is under way, or that isn't known. */
  get messageLeft(): number {
    return this.#count?.left || -1
  }

  /** `timeNs`: when they were moved. */
  add(bytes: Uint8Array, start: number, end: number, timeNs: number): void {
    if (this.size === 0) this.firstNs = timeNs
    this.size += end - start
    this.#count?.take(bytes, start, end)
    const take = Math.max(0, Math.min(end - start, this.#limit - this.#kept))
    if (take > 0) {
      this.#reserve(this.#kept + take)
      copyTo(this.#bytes!, this.#kept, bytes, start, take)
      this.#kept += take
    }
    if (start + take < end) this.#factsBehind()?.take(bytes, start + take, end)
  }

  /** `bytes` of content were not kept: what follows them is no part of the kept head. */
  pass(bytes: number): void {
    this.size += bytes
    this.#count?.misses(bytes)
    this.#limit = this.#kept
    this.#factsBehind()?.misses()
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return (this.#bytes?.length ?? 0) + (this.#facts?.held ?? 0)
  }

  /** What it says by name, as JSON, where that isn't all in its text, which was asked for before. `isWhole`: it has ended, and was not cut. */
  facts(isWhole: boolean): string {
    const { redact } = this.#settings
    if (this.#facts) return factsText(this.#facts.facts(this.#head(), isWhole), redact)
    const isKept = isWhole && this.#kept === this.size && this.#fields.jsonForm !== undefined
    return isKept ? codedFacts(this.#head(), this.#fields, this.#settings) : ''
  }

  /** The kept text so far; '' where a content coding hides it. */
  plainText(type?: MessageType): string {
    return this.#fields.contentCodings.length === 0 ? this.text(type) : ''
  }

  /** `type`: of the messages of a procedure call. */
  text(type = this.#type): string {
    const bytes = this.#bytes ?? NOTHING
    return contentText(bytes, 0, this.#kept, this.size, this.#fields, this.#settings, type)
  }

  #head(): Uint8Array {
    return this.#bytes?.subarray(0, this.#kept) ?? NOTHING
  }

  #factsBehind(): BodyFacts | undefined {
    if (hasFacts(this.#fields, this.#settings))
      this.#facts ??= bodyFacts(this.#fields.jsonForm!, this.#head())
    return this.#facts
  }

  #reserve(needed: number): void {
    if (this.#bytes && this.#bytes.length >= needed) return
    const wider = new Uint8Array(Math.min(this.#limit, Math.max(needed, 2 * (this.#bytes?.length ?? 128))))
    if (this.#bytes) wider.set(this.#bytes.subarray(0, this.#kept))
    this.#bytes = wider
  }
}

/** A view of the memory takes as long to make as to copy so many bytes one by one. */
const FEW = 48

function copyTo(into: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): void {
  if (length > FEW) into.set(bytes.subarray(start, start + length), at)
  else for (let i = 0; i < length; i++) into[at + i] = bytes[start + i]!
}

/** Whether what stands beyond the kept beginning is read. */
const hasFacts = (
  { jsonForm, contentCodings: { length } }: Fields,
  { bodyLimit }: ProtocolSettings,
): boolean => jsonForm !== undefined && length === 0 && bodyLimit > 0

const factsText = (facts: Facts, redact: boolean): string =>
  facts.toText(redact ? redactText : (text) => text)

/** Of a whole content under a coding, if it goes beyond the text that was made of it just now. */
function codedFacts(
  bytes: Uint8Array,
  { jsonForm }: Fields,
  { bodyLimit, redact }: ProtocolSettings,
): string {
  const content = decoded
  decoded = undefined
  const isOther = content?.from !== bytes.byteOffset || content.of !== bytes.buffer
  if (!jsonForm || isOther || content.size !== bytes.length || content.bytes.length <= bodyLimit) return ''
  return factsText(factsIn(jsonForm, content.bytes, bodyLimit, content.bytes.length < MAX_CODED), redact)
}

/** What was decoded last, for more than its text. */
interface Decoded {
  readonly of: ArrayBufferLike
  readonly from: number
  readonly size: number
  readonly bytes: Uint8Array
}
let decoded: Decoded | undefined

/** Of whole JSON more than is shown, while there is time enough. */
function decode(
  bytes: Uint8Array,
  size: number,
  fields: Fields,
  settings: ProtocolSettings,
): Uint8Array | undefined {
  const { bodyLimit, decodeBudget } = settings
  const isMore = fields.jsonForm !== undefined && bytes.length === size && decodeBudget.isAmple
  const limit = isMore ? Math.max(bodyLimit, MAX_CODED) : bodyLimit
  const content = inflate(fields.contentCodings, bytes, limit, decodeBudget)
  // What takes too long may still have a beginning.
  if (isMore && !content) return inflate(fields.contentCodings, bytes, bodyLimit, decodeBudget)
  if (isMore && content) decoded = { of: bytes.buffer, from: bytes.byteOffset, size, bytes: content }
  return content?.subarray(0, bodyLimit)
}

/** As `Body.facts`, of a whole content that lies in one piece. */
export function wholeBodyFacts(
  bytes: Uint8Array,
  start: number,
  end: number,
  fields: Fields,
  settings: ProtocolSettings,
): string {
  const { jsonForm, contentCodings: codings } = fields
  if (!jsonForm) return ''
  if (codings.length > 0) {
    const isKept = end - start <= keptBytes(fields, settings)
    return isKept ? codedFacts(bytes.subarray(start, end), fields, settings) : ''
  }
  if (settings.bodyLimit === 0 || end - start <= settings.bodyLimit) return ''
  return factsText(factsIn(jsonForm, bytes.subarray(start, end), settings.bodyLimit, true), settings.redact)
}

function keptBytes(
  { contentCodings: codings, rpcCoding, jsonForm }: Fields,
  { bodyLimit }: ProtocolSettings,
): number {
  if (codings.length > 0) {
    const input = inflateInput(codings, bodyLimit)
    return jsonForm && input > 0 ? Math.max(input, JSON_INPUT) : input
  }
  // Of a compressed message the limit is for what it holds.
  if (rpcCoding === '' || bodyLimit === 0) return bodyLimit
  return Math.max(bodyLimit, PREFIX + inflateInput(contentCodings(rpcCoding), bodyLimit))
}

/** Whether messages of such a content are counted. */
const isCounted = ({ rpc, contentCodings: { length } }: Fields): boolean =>
  length === 0 && rpc?.isFramed === true

/** Messages of a procedure call in a body that lies in one piece. */
export function messagesIn(bytes: Uint8Array, start: number, end: number, fields: Fields): number {
  if (!isCounted(fields)) return 0
  const count = new MessageCount(fields.rpc!)
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
  type?: MessageType,
): string {
  const kept = Math.min(end - start, keptBytes(fields, settings))
  const isPlain = fields.contentCodings.length === 0 && !fields.rpc && !(settings.redact && fields.isForm)
  const texts = settings.redact ? safeTexts : plainTexts
  if (isPlain && kept === end - start) return texts.get(bytes, start, end)
  return contentText(bytes, start, start + kept, end - start, fields, settings, type)
}

/** `bytes[start..end)`: the kept beginning. */
function contentText(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  fields: Fields,
  settings: ProtocolSettings,
  type?: MessageType,
): string {
  if (size === 0 || settings.bodyLimit === 0) return ''
  const { rpc, rpcCoding, contentCodings: codings } = fields
  let text: string
  if (rpc && codings.length === 0) text = rpcText(rpc, bytes, start, end, size, rpcCoding, settings, type)
  else {
    const kept = bytes.subarray(start, end)
    const content = codings.length === 0 ? kept : decode(kept, size, fields, settings)
    if (content === undefined) return `<${codings.join(', ').slice(0, 32)} ${size} bytes>`
    text = rpc
      ? rpcText(rpc, content, 0, content.length, size, rpcCoding, settings, type)
      : bodyText(content, size)
  }
  if (!settings.redact) return text
  return fields.isForm ? redactUrl(text) : redactText(text)
}
