/**
 * Header fields (RFC 9110 §5), of HTTP of any version: what they mean, and their JSON without secrets.
 *
 *     field-line = field-name ":" OWS field-value OWS CRLF      ; of HTTP/1; a line that begins with SP or HT continues the last (obs-fold)
 *
 * Fields repeat from message to message: what was made of a line is remembered by its text.
 */
import { contentCodings } from '../inflate'
import { Memo } from '../memo'
import { isSecretHeader, REDACTED, redactHeader } from '../redact'
import { type JsonForm, jsonForm } from './body-facts'
import { CONTENT_GRPC, CONTENT_JSON, CONTENT_UNKNOWN, type ContentType } from './content-type'
import { type RpcFormat, rpcFormat } from './rpc'
import { decoded, HIGH, isOws, trimOws } from './text'

/** The meaning of the header fields. */
export interface Fields {
  /** A JSON object; repeated fields are joined with ", " in order of arrival, under the first one's spelling. */
  readonly json: string
  /** -1 when absent. */
  readonly contentLength: number
  readonly chunked: boolean
  /** As `contentCodings`, without chunked. */
  readonly transferCodings: readonly string[]
  /** There is a Transfer-Encoding whose last coding isn't chunked. */
  readonly otherTransferCoding: boolean
  /** In the order in which they were applied; empty for none. */
  readonly contentCodings: readonly string[]
  readonly contentType: ContentType
  readonly isForm: boolean
  /** undefined for other content. */
  readonly jsonForm: JsonForm | undefined
  /** Messages of procedure calls. */
  readonly rpc: RpcFormat | undefined
  /** The coding of those that are compressed, as the head names it. */
  readonly rpcCoding: string
  /** The first protocol of Upgrade in lower case, or ''. */
  readonly upgrade: string
  /** The length is malformed, or there are two: where this message ends can't be said. */
  readonly contradictory: boolean
}

/** Characters of JSON that are kept of one header block, and of a message, at most; further fields are left out. */
export const MAX_JSON = 64 << 10
const LINE_ENTRIES = 1024
const LINE_TEXT = 512
/** A part of a longer text is copied, so that it doesn't keep all of it in memory. */
const LONG_TEXT = 4096
const MAX_NAMES = 4096
const NO_CODINGS: readonly string[] = []

/** Reads field lines that are only a part of a head. `text`: one character per byte. */
export function fieldsOf(text: string, redact: boolean): Fields {
  return (redact ? redacting : plain).read(text)
}

/** A field by itself, for any number of heads. One character per byte. `isSecret`: its sender says so. */
export const fieldLine = (name: string, value: string, redact: boolean, isSecret = false): FieldLine =>
  (redact ? redacting : plain).line(name, value, isSecret)

export const fieldsOfLines = (lines: readonly FieldLine[], redact: boolean): Fields =>
  (redact ? redacting : plain).join(lines)

// biome-ignore lint/suspicious/noControlCharactersInRegex: characters that a JSON string must escape
const NEEDS_ESCAPE = /["\\\x00-\x1f\x7f-\uffff]/

/** A number of decimal digits only, leading zeros allowed, or -1. */
function digits(text: string): number {
  const match = /^0*([0-9]{1,15})$/.exec(text)
  return match ? Number(match[1]) : -1
}

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
}

type Meaning = 'length' | 'transfer' | 'encoding' | 'type' | 'rpc-encoding' | 'upgrade'

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['content-length', 'length'],
  ['transfer-encoding', 'transfer'],
  ['content-encoding', 'encoding'],
  ['content-type', 'type'],
  ['grpc-encoding', 'rpc-encoding'],
  ['connect-content-encoding', 'rpc-encoding'],
  ['upgrade', 'upgrade'],
])

interface FieldName {
  readonly key: string
  /** What its value says of the message; undefined for most. */
  readonly meaning: Meaning | undefined
  readonly isSecret: boolean
  /** The block in which the name was last seen, and its place there; this finds repeated fields. */
  block: number
  index: number
}

