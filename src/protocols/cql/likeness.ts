/** How much the bytes at a place look like a message of CQL. A bounded number of them is looked at. */
import { latin1 } from '../lib/bytes'
import type { Side } from '../protocol'
import { EVENTS, errorName, RESULT } from './codes'
import { contentOf } from './compression'
import { FLAG, HEAD_BYTES, headAt, lengthAt, mayBegin, OP } from './envelope'
import { Fields } from './fields'

/** 'sure': nobody else says this. 'likely': so few bytes that others may. 'part': more bytes are needed to tell. */
export type Likeness = 'sure' | 'likely' | 'part' | 'no'

/** Bytes of a body that are looked at. */
const LOOKED_AT = 200
const TRACE_ID = 16
const STATEMENT_ID = 16
const MAX_CONSISTENCY = 10
const MAX_COLUMNS = 4096
const MAX_LISTED = 64

const STATEMENT =
  /^\s*(?:select|insert|update|delete|begin|apply|create|alter|drop|use|truncate|grant|revoke|list|describe|desc|add)\b/i
/** What a statement, a message or a name has no byte of. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they tell text from other bytes
const NO_TEXT = /[\x00-\x08\x0e-\x1f\x7f]/
const NAME = /^\w{1,48}$/
const OPTIONS = /CQL_VERSION|PROTOCOL_VERSIONS|COMPRESSION/
const CHANGES: ReadonlySet<string> = new Set(['CREATED', 'UPDATED', 'DROPPED'])

export function likenessAt(side: Side, bytes: Uint8Array, at: number): Likeness {
  if (bytes.length - at < HEAD_BYTES) return mayBegin(side, bytes, at, bytes.length) ? 'part' : 'no'
  const length = lengthAt(side, bytes, at)
  if (length === 0) return 'no'
  const { flags, version, opcode } = headAt(bytes, at)
  const from = at + HEAD_BYTES
  const size = length - HEAD_BYTES
  const there = Math.min(size, bytes.length - from, LOOKED_AT)
  const body = bytes.subarray(from, from + there)
  // Either all that is needed is there, or more of it may come.
  const isEnough = there === size || there === LOOKED_AT
  const missing: Likeness = isEnough ? 'no' : 'part'
  if ((flags & FLAG.COMPRESSED) === 0 || version >= 5 || size === 0)
    return judge({ opcode, flags, version, size }, new Fields(body)) ?? missing
  const content = contentOf(body, undefined, LOOKED_AT)
  if (!content || content.size < content.bytes.length) return missing
  return judge({ opcode, flags, version, size: content.size }, new Fields(content.bytes)) ?? missing
}

interface About {
  readonly opcode: number
  readonly flags: number
  readonly version: number
  /** Bytes of the body, of which `fields` has the beginning. */
  readonly size: number
}

/** undefined: what is there is too short. */
function judge(about: About, fields: Fields): Likeness | undefined {
  const { opcode, flags, size } = about
  const isAnswer = !ASKED.has(opcode)
  if (isAnswer && (flags & FLAG.TRACING) !== 0) fields.skip(TRACE_ID)
  const isPrefixed = (flags & FLAG.PAYLOAD) !== 0 || (isAnswer && (flags & FLAG.WARNING) !== 0)
  const found = isPrefixed ? prefix(fields, size) : contents(about, fields)
  return fields.isShort ? undefined : found
}
const ASKED: ReadonlySet<number> = new Set([
  OP.STARTUP,
  OP.OPTIONS,
  OP.QUERY,
  OP.PREPARE,
  OP.EXECUTE,
  OP.REGISTER,
  OP.BATCH,
  OP.AUTH_RESPONSE,
])

/** Warnings or a payload: a number and the first text. */
function prefix(fields: Fields, size: number): Likeness {
  const count = fields.short()
  const length = fields.short()
  const isText = length > 0 && length <= size - fields.at && !NO_TEXT.test(peek(fields, length))
  return count > 0 && count <= MAX_LISTED && isText ? 'likely' : 'no'
}

function contents({ opcode, version, size }: About, fields: Fields): Likeness {
  switch (opcode) {
    case OP.STARTUP:
    case OP.SUPPORTED:
      return options(fields, size)
    case OP.OPTIONS:
    case OP.READY:
      return size === fields.at ? 'likely' : 'no'
    case OP.REGISTER:
      return known(fields.short() <= EVENTS.size && EVENTS.has(word(fields, size)))
    case OP.EVENT:
      return known(EVENTS.has(word(fields, size)))
    case OP.QUERY:
      return statement(fields, size, version >= 5 ? 6 : 3, false)
    case OP.PREPARE:
      return statement(fields, size, version >= 5 ? 4 : 0, version < 5)
    case OP.EXECUTE:
      return execution(fields, version)
    case OP.BATCH:
      return batch(fields, size)
    case OP.AUTH_RESPONSE:
    case OP.AUTH_CHALLENGE:
    case OP.AUTH_SUCCESS: {
      const length = fields.int()
      return Math.max(0, length) === size - fields.at ? 'likely' : 'no'
    }
    case OP.AUTHENTICATE:
      return known(/Authenticator$/.test(word(fields, size)) && fields.at === size)
    case OP.ERROR:
      return error(fields, size)
    default:
      return result(fields, version, size)
  }
}

