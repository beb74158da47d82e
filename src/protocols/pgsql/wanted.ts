/** How many bytes of each message are looked at. */
import type { Side } from '../protocol'
import { OPENING } from './framing'
import { CLIENT, SERVER } from './letters'

/** Of statements with their types, of values, of columns: what is behind a long part is looked at too. */
const WIDE = 64 << 10
const NARROW = 512
const REPORT = 8 << 10
/** Lengths of the values of a row. */
const ROW_HEADERS = 4 << 10

/** `isFull`: no row that comes now is shown. */
export function wanted(side: Side, letter: number, bodyLimit: number, isFull: boolean): number {
  return side === 'client' ? ofClient(letter, bodyLimit) : ofServer(letter, bodyLimit, isFull)
}

function ofClient(letter: number, bodyLimit: number): number {
  switch (letter) {
    case CLIENT.parse:
    case CLIENT.bind:
      return Math.max(WIDE, bodyLimit + NARROW)
    case CLIENT.query:
    case CLIENT.functionCall:
      return bodyLimit + NARROW
    case CLIENT.copyData:
      return bodyLimit
    case CLIENT.proof:
      return 0
    case OPENING:
      return REPORT
    default:
      return NARROW
  }
}

function ofServer(letter: number, bodyLimit: number, isFull: boolean): number {
  switch (letter) {
    case SERVER.rowDescription:
    case SERVER.parameters:
      return WIDE
    case SERVER.dataRow:
    case SERVER.copyData:
      return isFull ? 0 : bodyLimit + ROW_HEADERS
    case SERVER.functionResult:
    case SERVER.notification:
      return bodyLimit + NARROW
    case SERVER.error:
    case SERVER.notice:
      return REPORT
    default:
      return NARROW
  }
}