export interface FieldLine {
  readonly name: FieldName
  /** As it was sent. */
  readonly spelling: string
  readonly value: string
  /** Its sender says that the value is a secret. */
  readonly isSecret: boolean
  /** Without secrets. */
  readonly safe: string
  /** `"name":"value"` */
  readonly json: string
}

class FieldReader {
  readonly #redact: boolean
  /** A name is one object. All of them are forgotten at once, with the lines that have them: only a block in which that happens may show one twice. */
  readonly #names = new Map<string, FieldName>()
  #lines = this.#newLines()
  /** The number of the block. */
  #newest = 0

  constructor(redact: boolean) {
    this.#redact = redact
  }

  #line(line: string): FieldLine | null {
    const colon = line.indexOf(':')
    if (colon < 1) return null
    const spelling = trimOws(line.slice(0, colon))
    return this.#lineOf(this.#name(spelling.toLowerCase()), spelling, trimOws(line.slice(colon + 1)))
  }

  #name(key: string): FieldName {
    const known = this.#names.get(key)
    if (known) return known
    const meaning = MEANINGS.get(key)
    const name = { key, meaning, isSecret: isSecretHeader(key), block: 0, index: 0 }
    if (this.#names.size >= MAX_NAMES) {
      this.#names.clear()
      this.#lines = this.#newLines()
    }
    this.#names.set(key, name)
    return name
  }

  #newLines(): Memo<FieldLine | null> {
    return new Memo((line) => this.#line(line), LINE_ENTRIES, LINE_TEXT)
  }

  #lineOf(name: FieldName, spelling: string, value: string, isSecret = false): FieldLine {
    const safe = !this.#redact ? value : isSecret || name.isSecret ? REDACTED : redactHeader(name.key, value)
    return { name, spelling, value, isSecret, safe, json: `${quote(spelling)}:${quote(safe)}` }
  }

  /** One character per byte. */
  line(name: string, value: string, isSecret: boolean): FieldLine {
    const [spelling, text] = [name, value].map((each) => (HIGH.test(each) ? decoded(each) : each))
    // A sender may break the rules for names, and what it sends is as secret.
    return this.#lineOf(this.#name(trimOws(spelling!).toLowerCase()), spelling!, text!, isSecret)
  }

  read(block: string): Fields {
    let text = HIGH.test(block) ? decoded(block) : block
    // RFC 9112 §2.2: lines folded onto the start line are passed over.
    if (isOws(text.charCodeAt(0))) text = text.replace(/^(?:[ \t][^\n]*(?:\n|$))+/, '')
    if (text.includes('\n ') || text.includes('\n\t')) text = text.replace(/\r?\n[ \t]+/g, ' ')
    // The remembered part must not keep the whole text in memory.
    const isLong = text.length > LONG_TEXT
    const lines: FieldLine[] = []
    for (let at = 0; at < text.length; ) {
      const lineFeed = text.indexOf('\n', at)
      const next = lineFeed < 0 ? text.length : lineFeed
      const end = text.charCodeAt(next - 1) === 13 ? next - 1 : next
      const line = this.#lines.get(
        isLong && end - at <= LINE_TEXT ? copyOf(text.slice(at, end)) : text.slice(at, end),
      )
      at = next + 1
      if (line !== null) lines.push(line)
    }
    const fields = this.join(lines)
    const isSmallPart = isLong && text.length > 2 * fields.json.length
    return isSmallPart ? { ...fields, json: copyOf(fields.json) } : fields
  }

  /** The fields of these lines. */
  join(all: readonly FieldLine[]): Fields {
    const id = ++this.#newest
    let index = 0
    while (index < all.length && all[index]!.name.block !== id) {
      const { name } = all[index]!
      name.block = id
      name.index = index++
    }
    // Most blocks repeat none.
    return fieldsFrom(index === all.length ? all : this.#joinRepeated(all, ++this.#newest))
  }

  #joinRepeated(all: readonly FieldLine[], id: number): FieldLine[] {
    const lines: FieldLine[] = []
    /** The lines of the fields that repeat, by the first one's index. */
    let repeated: Map<number, FieldLine[]> | undefined
    for (const line of all) {
      const { name } = line
      if (name.block === id) {
        repeated ??= new Map()
        const same = repeated.get(name.index)
        if (same) same.push(line)
        else repeated.set(name.index, [lines[name.index]!, line])
        continue
      }
      name.block = id
      name.index = lines.length
      lines.push(line)
    }
    for (const [index, same] of repeated ?? []) {
      const { name, spelling } = lines[index]!
      const values = same.map(({ value }) => value).join(', ')
      lines[index] = this.#lineOf(
        name,
        spelling,
        values,
        same.some(({ isSecret }) => isSecret),
      )
    }
    return lines
  }
}