const known = (isKnown: boolean): Likeness => (isKnown ? 'sure' : 'no')

/** Up to `length` of the next bytes, as far as they are there. */
function peek(fields: Fields, length: number): string {
  const end = Math.min(fields.end, fields.at + length)
  return latin1(fields.bytes, fields.at, end)
}

/** [string], within a body of `size` bytes. */
function word(fields: Fields, size: number): string {
  const length = fields.short()
  return length <= Math.min(size - fields.at, LOOKED_AT) ? latin1Of(fields.take(length)) : ''
}
const latin1Of = (bytes: Uint8Array): string => latin1(bytes, 0, bytes.length)

function options(fields: Fields, size: number): Likeness {
  const count = fields.short()
  const length = fields.short()
  if (count === 0 || count > MAX_LISTED || length > size - fields.at) return 'no'
  const text = peek(fields, size)
  if (OPTIONS.test(text)) return 'sure'
  if (fields.end < size && fields.left < LOOKED_AT - 4) fields.isShort = true
  return 'no'
}

/** A statement with `behind` bytes, or more, behind it. */
function statement(fields: Fields, size: number, behind: number, isExact: boolean): Likeness {
  const length = fields.int()
  const left = size - fields.at - behind
  if (length <= 0 || length > left || (isExact && length !== left)) return 'no'
  const text = peek(fields, length)
  if (NO_TEXT.test(text)) return 'no'
  if (STATEMENT.test(text)) return 'sure'
  // A comment may stand in front of it.
  if (text.length < Math.min(length, LEAST_TEXT)) fields.isShort = true
  return 'likely'
}
/** The longest word that a statement begins with, and what shows its end. */
const LEAST_TEXT = 12

function execution(fields: Fields, version: number): Likeness {
  const length = fields.short()
  if (length !== STATEMENT_ID) return 'no'
  fields.skip(length)
  if (version >= 5) {
    const result = fields.short()
    if (result > 2 * STATEMENT_ID) return 'no'
    fields.skip(result)
  }
  if (fields.short() > MAX_CONSISTENCY) return 'no'
  const flags = version >= 5 ? fields.int() : fields.byte()
  return known(flags >= 0 && flags < 0x200)
}

function batch(fields: Fields, size: number): Likeness {
  const type = fields.byte()
  const count = fields.short()
  const kind = fields.byte()
  if (type > 2 || count === 0 || kind > 1) return 'no'
  return kind === 0 ? statement(fields, size, 2, false) : known(fields.short() === STATEMENT_ID)
}

function error(fields: Fields, size: number): Likeness {
  const code = fields.int()
  const length = fields.short()
  if (errorName(code) === undefined || length === 0 || length > size - fields.at) return 'no'
  const text = peek(fields, length)
  if (text.length < Math.min(length, LEAST_TEXT)) fields.isShort = true
  return known(!NO_TEXT.test(text))
}

function result(fields: Fields, version: number, size: number): Likeness {
  switch (fields.int()) {
    case RESULT.VOID:
      return known(size === fields.at)
    case RESULT.ROWS:
      return rows(fields, version, size)
    case RESULT.SET_KEYSPACE:
      return known(NAME.test(word(fields, size)) && fields.at === size)
    case RESULT.PREPARED:
      return known(fields.short() === STATEMENT_ID)
    case RESULT.SCHEMA_CHANGE:
      return known(CHANGES.has(word(fields, size)))
    default:
      return 'no'
  }
}

const HAS_MORE = 2
const NO_METADATA = 4
const CHANGED = 8

function rows(fields: Fields, version: number, size: number): Likeness {
  const flags = fields.int()
  const columns = fields.int()
  if (flags < 0 || flags > 15 || columns < 0 || columns > MAX_COLUMNS) return 'no'
  if ((flags & HAS_MORE) !== 0) {
    const length = fields.int()
    if (length <= 0 || length > size - fields.at) return 'no'
    // What follows may be far behind.
    if (fields.at + length > LOOKED_AT) return 'likely'
    fields.skip(length)
  }
  if ((flags & CHANGED) !== 0 && version >= 5) fields.skip(fields.short())
  if ((flags & NO_METADATA) === 0 && columns > 0) return known(NAME.test(word(fields, size)))
  const count = fields.int()
  return count >= 0 && count * columns * 4 <= size - fields.at ? 'likely' : 'no'
}
