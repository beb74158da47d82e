/** What answers say: CONNACK, PUBACK and its like, SUBACK, UNSUBACK. */
import type { Cursor } from './cursor'
import { CONNACK, SUBACK, UNSUBACK } from './packet'
import { readProperties } from './properties'
import type { Details, Version } from './requests'

export interface Answer {
  readonly packetId: number
  /** The highest, -1 where there is none. */
  readonly code: number
  readonly details: Details
}

/** Reason codes (5.0 §2.4) and those of CONNACK in 3.1.1 (§3.2.2.3). */
const REASONS: Readonly<Record<number, string>> = {
  16: 'No matching subscribers',
  17: 'No subscription existed',
  24: 'Continue authentication',
  25: 'Re-authenticate',
  128: 'Unspecified error',
  129: 'Malformed packet',
  130: 'Protocol error',
  131: 'Implementation specific error',
  132: 'Unsupported protocol version',
  133: 'Client identifier not valid',
  134: 'Bad user name or password',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  138: 'Banned',
  139: 'Server shutting down',
  140: 'Bad authentication method',
  141: 'Keep alive timeout',
  142: 'Session taken over',
  143: 'Topic filter invalid',
  144: 'Topic name invalid',
  145: 'Packet identifier in use',
  146: 'Packet identifier not found',
  147: 'Receive maximum exceeded',
  148: 'Topic alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  152: 'Administrative action',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  156: 'Use another server',
  157: 'Server moved',
  158: 'Shared subscriptions not supported',
  159: 'Connection rate exceeded',
  160: 'Maximum connect time',
  161: 'Subscription identifiers not supported',
  162: 'Wildcard subscriptions not supported',
}
const OLD_REFUSALS = [
  '',
  'Unacceptable protocol version',
  'Identifier rejected',
  'Server unavailable',
  'Bad user name or password',
  'Not authorized',
]

/** Codes of one answer that are read: as many filters are shown. */
const MAX_CODES = 64

export const reasonOf = (code: number): string | undefined => REASONS[code]

/** Undefined: it is none. */
export function readAnswer(
  type: number,
  cursor: Cursor,
  version: Version,
  redact: boolean,
): Answer | undefined {
  if (type === CONNACK) return connack(cursor, version, redact)
  const packetId = cursor.number(2)
  if (!packetId) return undefined
  if (type === SUBACK || type === UNSUBACK) return codes(packetId, cursor, version, redact)
  const code = cursor.left > 0 ? cursor.number(1)! : 0
  return { packetId, code, details: detailsOf(code, cursor, redact) }
}

function connack(cursor: Cursor, version: Version, redact: boolean): Answer | undefined {
  const flags = cursor.number(1)
  const code = cursor.number(1)
  if (flags === undefined || code === undefined || flags > 1) return undefined
  const refusal = version === 5 ? {} : OLD_REFUSALS[code] ? { reason: OLD_REFUSALS[code] } : {}
  const details = { session_present: flags === 1, ...refusal, ...detailsOf(code, cursor, redact) }
  return { packetId: 0, code, details }
}

function codes(packetId: number, cursor: Cursor, version: Version, redact: boolean): Answer {
  // Whether properties stand before the codes isn't known then.
  if (version === undefined) return { packetId, code: -1, details: {} }
  const properties = version === 5 ? readProperties(cursor, redact) : undefined
  // Before MQTT 5 an UNSUBACK has none.
  const list = [...cursor.bytes.subarray(cursor.at, Math.min(cursor.end, cursor.at + MAX_CODES))]
  const code = list.length === 0 ? -1 : Math.max(...list)
  const named = properties && Object.keys(properties).length > 0 ? { properties } : {}
  return { packetId, code, details: { codes: list, ...reason(code), ...named } }
}

function detailsOf(code: number, cursor: Cursor, redact: boolean): Details {
  const properties = cursor.left > 0 ? readProperties(cursor, redact) : undefined
  return { ...reason(code), ...(properties && Object.keys(properties).length > 0 && { properties }) }
}

const reason = (code: number): Details => (REASONS[code] ? { reason: REASONS[code] } : {})
