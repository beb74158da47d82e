/** What the server's messages mean for the request that they answer. */
import { utf8 } from '../lib/bytes'
import type { ProtocolSettings } from '../protocol'
import { reportOf } from './fields'
import type { Message } from './framing'
import { int32, SERVER, stringEnd, uint16 } from './letters'
import type { Column } from './prepared'
import { columnsOf, KINDS, type Kind, type Request, shownValue } from './requests'
import { CUT, isSecretColumn, REDACTED } from './texts'
import { TEXT, UNKNOWN } from './values'

/** 'fails': the server passes over the rest up to the next Sync. 'no': such a message doesn't answer such a request. */
export type Step = 'goes-on' | 'ends' | 'fails' | 'no'

/** Letters of the messages behind which the request goes on, and of those that end it. */
const STEPS: Readonly<Record<Kind, readonly [goesOn: string, ends: string]>> = {
  Query: ['TDCIdcGHWE', 'Z'],
  Parse: ['', '1'],
  Bind: ['', '2'],
  Describe: ['t', 'Tn'],
  Execute: ['DdcGHW', 'CIs'],
  Close: ['', '3'],
  Sync: ['E', 'Z'],
  FunctionCall: ['VE', 'Z'],
  StartupMessage: ['RKvE', 'Z'],
}

const stepsOf = ([goesOn, ends]: readonly [string, string]): readonly (Step | undefined)[] => {
  const steps: Step[] = []
  steps[SERVER.error] = 'fails'
  for (const name of ends) steps[name.charCodeAt(0)] = 'ends'
  for (const name of goesOn) steps[name.charCodeAt(0)] = 'goes-on'
  steps[SERVER.notice] = 'goes-on'
  return steps
}

const BY_LETTER: ReadonlyMap<Kind, readonly (Step | undefined)[]> = new Map(
  KINDS.map((kind) => [kind, stepsOf(STEPS[kind])]),
)

export const stepOf = (kind: Kind, letter: number): Step => BY_LETTER.get(kind)![letter] ?? 'no'

/** Characters that tags, notices and errors may take together. */
const MOST_BESIDE = 8192
const MOST_COLUMNS = 1664
const COLUMN_BYTES = 18

type Settings = Pick<ProtocolSettings, 'bodyLimit' | 'redact'>

/** Takes in what the message says. */
export function hear(request: Request, message: Message, settings: Settings): void {
  request.endNs = Math.max(request.startNs, message.endNs)
  switch (message.letter) {
    case SERVER.rowDescription:
      describes(request, message, settings)
      return
    case SERVER.parameters:
      if (request.statement) request.statement.types = typesOf(message)
      return
    case SERVER.dataRow:
      addRow(request, message, settings)
      return
    case SERVER.commandComplete:
      addTag(request, textAt(message, message.from))
      return
    case SERVER.suspended:
      addLine(request, 'PortalSuspended')
      return
    case SERVER.emptyQuery:
      addLine(request, 'EmptyQueryResponse')
      return
    case SERVER.parseComplete:
      addLine(request, 'PARSE COMPLETE')
      return
    case SERVER.copyIn:
      request.copies = 'in'
      return
    case SERVER.copyOut:
      request.copies = 'out'
      return
    case SERVER.copyBoth:
      request.copies = 'both'
      addLine(request, 'CopyBothResponse: a stream of replication follows, which is not shown')
      return
    case SERVER.copyData:
      if (request.copies === 'out') addData(request, message, settings)
      return
    case SERVER.functionResult:
      addValue(request, message, settings)
      return
    case SERVER.authentication:
      addAuthentication(request, message)
      return
    case SERVER.notice:
    case SERVER.error:
      addReport(request, message, settings)
      return
  }
}

/** A line that stands whatever there is of rows, within bounds. */
function addLine(request: Request, line: string): void {
  if (request.beside > MOST_BESIDE) return
  request.beside += line.length
  append(request, request.beside > MOST_BESIDE ? CUT : line)
}

function append(request: Request, line: string): void {
  request.text += request.text === '' ? line : `\n${line}`
}

/** A line of rows, as long as there is room. */
function addShown(request: Request, line: string, { bodyLimit }: Settings): void {
  if (request.isFull) return
  // With the line break in front.
  const room = bodyLimit - request.text.length - (request.text === '' ? 0 : 1)
  request.isFull = line.length > room
  append(request, request.isFull ? line.slice(0, Math.max(0, room)) + CUT : line)
}

const textAt = ({ bytes, to }: Message, at: number): string => {
  const nul = stringEnd(bytes, at, to)
  return utf8(bytes, at, nul < 0 ? to : nul)
}

function describes(request: Request, message: Message, settings: Settings): void {
  const columns = describedIn(message, settings)
  if (request.kind !== 'Describe') {
    request.columns = columns
    addShown(request, headerOf(columns), settings)
  } else if (request.portal) request.portal.columns = columns
  else if (request.statement) request.statement.columns = columns
}

const headerOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(',')

/** For each column: name, table, number there, type, size, modifier, format. */
function describedIn({ bytes, from, to }: Message, { redact }: Settings): Column[] {
  const count = from + 2 <= to ? Math.min(uint16(bytes, from), MOST_COLUMNS) : 0
  const columns: Column[] = []
  for (let at = from + 2; columns.length < count; ) {
    const nul = stringEnd(bytes, at, to)
    if (nul < 0 || nul + 1 + COLUMN_BYTES > to) break
    const name = utf8(bytes, at, nul)
    const type = int32(bytes, nul + 7)
    const format = uint16(bytes, nul + 17)
    columns.push({ name, type, format, isSecret: isSecretColumn(name, redact) })
    at = nul + 1 + COLUMN_BYTES
  }
  return columns
}

function typesOf({ bytes, from, to }: Message): number[] {
  const count = from + 2 <= to ? uint16(bytes, from) : 0
  const types: number[] = []
  for (let at = from + 2; at + 4 <= to && types.length < count; at += 4) types.push(int32(bytes, at))
  return types
}

function addRow(request: Request, message: Message, settings: Settings): void {
  const isFirst = request.rows++ === 0
  if (request.isFull) return
  if (isFirst && request.portal) {
    // Perhaps they were described behind the request, and still before its answer.
    request.columns = columnsOf(request.portal)
    if (request.columns) addShown(request, headerOf(request.columns), settings)
  }
  addShown(request, rowText(request, message, settings), settings)
}

function rowText({ columns }: Request, { bytes, from, to }: Message, { bodyLimit }: Settings): string {
  const count = from + 2 <= to ? Math.min(uint16(bytes, from), MOST_COLUMNS) : 0
  let line = ''
  let at = from + 2
  for (let i = 0; i < count; i++) {
    if (line.length > bodyLimit || at + 4 > to) return `${line}${CUT}`
    const length = Math.max(-1, int32(bytes, at))
    const column = columns?.[i]
    const value = { bytes, start: at + 4, length, to }
    if (i > 0) line += ','
    const format = column?.format ?? UNKNOWN
    line +=
      column?.isSecret && length >= 0 ? REDACTED : shownValue(value, format, column?.type ?? 0, bodyLimit)
    at += 4 + Math.max(0, length)
  }
  return line
}

/** `INSERT 0 5`, `SELECT 2`, `COPY 3`, `BEGIN`. */
function addTag(request: Request, tag: string): void {
  const count = / (\d{1,15})$/.exec(tag)?.[1]
  if (count !== undefined) request.counted += Number(count)
  addLine(request, tag)
}

function addData(request: Request, { bytes, from, to, size }: Message, settings: Settings): void {
  if (request.isFull) return
  const text = shownValue({ bytes, start: from, length: size, to }, TEXT, 0, settings.bodyLimit)
  addShown(request, text.replace(/\n$/, ''), settings)
}

function addValue(request: Request, { bytes, from, to }: Message, settings: Settings): void {
  if (from + 4 > to) return
  const length = Math.max(-1, int32(bytes, from))
  const value = { bytes, start: from + 4, length, to }
  addShown(request, shownValue(value, UNKNOWN, 0, settings.bodyLimit), settings)
}

const METHODS: Readonly<Record<number, string>> = {
  2: 'AuthenticationKerberosV5',
  3: 'AuthenticationCleartextPassword',
  5: 'AuthenticationMD5Password',
  6: 'AuthenticationSCMCredential',
  7: 'AuthenticationGSS',
  9: 'AuthenticationSSPI',
  10: 'AuthenticationSASL',
}

/** How the client was asked to prove who it is, and that it did. What it said for it is kept nowhere. */
function addAuthentication(request: Request, { bytes, from, to }: Message): void {
  if (from + 4 > to) return
  const code = int32(bytes, from)
  if (code === 0) addLine(request, 'AuthenticationOk')
  else if (code === 10) addLine(request, `${METHODS[10]} ${mechanismsAt(bytes, from + 4, to).join(' ')}`)
  else if (METHODS[code]) addLine(request, METHODS[code])
}

function mechanismsAt(bytes: Uint8Array, from: number, to: number): string[] {
  const names: string[] = []
  for (let at = from; at < to && bytes[at] !== 0 && names.length < 8; ) {
    const nul = stringEnd(bytes, at, to)
    const end = nul < 0 ? to : nul
    names.push(utf8(bytes, at, end))
    at = end + 1
  }
  return names
}

function addReport(request: Request, { bytes, from, to, letter }: Message, { redact }: Settings): void {
  const { code, text } = reportOf(bytes, from, to, redact)
  if (letter === SERVER.error) request.error ||= code
  addLine(request, text)
}
