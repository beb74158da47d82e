/**
 * The server's answer to a command ("Command Phase"), packet by packet. Most have one of these forms; each but the last of several
 * results says in its end that more follow:
 *
 *     OK | ERR | EOF
 *     number of columns  (column)…  [EOF]  (row)…  (EOF | OK)
 *     fb file            the client's data, up to an empty packet  (OK | ERR)
 *     prepared           00 statement:4 columns:2 parameters:2 …  (parameter)… [EOF]  (column)… [EOF]
 *
 * Whether an EOF stands in brackets was agreed on at the login; a packet of five bytes that begins with fe is one, and nothing else
 * at those places is.
 */
import type { Answer } from '../lib/pairing'
import { Fields } from './fields'
import { COM, CURSOR_EXISTS, isDump, MORE_RESULTS } from './numbers'
import { type Ending, EOF, EOF_SIZE, ERR, endingText, eofIn, failureIn, isProgress, OK, okIn } from './ok'
import { MAX_PACKET, type Packet } from './packets'
import type { Request } from './request'

export const UNKNOWN = 0
export const NONE = 1
export const SUCCESS = 2
export const FAILED = 3

const INFILE = 0xfb
const OLD_END = 9
const LEAST_OK = 7
const LEAST_ERROR = 9
/** No end of rows is longer. */
const MOST_ENDING = 4096
const PREPARED_SIZE = 12
/** Results of a command that are told one by one. */
const MOST_RESULTS = 16

type Place =
  | 'first'
  | 'columns'
  | 'behind columns'
  | 'rows'
  | 'definitions'
  | 'fields'
  | 'infile'
  | 'login'
  | 'dump'

export interface Prepared {
  readonly id: number
  readonly parameters: number
}

export class Response {
  done = false
  isCut = false
  isRunning = false
  endNs = 0
  status = UNKNOWN
  rowsSent = 0
  rowsAffected = 0
  errorCode = 0
  /** What ended the definitions of a prepared statement may still come. */
  mayTrail = false
  prepared: Prepared | undefined
  database: string | undefined
  readonly answer: Answer<Request>
  readonly #command: number | undefined
  /** Columns end with an EOF; undefined: that isn't known. */
  #hasEof: boolean | undefined
  #place: Place = 'first'
  #left = 0
  #groups: number[] = []
  #rows = 0
  #results = 0
  readonly #texts: string[] = []

  constructor(answer: Answer<Request>, command: number | undefined, hasEof: boolean | undefined) {
    this.answer = answer
    this.#command = command
    this.#hasEof = hasEof
    if (command === COM.CONNECT || command === COM.CHANGE_USER) this.#place = 'login'
    else if (command === COM.FETCH) this.#place = 'rows'
    else if (command !== undefined && isDump(command)) this.#place = 'dump'
  }

  /** The client sends a file. */
  get takesFile(): boolean {
    return this.#place === 'infile'
  }

  /** Both sides speak in turns. */
  get isLogin(): boolean {
    return this.#place === 'login'
  }

  get isDump(): boolean {
    return this.#place === 'dump'
  }

  get hasEof(): boolean | undefined {
    return this.#hasEof
  }

