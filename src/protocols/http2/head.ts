/** What the fields of a head, or the trailers, of a message say (RFC 9113 §8.3). */
import { type FieldLine, type Fields, fieldsOfLines } from '../lib/http/fields'
import { ListMemo } from '../lib/list-memo'
import { type Field, UNKNOWN } from './hpack/table'

export interface Head {
  /** It has a field that only a head has, or one that isn't known; else these are trailers. */
  readonly isHead: boolean
  /** It has a field that only a head has. */
  readonly isNamed: boolean
  /** It has a field that isn't known. */
  readonly isPartial: boolean
  /** The type of its content may be in a field that isn't known. */
  readonly hidesType: boolean
  readonly fields: Fields
  /** '' where there is none, as in a response. */
  readonly method: string
  readonly path: string
  /** What the stream is to be a tunnel of (RFC 8441 §4), in lower case. */
  readonly protocol: string
  /** 0 where there is none, or none that is known. */
  readonly status: number
}

/** Heads that are remembered, and the characters of one at most, or of its fields with their secrets. */
const KNOWN = 1024
const LONGEST = 2048
const LONGEST_FIELDS = 4096
const COLON = 58

const known = (redact: boolean) =>
  new ListMemo<Field, Head>(
    (fields) => readHead(fields, redact),
    KNOWN,
    ({ fields: { json }, path }, fields) =>
      json.length + path.length <= LONGEST && sizeOf(fields) <= LONGEST_FIELDS,
  )
const sizeOf = (fields: readonly Field[]): number => fields.reduce((size, field) => size + field.size, 0)
const plain = known(false)
const redacting = known(true)

export const headOf = (fields: readonly Field[], redact: boolean): Head =>
  (redact ? redacting : plain).get(fields)

function readHead(fields: readonly Field[], redact: boolean): Head {
  let isNamed = false
  let hasUnknown = false
  let hasType = false
  let method = ''
  let path = ''
  let authority = ''
  let protocol = ''
  let status = 0
  const lines: FieldLine[] = new Array(fields.length)
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    const { name } = field
    const line = field.line(redact)
    lines[i] = line
    if (name.charCodeAt(0) === COLON) {
      isNamed = true
      if (name === ':method') method = line.safe
      else if (name === ':path') path = line.safe
      else if (name === ':authority') authority = line.safe
      else if (name === ':protocol') protocol = field.value.toLowerCase()
      else if (name === ':status') status = statusOf(field.value)
    } else if (name === UNKNOWN) hasUnknown = true
    else if (name === 'content-type') hasType = true
  }
  // §8.5: a tunnel has no path, but its end.
  if (method === 'CONNECT' && path === '') path = authority
  const isHead = isNamed || hasUnknown
  const hidesType = hasUnknown && !hasType
  return {
    isHead,
    isNamed,
    isPartial: hasUnknown,
    hidesType,
    method,
    path,
    protocol,
    status,
    fields: fieldsOfLines(lines, redact),
  }
}

const statusOf = (value: string): number => (/^[1-9]\d\d$/.test(value) ? Number(value) : 0)
