/** Answers as text, without secrets. */
import { REDACTED } from '../../records/redacted'
import type { ProtocolSettings } from '../protocol'
import { errorName } from './codes'
import { OP } from './envelope'
import type { Fields } from './fields'
import { addressText } from './numbers'
import { safe } from './requests'
import { type Result, resultOf, schemaChange } from './results'

export interface Answer extends Result {
  readonly errorCode: number
}

export function answerIn(
  opcode: number,
  fields: Fields,
  version: number,
  settings: ProtocolSettings,
): Answer {
  if (opcode === OP.RESULT) {
    const { text, rows, keyspace, prepared } = resultOf(fields, version)
    return { text: text.slice(0, settings.bodyLimit), rows, keyspace, prepared, errorCode: 0 }
  }
  if (opcode === OP.ERROR) {
    const errorCode = fields.int()
    const message = fields.text()
    const name = errorName(errorCode)
    const number = `0x${(errorCode >>> 0).toString(16).padStart(4, '0')}`
    return {
      text: safe(`ERROR ${number}${name ? ` (${name})` : ''}: ${message}`, settings),
      errorCode,
      rows: 0,
    }
  }
  return { text: safe(otherText(opcode, fields), settings), errorCode: 0, rows: 0 }
}

function otherText(opcode: number, fields: Fields): string {
  switch (opcode) {
    case OP.SUPPORTED:
      return JSON.stringify(
        Object.fromEntries(
          fields.entries(fields.short(), () => {
            const name = fields.text()
            return [name, fields.texts()] as const
          }),
        ),
      )
    case OP.AUTHENTICATE:
      return fields.text()
    case OP.AUTH_CHALLENGE:
    case OP.AUTH_SUCCESS:
      return (fields.longBytes()?.length ?? 0) > 0 ? REDACTED : ''
    default:
      return ''
  }
}

/** `STATUS_CHANGE UP 10.0.0.1:9042`, `SCHEMA_CHANGE CREATED TABLE shop.goods` */
export function eventText(fields: Fields): string {
  const kind = fields.text()
  if (kind === 'SCHEMA_CHANGE') return `${kind} ${schemaChange(fields)}`
  const change = fields.text()
  const address = fields.take(fields.byte())
  return `${kind} ${change} ${hostText(address)}:${fields.int()}`
}

const hostText = (address: Uint8Array): string => {
  const text = addressText(address)?.slice(1, -1) ?? '?'
  return address.length === 16 ? `[${text}]` : text
}
