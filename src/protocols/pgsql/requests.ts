/** What a client asks, message by message, and what has come of it so far. */
import { utf8 } from '../lib/bytes'
import { KeptBytes } from '../lib/kept-bytes'
import type { ProtocolSettings } from '../protocol'
import type { Message } from './framing'
import { CLIENT, int32, stringEnd, uint16 } from './letters'
import type { Column, Portal, Prepared, Statement } from './prepared'
import { CUT, REDACTED, type Sql, safeText, sqlOf } from './texts'
import { TEXT, UNKNOWN, valueText } from './values'

export const KINDS = [
  'Query',
  'Parse',
  'Bind',
  'Describe',
  'Execute',
  'Close',
  'Sync',
  'FunctionCall',
  'StartupMessage',
] as const
export type Kind = (typeof KINDS)[number]

/** One message that the server answers. */
export interface Request {
  readonly kind: Kind
  readonly startNs: number
  /** Where there is a portal, that tells it: see `reqOf`. */
  readonly req: string
  /** Of Parse, Describe and Execute. */
  readonly statement: Statement | undefined
  readonly portal: Portal | undefined
  /** Of Parse: the statement that had the name. */
  readonly before: Statement | undefined
  // What the server has said to it.
  text: string
  /** Nothing more of its rows is kept. */
  isFull: boolean
  /** Characters of lines that aren't rows. */
  beside: number
  rows: number
  /** As command tags count them. */
  counted: number
  error: string
  columns: readonly Column[] | undefined
  copies: 'no' | 'in' | 'out' | 'both'
  data: KeptBytes | undefined
  endNs: number
  /** It has its row, though the server still answers it. */
  isShown: boolean
}

type Asked = Partial<Pick<Request, 'statement' | 'portal' | 'before'>>

export function request(
  kind: Kind,
  req: string,
  { startNs }: Pick<Message, 'startNs'>,
  asked: Asked = {},
): Request {
  return {
    kind,
    startNs,
    req,
    statement: asked.statement,
    portal: asked.portal,
    before: asked.before,
    text: '',
    isFull: false,
    beside: 0,
    rows: 0,
    counted: 0,
    error: '',
    columns: undefined,
    copies: 'no',
    data: undefined,
    endNs: startNs,
    isShown: false,
  }
}

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 300

/** Only the request that is being answered has more: the part of the answer that is kept. */
export const heldBy = ({ req, portal }: Request): number =>
  REQUEST_BYTES + 2 * (req.length + (portal?.values.length ?? 0))

/** Parameters beyond this many are not shown. */
const MOST_VALUES = 1024

type Settings = Pick<ProtocolSettings, 'bodyLimit' | 'redact'>

/** A string of the message, and where it ends. */
function stringAt({ bytes, to }: Message, start: number): { text: string; next: number } {
  const at = Math.min(start, to)
  const nul = stringEnd(bytes, at, to)
  const end = nul < 0 ? to : nul
  return { text: end === at ? '' : utf8(bytes, at, end), next: end + 1 }
}

/** The statement at `at`, cut at the limit of bodies. */
function sqlAt(
  { bytes, to }: Message,
  start: number,
  { bodyLimit, redact }: Settings,
): { sql: Sql; next: number } {
  const at = Math.min(start, to)
  const nul = stringEnd(bytes, at, to)
  const end = nul < 0 ? to : nul
  const cut = Math.min(end, at + bodyLimit)
  return { sql: sqlOf(bytes, at, cut, cut < end || nul < 0, redact), next: end + 1 }
}

const query = (message: Message, settings: Settings): Request =>
  request('Query', sqlAt(message, message.from, settings).sql.text, message)

