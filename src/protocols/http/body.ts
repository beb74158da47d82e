/** The first bytes of one message's content, as many as are kept. */
import { bodyText } from '../lib/body-text'
import { ByteMemo } from '../lib/byte-memo'
import { inflate, inflateInput } from '../lib/inflate'
import { redactText, redactUrl } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import type { Fields } from './head'

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
  readonly #fields: Fields
  readonly #settings: ProtocolSettings

  constructor(fields: Fields, settings: ProtocolSettings) {
    this.#fields = fields
    this.#settings = settings
    this.#limit = keptBytes(fields, settings)
  }

  /** Nothing more will be kept: the rest can be skipped. */
  get full(): boolean {
    return this.#kept >= this.#limit
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start
    const take = Math.min(end - start, this.#limit - this.#kept)
    if (take <= 0) return
    this.#reserve(this.#kept + take)
    this.#bytes!.set(bytes.subarray(start, start + take), this.#kept)
    this.#kept += take
  }

  /** `bytes` of content were not kept: what follows them is no part of the kept head. */
  pass(bytes: number): void {
    this.size += bytes
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

function keptBytes(fields: Fields, settings: ProtocolSettings): number {
  return fields.contentCodings.length === 0
    ? settings.bodyLimit
    : inflateInput(fields.contentCodings, settings.bodyLimit)
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
  const isPlain = fields.contentCodings.length === 0 && !(settings.redact && fields.isForm)
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
  const text = bodyText(content, size)
  if (!settings.redact) return text
  return fields.isForm ? redactUrl(text) : redactText(text)
}
