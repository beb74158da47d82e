/** What methods and content headers say, as members of JSON objects, without secrets. */
import { REDACTED } from '../lib/redact'
import type { Cursor } from './cursor'
import { FieldReader, timestamp, type Value } from './fields'
import { BASIC, type Method } from './methods'

export type Args = Record<string, Value | undefined>

/** Whose proof of who connects it is. */
const CREDENTIALS = new Set(['response', 'challenge', 'new_secret'])

/** `cursor.isShort` says whether some of them aren't there. */
export function readArguments(method: Method, cursor: Cursor, redact: boolean): Args {
  const fields = new FieldReader(cursor, redact)
  const args: Args = {}
  let bits = 0
  let bit = 8
  for (const { name, kind } of method.args) {
    // Bits in a row share their bytes (§4.2.5.2).
    if (kind !== 'bit') bit = 8
    else if (bit === 8) {
      bits = cursor.number(1) ?? 0
      bit = 0
    }
    const value = kind === 'bit' ? ((bits >> bit++) & 1) === 1 : readValue(kind, cursor, fields)
    if (cursor.isShort) break
    if (!name.startsWith('_')) args[name] = CREDENTIALS.has(name) ? REDACTED : value
  }
  return args
}

function readValue(
  kind: Method['args'][number]['kind'],
  cursor: Cursor,
  fields: FieldReader,
): Value | undefined {
  switch (kind) {
    case 'octet':
      return cursor.number(1)
    case 'short':
      return cursor.number(2)
    case 'long':
      return cursor.number(4)
    case 'longlong':
      return cursor.number(8)
    case 'shortstr':
      return cursor.short()
    case 'longstr':
      return fields.text()
    default:
      return fields.table()
  }
}

/** Properties of a content of the class Basic, in the order of their flags from the highest bit on. */
const PROPERTIES =
  'content_type content_encoding headers delivery_mode priority correlation_id reply_to expiration message_id timestamp type user_id app_id cluster_id'.split(
    ' ',
  )

export interface ContentHead {
  /** Bytes of the body. */
  readonly size: number
  readonly properties: Args
}

/** Undefined: it is none. `cursor` behind the frame's head. */
export function readHead(cursor: Cursor, redact: boolean): ContentHead | undefined {
  const classId = cursor.number(2)
  const weight = cursor.number(2)
  const size = cursor.number(8)
  if (classId !== BASIC || weight !== 0 || size === undefined || size > Number.MAX_SAFE_INTEGER)
    return undefined
  const flags = cursor.number(2) ?? 0
  // The two lowest have no property, or say that more flags follow.
  if ((flags & 3) !== 0) cursor.fail()
  const fields = new FieldReader(cursor, redact)
  const properties: Args = {}
  for (let i = 0; i < PROPERTIES.length && !cursor.isShort; i++) {
    if ((flags & (0x8000 >> i)) === 0) continue
    const value = readProperty(PROPERTIES[i]!, cursor, fields)
    if (!cursor.isShort) properties[PROPERTIES[i]!] = value
  }
  return { size, properties }
}

function readProperty(name: string, cursor: Cursor, fields: FieldReader): Value | undefined {
  switch (name) {
    case 'headers':
      return fields.table()
    case 'delivery_mode':
    case 'priority':
      return cursor.number(1)
    case 'timestamp':
      return timestamp(cursor.number(8))
    default:
      return fields.short()
  }
}