function parse(message: Message, prepared: Prepared, settings: Settings): Request {
  const { bytes, to, from } = message
  const name = stringAt(message, from)
  const { sql, next } = sqlAt(message, name.next, settings)
  const types: number[] = []
  const count = next + 2 <= to ? uint16(bytes, next) : 0
  for (let at = next + 2; at + 4 <= to && types.length < Math.min(count, MOST_VALUES); at += 4)
    types.push(int32(bytes, at))
  const statement: Statement = { name: name.text, sql, types, columns: undefined }
  return request('Parse', sql.text, message, { statement, before: prepared.prepare(statement) })
}

function bind(message: Message, prepared: Prepared, settings: Settings): Request {
  const { bytes, to, from } = message
  const name = stringAt(message, from)
  const ofStatement = stringAt(message, name.next)
  const statement = prepared.statement(ofStatement.text)
  const formats = formatsAt(bytes, ofStatement.next, to)
  const { values, next } = valuesAt(message, formats, statement, settings)
  const results = next < 0 ? undefined : formatsAt(bytes, next, to)
  const portal: Portal = {
    name: name.text,
    statement,
    values,
    formats: results && next + 2 + 2 * results.length <= to ? results : undefined,
    columns: undefined,
  }
  prepared.bind(portal)
  return request('Bind', '', message, { portal })
}

/** How scripts expect it: of a portal the statement, and its values. */
export const reqOf = ({ req, portal }: Request): string =>
  portal ? `query=[${portal.statement.sql.text}] params=[${portal.values}]` : req

function formatsAt(bytes: Uint8Array, at: number, to: number): number[] {
  const count = at + 2 <= to ? uint16(bytes, at) : 0
  const formats: number[] = []
  for (let i = 0; i < count && at + 4 + 2 * i <= to; i++) formats.push(uint16(bytes, at + 2 + 2 * i))
  return formats
}

export const formatOf = (formats: readonly number[], i: number): number =>
  formats.length === 0 ? TEXT : ((formats.length === 1 ? formats[0] : formats[i]) ?? UNKNOWN)

/** The values, and where they end; -1: not where they can be seen. */
function valuesAt(
  message: Message,
  formats: readonly number[],
  { sql, types }: Statement,
  { bodyLimit, redact }: Settings,
): { values: string; next: number } {
  const { bytes, to } = message
  let at = valuesBegin(message, formats)
  if (at + 2 > to) return { values: CUT, next: -1 }
  const count = uint16(bytes, at)
  at += 2
  const values: string[] = []
  let room = bodyLimit
  for (let i = 0; i < count; i++) {
    if (at + 4 > to) return { values: [...values, CUT].join(', '), next: -1 }
    const length = Math.max(-1, int32(bytes, at))
    const start = at + 4
    at = start + Math.max(0, length)
    if (values.length >= MOST_VALUES || room <= 0) {
      if (values.at(-1) !== CUT) values.push(CUT)
      continue
    }
    const isSecret = redact && length >= 0 && sql.secrets.has(i + 1)
    const value = { bytes, start, length, to }
    const text = isSecret ? REDACTED : shownValue(value, formatOf(formats, i), types[i] ?? 0, room)
    values.push(text)
    room -= text.length + 2
  }
  return { values: safeText(values.join(', '), redact), next: at <= to ? at : -1 }
}

/** Behind the two names and the formats. */
function valuesBegin(message: Message, formats: readonly number[]): number {
  const second = stringAt(message, stringAt(message, message.from).next)
  return second.next + 2 + 2 * formats.length
}

interface Value {
  readonly bytes: Uint8Array
  readonly start: number
  /** -1: NULL. */
  readonly length: number
  /** Bytes behind it weren't kept. */
  readonly to: number
}

/** A value in so many characters at most. */
export function shownValue(
  { bytes, start, length, to }: Value,
  format: number,
  type: number,
  room: number,
): string {
  if (length < 0) return 'NULL'
  const end = Math.min(start + length, to)
  if (end <= start) return length === 0 ? '' : CUT
  if (format !== TEXT && end < start + length) return `<binary ${length} bytes>`
  if (format === TEXT && end - start > room) return valueText(bytes, start, start + room, TEXT, 0) + CUT
  const text = valueText(bytes, start, end, format, type)
  if (text.length > room) return text.slice(0, room) + CUT
  return end < start + length ? text + CUT : text
}

