/** Requests as text, without secrets. */
import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { isCredential, redactText } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'
import { consistencyName } from './codes'
import { OP } from './envelope'
import { type Fields, hexOf, textOf } from './fields'
import { bytesText, type Room, roomOf, valueText } from './literals'
import { markerNames } from './markers'
import type { Column } from './metadata'
import { batchEnd, parametersOf, type Value, valuesOf } from './parameters'
import type { Statement, Statements } from './statements'

/** What a request says. */
export interface Asked {
  readonly text: string
  readonly consistency: string
  /** The keyspace that it names itself. */
  readonly keyspace: string | undefined
}

export interface Known {
  readonly statements: Statements
  readonly settings: ProtocolSettings
}

/** Numbers hold no secret by themselves. */
const MAY_HOLD = /^['[{(]/
const BATCHES = ['LOGGED', 'UNLOGGED', 'COUNTER']
/** Statements of a batch that are shown. */
const SHOWN_STATEMENTS = 64

/** Without secrets, up to the limit of bodies. */
export const safe = (text: string, { redact, bodyLimit }: ProtocolSettings): string =>
  (redact ? redactText(text) : text).slice(0, bodyLimit)

export const unknownStatement = (id: string): string => `<unknown statement ${id}>`

export function askedIn(opcode: number, fields: Fields, version: number, known: Known): Asked {
  switch (opcode) {
    case OP.STARTUP:
      return only(JSON.stringify(optionsOf(fields, known.settings)))
    case OP.REGISTER:
      return only(JSON.stringify(fields.texts()))
    case OP.AUTH_RESPONSE:
      return only(credentials(fields.longBytes()))
    case OP.QUERY:
      return queryOf(fields, version, known)
    case OP.EXECUTE:
      return executionOf(fields, version, known)
    case OP.BATCH:
      return batchOf(fields, version, known)
    case OP.PREPARE:
      return { ...only(safe(fields.longText(), known.settings)), keyspace: preparedIn(fields, version) }
    default:
      return only('')
  }
}

const only = (text: string): Asked => ({ text, consistency: '', keyspace: undefined })

/** From version 5 on a statement may be prepared for another keyspace. */
function preparedIn(fields: Fields, version: number): string | undefined {
  if (version < 5 || fields.left < 4) return undefined
  return (fields.int() & 1) !== 0 ? fields.text() : undefined
}

function optionsOf(fields: Fields, { redact }: ProtocolSettings): Record<string, string> {
  const pairs = fields.entries(fields.short(), () => {
    const name = fields.text()
    const value = fields.text()
    return [name, redact && isCredential(name) ? REDACTED : value] as const
  })
  return Object.fromEntries(pairs)
}

/** Of SASL PLAIN (RFC 4616) the user is shown: [authorization] NUL user NUL password. */
function credentials(token: Uint8Array | undefined): string {
  if (!token) return ''
  const parts = textOf(token).split('\0')
  return parts.length === 3 ? JSON.stringify({ user: parts[1], token: REDACTED }) : REDACTED
}

function queryOf(fields: Fields, version: number, known: Known): Asked {
  const statement = fields.longText()
  const { consistency, values, isWhole, keyspace } = parametersOf(fields, version)
  const text = safe(statement, known.settings)
  const shown = values.length > 0 ? withValues(text, values, isWhole, namesOf(statement), known) : text
  return { text: shown, consistency: fields.isShort ? '' : consistencyName(consistency), keyspace }
}

function executionOf(fields: Fields, version: number, known: Known): Asked {
  const id = hexOf(fields.shortBytes())
  if (version >= 5) fields.shortBytes()
  const { consistency, values, isWhole, keyspace } = parametersOf(fields, version)
  const statement = known.statements.get(id)
  const text = statement
    ? withValues(statement.text, values, isWhole, statement.columns, known)
    : unknownStatement(id)
  return { text, consistency: consistencyName(consistency), keyspace }
}

/** kind:1  number:2  (0 [text] or 1 [id]  number:2 value…)…  and what comes behind them */
function batchOf(fields: Fields, version: number, known: Known): Asked {
  const kind = fields.byte()
  const count = fields.short()
  const lines = [`BEGIN ${BATCHES[kind] ?? kind} BATCH`]
  const room = roomOf(known.settings.bodyLimit)
  let read = 0
  for (; read < count && !fields.isShort; read++) {
    const line = batched(fields, known, room, read < SHOWN_STATEMENTS && room.characters > 0)
    if (line !== undefined) lines.push(line)
  }
  const shown = lines.length - 1
  if (count > shown) lines.push(`… ${count - shown} more`)
  lines.push('APPLY BATCH')
  const { consistency, keyspace } = batchEnd(fields, version)
  return {
    text: lines.join(';\n'),
    consistency: fields.isShort ? '' : consistencyName(consistency),
    keyspace,
  }
}

function batched(fields: Fields, known: Known, room: Room, isShown: boolean): string | undefined {
  const isPrepared = fields.byte() === 1
  const source = isPrepared ? hexOf(fields.shortBytes()) : fields.longText()
  const count = fields.short()
  const values = valuesOf(fields, count, false)
  if (!isShown || (fields.isShort && source === '')) return undefined
  const statement: Statement | undefined = isPrepared
    ? known.statements.get(source)
    : { text: safe(source, known.settings), columns: count > 0 ? namesOf(source) : [] }
  if (!statement) return unknownStatement(source)
  room.characters -= statement.text.length
  if (values.length === 0) return statement.text
  return withValues(statement.text, values, values.length === count, statement.columns, known, room)
}

const namesOf = (statement: string): readonly Column[] =>
  markerNames(statement).map((name) => ({ name, type: undefined }))

/** As other protocols show it, which scripts read. */
function withValues(
  text: string,
  values: readonly Value[],
  isWhole: boolean,
  columns: readonly Column[] | undefined,
  { settings }: Known,
  room = roomOf(settings.bodyLimit),
): string {
  // Which of them is a secret isn't known then.
  if (!columns) return `query=[${text}] params=[<unknown values>]`
  const texts: string[] = []
  for (const [i, value] of values.entries()) {
    if (room.values <= 0 || room.characters <= 0) break
    const column = value.name === undefined ? columns[i] : columns.find(({ name }) => name === value.name)
    texts.push(textOfValue(value, column, settings, room))
  }
  if (!isWhole || texts.length < values.length) texts.push('…')
  return `query=[${text}] params=[${texts.join(', ')}]`
}

function textOfValue(
  { name, bytes, isSet, isCut }: Value,
  column: Column | undefined,
  settings: ProtocolSettings,
  room: Room,
): string {
  const { redact } = settings
  const label = name === undefined ? '' : `${name} = `
  if (!bytes) return label + (isSet ? 'null' : 'UNSET')
  if (redact && (isSecretName(name ?? '') || isSecretName(column?.name ?? ''))) return `${label}'${REDACTED}'`
  const shown = { redact, room }
  const text = column?.type ? valueText(column.type, bytes, isCut, shown) : bytesText(bytes, isCut, shown)
  return label + (MAY_HOLD.test(text) ? safe(text, settings) : text)
}
