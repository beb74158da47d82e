/** Values as CQL writes them, by their types: native_protocol_v5.spec §6. Their number and the length of their text are bounded. */
import { isUtf8 } from 'node:buffer'
import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { wholeCharacters } from '../lib/body-text'
import { Fields, hexOf, textOf } from './fields'
import { numberText } from './numbers'
import type { Type } from './types'

const CUT = '…'
const QUOTED: ReadonlySet<number> = new Set([1, 13])

/** What may still be written. */
export interface Room {
  values: number
  characters: number
}

/** Values that are shown of one request. */
const MOST_VALUES = 1024

export const roomOf = (characters: number): Room => ({ values: MOST_VALUES, characters })

export interface Shown {
  readonly redact: boolean
  readonly room: Room
}

/** A value of this type; `isCut`: its end isn't there. */
export function valueText(type: Type, bytes: Uint8Array, isCut: boolean, shown: Shown): string {
  const { room } = shown
  if (--room.values < 0 || room.characters <= 0) return CUT
  const text = written(type, bytes, isCut, shown)
  if (type.kind === 'simple' || type.kind === 'vector') room.characters -= text.length
  return text
}

function written(type: Type, bytes: Uint8Array, isCut: boolean, shown: Shown): string {
  switch (type.kind) {
    case 'simple':
      return simpleText(type.code, bytes, isCut, shown.room)
    case 'vector':
      return vectorText(type.size, bytes)
    case 'list':
      return `[${items(bytes, shown, (fields) => element(type.of, fields, shown))}]`
    case 'set':
      return `{${items(bytes, shown, (fields) => element(type.of, fields, shown))}}`
    case 'map':
      return `{${items(bytes, shown, (fields) => entry(type.key, type.of, fields, shown))}}`
    case 'tuple': {
      const fields = new Fields(bytes)
      return `(${type.of.map((one) => element(one, fields, shown)).join(', ')})`
    }
    case 'udt': {
      const fields = new Fields(bytes)
      const members = type.fields.map((field) => {
        const value = element(field.type, fields, shown)
        return `${field.name}: ${shown.redact && isSecretName(field.name) ? `'${REDACTED}'` : value}`
      })
      return `{${members.join(', ')}}`
    }
  }
}

/** What a number in front counts, as far as there is room. */
function items(bytes: Uint8Array, { room }: Shown, read: (fields: Fields) => string): string {
  const fields = new Fields(bytes)
  const count = fields.int()
  const texts: string[] = []
  while (texts.length < count && fields.left > 0 && room.values > 0 && room.characters > 0)
    texts.push(read(fields))
  if (texts.length < count) texts.push(CUT)
  return texts.join(', ')
}

function entry(keyType: Type, type: Type, fields: Fields, shown: Shown): string {
  const key = element(keyType, fields, shown)
  const value = element(type, fields, shown)
  const isSecret = shown.redact && isSecretName(key.replaceAll("'", ''))
  return `${key}: ${isSecret ? `'${REDACTED}'` : value}`
}

/** The last ones of a tuple or of a user's type may be left out. */
function element(type: Type, fields: Fields, shown: Shown): string {
  if (fields.left === 0) return 'null'
  const bytes = fields.longBytes()
  return bytes ? valueText(type, bytes, fields.isShort, shown) : 'null'
}

function simpleText(code: number, bytes: Uint8Array, isCut: boolean, room: Room): string {
  if (QUOTED.has(code)) return quoted(bytes, isCut, room)
  if (isCut) return CUT
  return numberText(code, bytes) ?? blobText(bytes, room)
}

function vectorText(size: number, bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const count = Math.min(size, bytes.length >> 2, MOST_NUMBERS)
  const numbers = Array.from({ length: count }, (_, i) => String(view.getFloat32(4 * i)))
  return `[${numbers.join(', ')}${count < size ? `, ${CUT}` : ''}]`
}
const MOST_NUMBERS = 64

function quoted(bytes: Uint8Array, isCut: boolean, room: Room): string {
  const kept = bytes.subarray(0, room.characters)
  const text = textOf(kept.subarray(0, wholeCharacters(kept)))
  return `'${text.replaceAll("'", "''")}${isCut || kept.length < bytes.length ? CUT : ''}'`
}

function blobText(bytes: Uint8Array, room: Room): string {
  const kept = bytes.subarray(0, Math.ceil(room.characters / 2))
  return `0x${hexOf(kept)}${kept.length < bytes.length ? CUT : ''}`
}

/** A value whose type isn't known: its bytes, as text where they are one. */
export function bytesText(bytes: Uint8Array, isCut: boolean, { room }: Shown): string {
  if (--room.values < 0 || room.characters <= 0) return CUT
  const isText = isPrintable(bytes)
  const text = isText ? quoted(bytes, isCut, room) : blobText(bytes, room)
  room.characters -= text.length
  return text
}

function isPrintable(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 0x7f))
    return false
  return isUtf8(bytes.subarray(0, wholeCharacters(bytes)))
}