export function addData(
  request: Request,
  bytes: Uint8Array,
  from: number,
  to: number,
  { bodyLimit }: Settings,
): void {
  if (request.copies === 'both') return
  request.data ??= new KeptBytes(bodyLimit)
  request.data.add(bytes, from, to)
}

function execute(message: Message, prepared: Prepared): Request {
  const { text: name } = stringAt(message, message.from)
  const portal = prepared.portal(name)
  const req = portal ? '' : `query=[${unknownPortal(name)}] params=[]`
  return request('Execute', req, message, { portal })
}

/** As they were described for the portal, else for its statement. */
export const columnsOf = (portal: Portal): readonly Column[] | undefined =>
  portal.columns ?? portal.statement.columns?.map((column, i) => formatted(column, i, portal))

const unknownPortal = (name: string): string =>
  name === '' ? '<unknown statement>' : `<unknown portal ${name}>`

const formatted = (column: Column, i: number, { formats }: Portal): Column => ({
  ...column,
  format: formats ? formatOf(formats, i) : UNKNOWN,
})

const PORTAL = 0x50

function describe(message: Message, prepared: Prepared): Request {
  const { text: name } = stringAt(message, message.from + 1)
  if (message.bytes[message.from] === PORTAL) {
    const portal = prepared.portal(name)
    return request('Describe', portal ? '' : unknownPortal(name), message, { portal })
  }
  const statement = prepared.statement(name)
  return request('Describe', statement.sql.text, message, { statement })
}

function close(message: Message, prepared: Prepared): Request {
  const { text: name } = stringAt(message, message.from + 1)
  prepared.close(message.bytes[message.from] === PORTAL, name)
  return request('Close', name, message)
}

/** The function's number, and its arguments: formats, then values. */
function functionCall(message: Message, { bodyLimit, redact }: Settings): Request {
  const { bytes, from, to } = message
  const formats = formatsAt(bytes, from + 4, to)
  let at = from + 6 + 2 * formats.length
  const count = at + 2 <= to ? uint16(bytes, at) : 0
  at += 2
  const values: string[] = []
  let room = bodyLimit
  for (let i = 0; i < Math.min(count, MOST_VALUES) && room > 0 && at + 4 <= to; i++) {
    const length = Math.max(-1, int32(bytes, at))
    const text = shownValue({ bytes, start: at + 4, length, to }, formatOf(formats, i), 0, room)
    values.push(text)
    room -= text.length + 2
    at += 4 + Math.max(0, length)
  }
  const shown = safeText(values.join(', '), redact)
  return request('FunctionCall', `function ${int32(bytes, from) >>> 0} (${shown})`, message)
}

/** Names and values of the parameters of a connection. */
export function startup(message: Message, { redact }: Settings): Request {
  const parts: string[] = []
  for (let at = message.from + 4; at < message.to && message.bytes[at] !== 0; ) {
    const name = stringAt(message, at)
    const value = stringAt(message, name.next)
    parts.push(`${name.text}=${value.text}`)
    at = value.next
  }
  return request('StartupMessage', safeText(parts.join(' '), redact), message)
}

/** The request that a message of the client is; undefined for Flush and Terminate, which nothing answers. */
export function requestOf(message: Message, prepared: Prepared, settings: Settings): Request | undefined {
  switch (message.letter) {
    case CLIENT.query:
      return query(message, settings)
    case CLIENT.parse:
      return parse(message, prepared, settings)
    case CLIENT.bind:
      return bind(message, prepared, settings)
    case CLIENT.execute:
      return execute(message, prepared)
    case CLIENT.describe:
      return describe(message, prepared)
    case CLIENT.close:
      return close(message, prepared)
    case CLIENT.functionCall:
      return functionCall(message, settings)
    case CLIENT.sync:
      return request('Sync', '', message)
    default:
      return undefined
  }
}
