/** What a client asks, as it is kept until its answer is there. */
import { isUtf8 } from 'node:buffer'
import { wholeCharacters } from '../lib/body-text'
import { latin1, utf8 } from '../lib/bytes'
import type { ProtocolSettings } from '../protocol'
import { Fields } from './fields'
import { COM } from './numbers'
import type { Packet } from './packets'
import { parametersIn } from './parameters'
import { safeStatement, type Template } from './secrets'
import type { Execution } from './statements'

export interface Request {
  /** As the pairing numbers it. */
  seq: number
  /** Read to its end, or to where it was cut. */
  done: boolean
  isCut: boolean
  readonly command: number
  /** Arguments, without secrets; of a statement that is prepared, what is shown of it. */
  readonly text: string
  /** The statement that is prepared. */
  readonly statement: Template | undefined
  readonly execution: Execution | undefined
  /** The database in use behind it. */
  readonly database: string | undefined
  readonly startNs: number
  endNs: number
  held: number
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const CONTROL = /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/g

/** A statement's text, in UTF-8 or else one character a byte; bytes within it that are no text are dots. */
export function statementText(bytes: Uint8Array): string {
  const end = wholeCharacters(bytes)
  const text = isUtf8(bytes.subarray(0, end)) ? utf8(bytes, 0, end) : latin1(bytes, 0, bytes.length)
  return text.replace(CONTROL, '.')
}

/**
 * The statement of COM_QUERY, with its attributes as a comment behind it. Without attributes their number, 0, and that of their
 * sets, 1, stand in front of it all the same: no statement begins so, wherever it isn't known what was agreed on.
 */
export function queryText(
  { bytes, size }: Packet,
  isAttributed: boolean | undefined,
  settings: ProtocolSettings,
): string {
  const { bodyLimit } = settings
  const fields = new Fields(bytes, 1)
  const looksAttributed = bytes.length > 2 && bytes[1]! < 9 && bytes[2] === 1
  if (!(isAttributed ?? looksAttributed))
    return safeStatement(statementText(bytes.subarray(1, 1 + bodyLimit)), settings)
  const count = fields.length()
  fields.skip(1)
  if (count === 0)
    return safeStatement(statementText(fields.take(Math.min(bodyLimit, fields.left))), settings)
  const found = parametersIn(fields, {
    count,
    isNamed: true,
    types: undefined,
    longData: undefined,
    isWhole: false,
  })
  if (!found || fields.isShort) return size > bytes.length ? '<attributes>' : ''
  const attributes = found.values.map((value, i) => `${found.names[i]}=${value.replaceAll('*/', '* /')}`)
  const text = statementText(fields.take(Math.min(bodyLimit, fields.left)))
  const behind = ` /* ${attributes.join(', ')} */`.slice(0, bodyLimit)
  return safeStatement(text + behind, settings)
}

/** What is shown of commands that carry no statement of their own. */
export function argumentsText(command: number, { bytes, size }: Packet): string {
  const fields = new Fields(bytes, 1)
  switch (command) {
    case COM.INIT_DB:
    case COM.CREATE_DB:
    case COM.DROP_DB:
      return statementText(fields.take(fields.left))
    case COM.FIELD_LIST:
      return `${fields.terminated()} ${fields.rest()}`.trim()
    case COM.REFRESH:
    case COM.SHUTDOWN:
      return fields.left > 0 ? String(fields.number(1)) : ''
    case COM.PROCESS_KILL:
      return String(fields.number(4))
    case COM.SET_OPTION:
      return String(fields.number(2))
    case COM.CLOSE:
    case COM.RESET:
      return `Statement ${fields.number(4)}`
    case COM.FETCH:
      return `Statement ${fields.number(4)}, rows = ${fields.number(4)}`
    case COM.LONG_DATA:
      return `Statement ${fields.number(4)}, parameter ${fields.number(2)}, ${size - LONG_HEAD} bytes`
    default:
      return replicationText(command, fields)
  }
}

/** In front of the data of COM_STMT_SEND_LONG_DATA. */
export const LONG_HEAD = 7

/** Where a replica wants to begin; its user and password are left out. */
function replicationText(command: number, fields: Fields): string {
  if (command === COM.REGISTER_SLAVE) return `Server ${fields.number(4)} ${fields.text()}`.trim()
  if (command === COM.BINLOG_DUMP) {
    const position = fields.number(4)
    fields.skip(6)
    return `${fields.rest()}:${position}`
  }
  if (command !== COM.BINLOG_DUMP_GTID) return ''
  fields.skip(6)
  const file = fields.take(fields.number(4))
  return `${statementText(file)}:${fields.number(4) + 2 ** 32 * fields.number(4)}`
}

const LONGEST_USE = 300
const USE = /^\s*use\s+(?:`([^`]+)`|([^\s;`]+))\s*;?\s*$/i

/** The database that a statement changes to, if it does. */
export function usedDatabase(statement: string): string | undefined {
  const found = statement.length > LONGEST_USE ? undefined : USE.exec(statement)
  return found ? (found[1] ?? found[2]) : undefined
}
