/**
 * The packets that end answers:
 *
 *     OK     00 or fe  rows  last id  status:2  warnings:2  [text]  [changes of the session]
 *     EOF    fe  warnings:2  status:2
 *     ERR    ff  number:2  '#' state:5  text
 */
import { Fields, textOf } from './fields'
import { SESSION_CHANGED } from './numbers'

export const OK = 0x00
export const EOF = 0xfe
export const ERR = 0xff
export const EOF_SIZE = 5
/** The number of an error that is a report of progress (MariaDB). */
const PROGRESS = 0xffff
const SCHEMA = 1
const MOST_TEXT = 1024

export interface Ending {
  readonly status: number
  readonly rows: number
  readonly lastId: number
  readonly warnings: number
  readonly info: string
  /** The database in use, if it changed. */
  readonly database: string | undefined
}

/** Undefined where the bytes are none. */
export function okIn(bytes: Uint8Array): Ending | undefined {
  const fields = new Fields(bytes, 1)
  const rows = fields.length()
  const lastId = fields.length()
  const status = fields.number(2)
  const warnings = fields.number(2)
  if (fields.isShort || rows < 0 || lastId < 0) return undefined
  const { info, database } = infoIn(fields, status)
  return { status, rows, lastId, warnings, info, database }
}

export function eofIn(bytes: Uint8Array): Ending {
  const fields = new Fields(bytes, 1)
  const warnings = fields.number(2)
  return { status: fields.number(2), rows: 0, lastId: 0, warnings, info: '', database: undefined }
}

/** Where sessions are tracked, the text has its length in front; which is the case isn't always known. */
function infoIn(fields: Fields, status: number): Pick<Ending, 'info' | 'database'> {
  if (fields.left === 0) return { info: '', database: undefined }
  const behind = new Fields(fields.bytes, fields.pos)
  const info = behind.take(behind.length())
  const isTracked = !behind.isShort && ((status & SESSION_CHANGED) !== 0 || behind.left === 0)
  if (!isTracked) return { info: printable(fields.rest()), database: undefined }
  const database = (status & SESSION_CHANGED) !== 0 ? databaseIn(behind) : undefined
  return { info: printable(textOf(info)), database }
}

function databaseIn(fields: Fields): string | undefined {
  let database: string | undefined
  fields.length()
  while (fields.left > 0 && !fields.isShort) {
    const type = fields.number(1)
    const data = fields.take(fields.length())
    if (type === SCHEMA && !fields.isShort) database = new Fields(data).text()
  }
  return database
}

export interface Failure {
  readonly code: number
  /** `ERROR 1064 (42000): …`, as the client prints it. */
  readonly text: string
}

export const isProgress = (bytes: Uint8Array): boolean =>
  bytes[0] === ERR && (bytes[1]! | (bytes[2]! << 8)) === PROGRESS

export function failureIn(bytes: Uint8Array): Failure {
  const fields = new Fields(bytes, 1)
  const code = fields.number(2)
  let state = ''
  if (bytes[fields.pos] === 0x23) {
    fields.skip(1)
    state = ` (${textOf(fields.take(5))})`
  }
  return { code, text: printable(`ERROR ${code}${state}: ${fields.rest()}`) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const CONTROL = /[\x00-\x08\x0e-\x1f\x7f]/g
const printable = (text: string): string => text.slice(0, MOST_TEXT).replace(CONTROL, '.')

/** What an ending says, in words; '' where it says nothing. */
export function endingText({ rows, lastId, warnings, info }: Ending): string {
  const said: string[] = []
  if (rows > 0) said.push(`Rows affected = ${rows}`)
  if (lastId > 0) said.push(`last insert id = ${lastId}`)
  if (warnings > 0) said.push(`warnings = ${warnings}`)
  if (info !== '') said.push(info)
  return said.join(', ')
}