/** A copy of a text: a part of another text would keep that in memory. */
const copyOf = (text: string): string => Buffer.from(text).toString()

const plain = new FieldReader(false)
const redacting = new FieldReader(true)

function fieldsFrom(lines: readonly FieldLine[]): Fields {
  let json = ''
  let length = ''
  let codings = ''
  let encodings = ''
  let type = ''
  let upgrade = ''
  let rpcCoding = ''
  for (let i = 0; i < lines.length; i++) {
    const { name, value, json: entry } = lines[i]!
    if (json.length + entry.length <= MAX_JSON) json += json === '' ? entry : `,${entry}`
    switch (name.meaning) {
      case undefined:
        break
      case 'length':
        length = value || '-'
        break
      case 'transfer':
        codings = transferCodings(value)
        break
      case 'encoding':
        encodings = value
        break
      case 'type':
        type = value
        break
      case 'rpc-encoding':
        rpcCoding = value
        break
      case 'upgrade':
        upgrade = value.toLowerCase().split(/[,/ \t]/)[0]!
    }
  }
  const chunked = codings !== '' && /(?:^|,)[ \t]*chunked$/.test(codings)
  const { contentType, isForm, jsonForm, rpc } = TYPES.get(type)
  // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length.
  const contentLength = codings === '' && length !== '' ? lengthOf(length) : -1
  return {
    json: `{${json}}`,
    contentLength,
    chunked,
    transferCodings:
      codings === '' || codings === 'chunked'
        ? NO_CODINGS
        : contentCodings(codings).filter((coding) => coding !== 'chunked'),
    otherTransferCoding: codings !== '' && !chunked,
    contentCodings: encodings === '' ? NO_CODINGS : contentCodings(encodings),
    contentType,
    isForm,
    jsonForm,
    rpc,
    rpcCoding,
    upgrade,
    contradictory: codings === '' && length !== '' && contentLength < 0,
  }
}

/** Types that are remembered, and the characters of one. */
const KNOWN_TYPES = 256
const LONGEST_TYPE = 128

const TYPES = new Memo(
  (text) => {
    const type = text.toLowerCase()
    return {
      contentType: contentTypeOf(type),
      isForm: type.startsWith('application/x-www-form-urlencoded'),
      jsonForm: jsonForm(type),
      rpc: rpcFormat(type),
    }
  },
  KNOWN_TYPES,
  LONGEST_TYPE,
)

/** RFC 2616 §3.6 had `identity`, a coding that means none; it is still sent. */
function transferCodings(value: string): string {
  const codings = value.toLowerCase()
  return codings === 'identity' ? '' : codings
}

/** A list that repeats one number is that number (RFC 9110 §8.6); -1 for anything else. */
function lengthOf(value: string): number {
  if (!value.includes(',')) return digits(value)
  const lengths = new Set(value.split(',').map(trimOws))
  return lengths.size === 1 ? digits([...lengths][0]!) : -1
}

function contentTypeOf(type: string): ContentType {
  if (/^[\w.-]+\/(?:[\w.-]+\+)?json\b/.test(type)) return CONTENT_JSON
  return type.startsWith('application/grpc') ||
    /^application\/(?:connect\+|(?:x-)?)proto(?:buf)?\b/.test(type)
    ? CONTENT_GRPC
    : CONTENT_UNKNOWN
}
