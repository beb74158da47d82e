/**
 * Memcached's binary protocol (docs.memcached.org/protocols/binary): requests and responses have one form, numbers are big-endian.
 *
 *     magic:1 (0x80, 0x81) opcode:1 key:2 extras:1 type:1 (0) vbucket or status:2 body:4 opaque:4 cas:8
 *     extras, key, value      body: bytes of all three
 *
 *     Set, Add, Replace      flags:4 exptime:4               Incr, Decr   delta:8 initial:8 exptime:4
 *     Touch, GAT             exptime:4                       Flush        [exptime:4]
 *     Get's response         flags:4                         Incr's       value:8
 */
import { numbered } from '../lib/identity'
import type { Side } from '../protocol'

export const REQUEST = 0x80
export const RESPONSE = 0x81
export const HEAD_BYTES = 24
export const MAX_KEY = 250
const MAX_BODY = 1 << 30

export const STAT = 0x10
const SASL_LISTS = 0x20
const QUIT_Q = 0x17

const NAMES = numbered(
  '0 get 1 set 2 add 3 replace 4 delete 5 incr 6 decr 7 quit 8 flush_all 9 getq 10 noop 11 version 12 getk 13 getkq 14 append 15 prepend 16 stats 17 setq 18 addq 19 replaceq 20 deleteq 21 incrq 22 decrq 23 quitq 24 flush_allq 25 appendq 26 prependq 27 verbosity 28 touch 29 gat 30 gatq 32 sasl_list 33 sasl_auth 34 sasl_step 35 gatk 36 gatkq',
)

const STATUSES: Readonly<Record<number, string>> = {
  0: 'OK',
  1: 'Key not found',
  2: 'Key exists',
  3: 'Value too large',
  4: 'Invalid arguments',
  5: 'Item not stored',
  6: 'Not a number',
  7: 'Wrong vbucket',
  32: 'Authentication error',
  33: 'Authentication continues',
  129: 'Unknown command',
  130: 'Out of memory',
  131: 'Not supported',
  132: 'Internal error',
  133: 'Busy',
  134: 'Temporary failure',
}

export const statusName = (status: number): string => STATUSES[status] ?? `Status ${status}`
export const isKnownStatus = (status: number): boolean => STATUSES[status] !== undefined
export const commandName = (opcode: number): string => NAMES[opcode] ?? `opcode ${opcode}`
export const isKnownCommand = (opcode: number): boolean => NAMES[opcode] !== undefined

/** No answer is wanted but of success (Get) or of failure. */
export const isQuiet = (opcode: number): boolean => NAMES[opcode]?.endsWith('q') === true
export const isSilent = (opcode: number): boolean => opcode === QUIT_Q
export const isLookup = (opcode: number): boolean => /^(?:get|gat)/.test(NAMES[opcode] ?? '')
export const isNumber = (opcode: number): boolean => /^(?:incr|decr)/.test(NAMES[opcode] ?? '')
export const isLogin = (opcode: number): boolean => opcode > SASL_LISTS && opcode <= SASL_LISTS + 2

/** Bytes of extras that a request has; of others it isn't known. */
export function extrasOf(opcode: number): readonly number[] {
  const name = NAMES[opcode]?.replace(/q$/, '') ?? ''
  if (name === 'set' || name === 'add' || name === 'replace') return [8]
  if (name === 'incr' || name === 'decr') return [20]
  if (name === 'touch' || name === 'gat' || name === 'gatk' || name === 'verbosity') return [4]
  return name === 'flush_all' ? [0, 4] : [0]
}

export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2)

/** Bytes of the packet whose head is at `at`; 0: there is none of this magic. */
export function lengthAt(bytes: Uint8Array, at: number, magic: number): number {
  const [key, extras, body] = [u16(bytes, at + 2), bytes[at + 4]!, u32(bytes, at + 8)]
  if (bytes[at] !== magic || bytes[at + 5] !== 0 || key > MAX_KEY) return 0
  if (body < key + extras || body > MAX_BODY) return 0
  return HEAD_BYTES + body
}

/** A head that can hardly be anything else. */
export function isHead(bytes: Uint8Array, at: number): boolean {
  const magic = bytes[at]!
  const opcode = bytes[at + 1]!
  if (!isKnownCommand(opcode) || lengthAt(bytes, at, magic) === 0) return false
  const body = u32(bytes, at + 8) - u16(bytes, at + 2) - bytes[at + 4]!
  if (magic === REQUEST) {
    const mayHaveValue =
      extrasOf(opcode).includes(8) || isLogin(opcode) || /^(?:ap|pre)pend/.test(commandName(opcode))
    return extrasOf(opcode).includes(bytes[at + 4]!) && (mayHaveValue || body === 0)
  }
  return isKnownStatus(u16(bytes, at + 6)) && (bytes[at + 4] === 0 || bytes[at + 4] === 4)
}

/** The first offset ≥ `from` at which a packet of this side begins, or may do so at the end of `bytes`; -1: there is none. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  const magic = side === 'client' ? REQUEST : RESPONSE
  for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1))
    if (at + HEAD_BYTES > bytes.length || isHead(bytes, at)) return at
  return -1
}

/** The numbers in the extras of a request. */
export function extrasText(bytes: Uint8Array, opcode: number, end: number): string {
  const size = bytes[4]!
  if (end < HEAD_BYTES + size || size === 0) return ''
  const view = new DataView(bytes.buffer, bytes.byteOffset + HEAD_BYTES, size)
  if (size === 20 && isNumber(opcode))
    return `${view.getBigUint64(0)} ${view.getBigUint64(8)} ${view.getUint32(16)}`
  if (size === 8) return `${view.getUint32(0)} ${view.getUint32(4)}`
  return size === 4 ? `${view.getUint32(0)}` : ''
}