  get text(): string {
    const texts = [...this.#texts]
    if (this.#place === 'rows' && !this.done) texts.push(`Resultset rows = ${this.#rows}`)
    if (this.#results > MOST_RESULTS) texts.push(`… ${this.#results} results`)
    return texts.filter((text) => text !== '').join('; ')
  }

  /** Rows so far, of all results. */
  get rows(): number {
    return this.rowsSent + this.#rows
  }

  /** Packets that come now are mostly rows or columns. */
  get isOfMany(): boolean {
    return this.#place === 'rows' || this.#place === 'columns'
  }

  /** Takes a packet that begins with this byte, if that is a row or column for sure. */
  passes(first: number): boolean {
    if (first === ERR || (this.#place === 'rows' && first === EOF)) return false
    if (this.#place === 'rows') this.#rows++
    else if (this.#place === 'columns') this.#column()
    else return false
    return true
  }

  /** Takes the next packet; true when the answer ends with it, 'invalid' when it can't be one of it. */
  take(packet: Packet): boolean | 'invalid' {
    const { bytes, size } = packet
    const first = size > 0 ? (bytes[0] ?? -1) : -1
    if (packet.isHoled && !this.#canMiss(packet, first)) return 'invalid'
    if (first === ERR && isProgress(bytes)) return false
    if (first === ERR && this.#place !== 'columns') return this.#fails(bytes)
    switch (this.#place) {
      case 'first':
        return this.#begins(packet, first)
      case 'login':
        return this.#logsIn(bytes, size, first)
      case 'columns':
        return this.#column()
      case 'behind columns':
        return this.#behindColumns(packet, first)
      case 'rows':
        return this.#row(packet, first)
      case 'definitions':
        return this.#defines(size, first)
      case 'fields':
        return this.#field(bytes, size, first)
      case 'infile':
        return this.#endsWith(first === OK ? okIn(bytes) : undefined)
      case 'dump':
        return first === EOF && size < OLD_END ? this.#ends(eofIn(bytes)) : false
    }
  }

  // ───────────────────────────────────────────────────────────────────────────

  /** What was lost of the packet isn't needed: it is a row or a definition for sure, or the text of an error. */
  #canMiss({ bytes, size }: Packet, first: number): boolean {
    if (this.#place === 'columns') return true
    if (first === ERR) {
      this.isCut = true
      return bytes.length >= LEAST_ERROR
    }
    const isMany = this.#place === 'rows' || this.#place === 'dump' || this.#place === 'definitions'
    return isMany && (first >= 0 ? first !== EOF : size > MOST_ENDING)
  }

  #begins(packet: Packet, first: number): boolean | 'invalid' {
    const { bytes, size } = packet
    const command = this.#command
    if (command === COM.STATISTICS) {
      this.#results = 1
      this.#texts.push(new Fields(bytes).rest())
      this.status = SUCCESS
      return true
    }
    if (command === COM.PREPARE && first === OK && size >= PREPARED_SIZE) return this.#prepares(bytes)
    if (first === OK && size >= LEAST_OK) return this.#endsWith(okIn(bytes))
    if (first === EOF && size < OLD_END) return this.#ends(eofIn(bytes))
    if (command === COM.FIELD_LIST) {
      this.#place = 'fields'
      return this.#field(bytes, size, first)
    }
    if (first === INFILE && size > 1) {
      this.#place = 'infile'
      this.#texts.push(`File ${new Fields(bytes, 1).rest()}`)
      return false
    }
    return this.#columns(bytes, size)
  }

  #columns(bytes: Uint8Array, size: number): boolean | 'invalid' {
    const fields = new Fields(bytes)
    // Whether columns are described may be said: by MySQL in front of their number, by MariaDB behind it.
    const isBehind = size === 2 && bytes[1]! <= 1
    const before = !isBehind && size > 1 && bytes[0]! <= 1 ? fields.number(1) : 1
    const columns = fields.length()
    const behind = isBehind ? fields.number(1) : 1
    if (fields.isShort || fields.left > 0 || columns <= 0) return 'invalid'
    this.#left = columns
    this.#place = before === 1 && behind === 1 ? 'columns' : 'behind columns'
    return false
  }

  #column(): boolean {
    if (--this.#left === 0) this.#place = 'behind columns'
    return false
  }

  #behindColumns(packet: Packet, first: number): boolean | 'invalid' {
    const isEof = first === EOF && packet.size === EOF_SIZE
    this.#hasEof = isEof
    this.#place = 'rows'
    if (!isEof) return this.#row(packet, first)
    const ending = eofIn(packet.bytes)
    if ((ending.status & CURSOR_EXISTS) === 0) return false
    return this.#endsRows(ending, 'Cursor')
  }

  #row({ bytes, size }: Packet, first: number): boolean {
    const isEnd = first === EOF && size < (this.#hasEof === false ? MAX_PACKET : OLD_END)
    const ending = !isEnd ? undefined : size === EOF_SIZE ? eofIn(bytes) : okIn(bytes)
    if (!ending) {
      this.#rows++
      return false
    }
    const isOpened = this.#rows === 0 && (ending.status & CURSOR_EXISTS) !== 0 && this.#command !== COM.FETCH
    return this.#endsRows(ending, isOpened ? 'Cursor' : `Resultset rows = ${this.#rows}`)
  }

  #endsRows(ending: Ending, text: string): boolean {
    this.rowsSent += this.#rows
    this.#rows = 0
    return this.#ends(ending, [text, endingText(ending)].filter((part) => part !== '').join(', '))
  }

  #prepares(bytes: Uint8Array): boolean {
    const fields = new Fields(bytes, 1)
    const id = fields.number(4)
    const columns = fields.number(2)
    const parameters = fields.number(2)
    this.prepared = { id, parameters }
    this.status = SUCCESS
    this.#results = 1
    this.#texts.push(`Statement ${id}, parameters = ${parameters}, columns = ${columns}`)
    this.#groups = [parameters, columns].filter((count) => count > 0)
    this.#place = 'definitions'
    this.#left = this.#groups.shift() ?? 0
    return this.#left === 0
  }

  #defines(size: number, first: number): boolean {
    if (first === EOF && size === EOF_SIZE) {
      this.#hasEof = true
      return this.#left === 0 && this.#groups.length === 0
    }
    if (this.#left === 0) this.#left = this.#groups.shift() ?? 1
    this.#left--
    if (this.#left > 0 || this.#groups.length > 0) return false
    this.mayTrail = this.#hasEof === undefined
    return this.#hasEof !== true
  }

  #field(bytes: Uint8Array, size: number, first: number): boolean {
    if (first === EOF && size < OLD_END) return this.#endsRows(eofIn(bytes), `Fields = ${this.#left}`)
    this.#left++
    return false
  }

  /** An order to prove it otherwise (fe) and more for that (01) are answered by the client. */
  #logsIn(bytes: Uint8Array, size: number, first: number): boolean | 'invalid' {
    if (first === OK && size >= LEAST_OK) return this.#endsWith(okIn(bytes))
    return first === EOF || first === 1 ? false : 'invalid'
  }

  #fails(bytes: Uint8Array): boolean {
    const { code, text } = failureIn(bytes)
    this.status = FAILED
    this.errorCode = code
    this.rowsSent += this.#rows
    this.#rows = 0
    this.#tells(text)
    return true
  }

  #endsWith(ending: Ending | undefined): boolean | 'invalid' {
    return ending ? this.#ends(ending) : 'invalid'
  }

  #ends(ending: Ending, text = endingText(ending)): boolean {
    this.status = SUCCESS
    this.rowsAffected += ending.rows
    this.database = ending.database ?? this.database
    this.#tells(text)
    if ((ending.status & MORE_RESULTS) === 0) return true
    this.#place = 'first'
    return false
  }

  #tells(text: string): void {
    if (++this.#results <= MOST_RESULTS) this.#texts.push(text)
  }
}
