/**
 * Messages of PostgreSQL's protocol 3 (postgresql.org/docs/current/protocol-message-formats.html): a letter, a length in four bytes that
 * counts itself, and the content. Packets that begin a connection have no letter: length, code, content.
 */
import type { Side } from '../protocol'

export const HEADER = 5
/** Bytes of the length. */
export const LENGTH = 4

/** Codes of the packets that begin a connection. */
export const SSL_REQUEST = 80877103
export const GSSENC_REQUEST = 80877104
export const CANCEL_REQUEST = 80877102
export const MAJOR_VERSION = 3
/** `MAX_STARTUP_PACKET_LENGTH` of the server. */
export const MAX_STARTUP = 10_000
/** Length, code, process and a key of up to 256 bytes (protocol 3.2). */
export const MAX_CANCEL = 268

/** Neither end takes longer messages (`MaxAllocSize`). */
const MAX_LARGE = 0x3fffffff
/** Kinds that are always short: a server takes 10,000 bytes of them, libpq 30,000. */
const MAX_SMALL: Readonly<Record<Side, number>> = { client: 10_000, server: 30_000 }

/** [least length, large]; a third element is the only length. */
interface Shape {
  readonly least: number
  readonly most: number
}

const shapes = (side: Side, text: string): readonly (Shape | undefined)[] => {
  const list: Shape[] = []
  for (const [, letter, length, sign] of text.matchAll(/(\S)(\d+)([=+]?)/g)) {
    const least = Number(length)
    const most = sign === '=' ? least : sign === '+' ? MAX_LARGE : MAX_SMALL[side]
    list[letter!.charCodeAt(0)] = { least, most }
  }
  return list
}

/** Each letter with its least length; `=`: its only one, `+`: it may be large. */
const SHAPES: Readonly<Record<Side, readonly (Shape | undefined)[]>> = {
  client: shapes('client', 'B12+ C6 d4+ c4= f5 D6 E9 H4= F14+ P8+ p4+ Q5+ S4= X4='),
  server: shapes(
    'server',
    'R8 K12 24= 34= C5 d4+ c4= G7 H7 W7 D6+ I4= E5+ V8+ n4= N5+ A10+ t6 S6 14= s4= Z5= T6+ v12',
  ),
}

/** Whether a message of this side begins with such a letter. */
export const isLetter = (side: Side, letter: number): boolean => SHAPES[side][letter] !== undefined

/** Whether such a message may be so long. */
export function isLength(side: Side, letter: number, length: number): boolean {
  const shape = SHAPES[side][letter]
  return shape !== undefined && length >= shape.least && length <= shape.most
}

export const int32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

export const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** The offset of the NUL that ends the string at `at`, or -1 when it isn't before `end`. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  const nul = bytes.indexOf(0, at)
  return nul >= 0 && nul < end ? nul : -1
}

/** Letters by name, as the specification has them. */
const letter = (text: string): number => text.charCodeAt(0)

export const CLIENT = {
  bind: letter('B'),
  close: letter('C'),
  copyData: letter('d'),
  copyDone: letter('c'),
  copyFail: letter('f'),
  describe: letter('D'),
  execute: letter('E'),
  functionCall: letter('F'),
  parse: letter('P'),
  proof: letter('p'),
  query: letter('Q'),
  sync: letter('S'),
} as const

export const SERVER = {
  authentication: letter('R'),
  backendData: letter('K'),
  bindComplete: letter('2'),
  closeComplete: letter('3'),
  commandComplete: letter('C'),
  copyData: letter('d'),
  copyDone: letter('c'),
  copyIn: letter('G'),
  copyOut: letter('H'),
  copyBoth: letter('W'),
  dataRow: letter('D'),
  emptyQuery: letter('I'),
  error: letter('E'),
  functionResult: letter('V'),
  negotiate: letter('v'),
  noData: letter('n'),
  notice: letter('N'),
  notification: letter('A'),
  parameters: letter('t'),
  parameterStatus: letter('S'),
  parseComplete: letter('1'),
  suspended: letter('s'),
  ready: letter('Z'),
  rowDescription: letter('T'),
} as const
