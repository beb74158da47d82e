/** Properties of MQTT 5 (§2.2.2): their length, then id and value of each. */

import { bodyText } from '../lib/body-text'
import { isSecretHeader, REDACTED } from '../lib/redact'
import type { Cursor } from './cursor'

type Kind = 'byte' | 'two' | 'four' | 'varint' | 'text' | 'binary' | 'pair'

const PROPERTIES: Readonly<Record<number, readonly [name: string, kind: Kind]>> = {
  1: ['payload_format', 'byte'],
  2: ['message_expiry', 'four'],
  3: ['content_type', 'text'],
  8: ['response_topic', 'text'],
  9: ['correlation_data', 'binary'],
  11: ['subscription_id', 'varint'],
  17: ['session_expiry', 'four'],
  18: ['assigned_client_id', 'text'],
  19: ['server_keep_alive', 'two'],
  21: ['authentication_method', 'text'],
  22: ['authentication_data', 'binary'],
  23: ['request_problem_information', 'byte'],
  24: ['will_delay', 'four'],
  25: ['request_response_information', 'byte'],
  26: ['response_information', 'text'],
  28: ['server_reference', 'text'],
  31: ['reason', 'text'],
  33: ['receive_maximum', 'two'],
  34: ['topic_alias_maximum', 'two'],
  35: ['topic_alias', 'two'],
  36: ['maximum_qos', 'byte'],
  37: ['retain_available', 'byte'],
  38: ['user', 'pair'],
  39: ['maximum_packet_size', 'four'],
  40: ['wildcard_available', 'byte'],
  41: ['subscription_ids_available', 'byte'],
  42: ['shared_available', 'byte'],
}

/** Properties that are read of one packet. */
const MAX_PROPERTIES = 128

type Value = string | number | Record<string, string>
export type Properties = Readonly<Record<string, Value>>

/** Undefined where there are none that make sense. A property that comes more than once keeps its last value; pairs are collected. */
export function readProperties(cursor: Cursor, redact: boolean): Properties | undefined {
  const length = cursor.varint()
  if (length === undefined || length > cursor.left) return undefined
  const end = cursor.at + length
  const found: Record<string, Value> = {}
  for (let i = 0; cursor.at < end; i++) {
    const property = PROPERTIES[cursor.varint() ?? 0]
    if (!property || i >= MAX_PROPERTIES) return undefined
    const [name, kind] = property
    const value = kind === 'pair' ? readPair(cursor, found.user, redact) : readValue(cursor, kind)
    if (value === undefined || cursor.at > end) return undefined
    found[name] = name === 'authentication_data' ? REDACTED : value
  }
  return found
}

function readValue(cursor: Cursor, kind: Exclude<Kind, 'pair'>): Value | undefined {
  switch (kind) {
    case 'byte':
      return cursor.number(1)
    case 'two':
      return cursor.number(2)
    case 'four':
      return cursor.number(4)
    case 'varint':
      return cursor.varint()
    case 'text':
      return cursor.text()
    default: {
      const bytes = cursor.binary()
      return bytes && bodyText(bytes, bytes.length)
    }
  }
}

function readPair(cursor: Cursor, before: Value | undefined, redact: boolean): Value | undefined {
  const name = cursor.text()
  const value = cursor.text()
  if (name === undefined || value === undefined) return undefined
  const pairs = typeof before === 'object' ? before : {}
  return { ...pairs, [name]: redact && isSecretHeader(name.toLowerCase()) ? REDACTED : value }
}
