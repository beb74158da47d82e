/** What packets that begin an exchange say: CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT, AUTH. */
import { bodyText } from '../lib/body-text'
import { REDACTED, redactText } from '../lib/redact'
import type { Cursor } from './cursor'
import { readProperties } from './properties'

/** 3: MQTT 3.1; 4: 3.1.1; 5; undefined: it isn't known. */
export type Version = 3 | 4 | 5 | undefined

export type Details = Record<string, unknown>

/** Filters of one SUBSCRIBE that are shown. */
const MAX_FILTERS = 64
/** Bytes of a will that are shown. */
const MAX_WILL = 1024

export interface Connect {
  readonly version: Version
  readonly clientId: string
  readonly details: Details
}

/** Of the protocol; 3.1 has the second. */
const NAME = /^MQ(?:TT|Isdp)$/
const VERSION_NAMES: Readonly<Record<number, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' }

/** Undefined: it is none. Servers that connect to one another set the highest bit of the version (bridges of mosquitto). */
export function readConnect(cursor: Cursor, redact: boolean): Connect | undefined {
  const name = cursor.text()
  const version = (cursor.number(1) ?? 0) & 0x7f
  if (!NAME.test(name ?? '') || (version !== 3 && version !== 4 && version !== 5)) return undefined
  const flags = cursor.number(1) ?? 0
  const details: Details = {
    version: VERSION_NAMES[version],
    clean: (flags & 2) !== 0,
    keep_alive: cursor.number(2),
  }
  if (version === 5) addProperties(details, cursor, redact)
  const clientId = cursor.text() ?? ''
  if (flags & 4) details.will = willOf(cursor, flags, version, redact)
  if (flags & 0x80) {
    const user = cursor.text()
    details.username = redact ? REDACTED : user
  }
  if (flags & 0x40) details.password = REDACTED
  return { version, clientId, details }
}

function willOf(cursor: Cursor, flags: number, version: Version, redact: boolean): Details {
  const will: Details = {}
  if (version === 5) addProperties(will, cursor, redact)
  will.topic = cursor.text()
  const payload = cursor.binary()
  const text = payload && bodyText(payload.subarray(0, MAX_WILL), payload.length)
  will.payload = text && redact ? redactText(text) : text
  will.qos = (flags >> 3) & 3
  will.retain = (flags & 0x20) !== 0
  return will
}

function addProperties(details: Details, cursor: Cursor, redact: boolean): void {
  const properties = readProperties(cursor, redact)
  if (properties && Object.keys(properties).length > 0) details.properties = properties
}

export interface Publish {
  /** '' where it is told by an alias alone. */
  readonly topic: string
  readonly alias: number | undefined
  readonly packetId: number
  readonly details: Details
  /** Where the payload begins; undefined: it isn't known whether properties stand before it. */
  readonly payloadAt: number | undefined
  /** Where the payload, or properties and payload, begin. */
  readonly restAt: number
  /** What the packet shows of the connection's version. */
  readonly version: Version
}

/** Undefined: it is none. */
export function readPublish(
  cursor: Cursor,
  qos: number,
  version: Version,
  redact: boolean,
): Publish | undefined {
  const topic = cursor.text()
  if (topic === undefined || !isTopic(topic)) return undefined
  const packetId = qos === 0 ? 0 : cursor.number(2)
  if (packetId === undefined || (qos > 0 && packetId === 0)) return undefined
  const restAt = cursor.at
  const common = { topic, packetId, restAt, alias: undefined, details: {} }
  if (version !== undefined && version !== 5) return { ...common, payloadAt: restAt, version }
  const properties = readProperties(cursor, redact)
  if (version === undefined && (!properties || Object.keys(properties).length === 0))
    // What has no properties of MQTT 5 there is older; none at all looks like a payload that begins with a zero.
    return properties
      ? { ...common, payloadAt: undefined, version }
      : { ...common, payloadAt: restAt, version: 4 }
  if (!properties) return undefined
  const details = Object.keys(properties).length > 0 ? { properties } : {}
  const alias = typeof properties.topic_alias === 'number' ? properties.topic_alias : undefined
  return { ...common, details, alias, payloadAt: cursor.at, version: 5 }
}

/** Names of topics have no wildcards and no zeros (§4.7.1, §1.5.4). */
const isTopic = (topic: string): boolean => !/[\0#+\ufffd]/.test(topic)

export interface Subscribe {
  readonly packetId: number
  /** With commas between. */
  readonly filters: string
  readonly count: number
  readonly details: Details
  /** What the packet shows of the connection's version. */
  readonly version: Version
}

/** Of SUBSCRIBE, or, with `isEnd`, of UNSUBSCRIBE. */
export function readSubscribe(
  cursor: Cursor,
  isEnd: boolean,
  version: Version,
  redact: boolean,
): Subscribe | undefined {
  const packetId = cursor.number(2)
  if (!packetId) return undefined
  const details: Details = {}
  // Without the version, filters that don't fit tell that properties stand before them.
  const shown = version ?? (fits(cursor, isEnd) ? 4 : 5)
  if (shown === 5) addProperties(details, cursor, redact)
  const filters: string[] = []
  const options: number[] = []
  while (cursor.left > 0 && filters.length < MAX_FILTERS) {
    const filter = cursor.text()
    if (filter === undefined) break
    filters.push(filter)
    if (!isEnd) options.push(cursor.number(1) ?? 0)
  }
  if (!isEnd) details.qos = options.map((option) => option & 3)
  return filters.length === 0
    ? undefined
    : { packetId, filters: filters.join(','), count: filters.length, details, version: shown }
}

function fits({ bytes, at, end }: Cursor, isEnd: boolean): boolean {
  let next = at
  while (next + 2 <= end) next += 2 + ((bytes[next]! << 8) | bytes[next + 1]!) + (isEnd ? 0 : 1)
  return next === end
}

/** Of DISCONNECT and AUTH: without a reason code it is 0 in MQTT 5, and older ones have none. */
export function readEnd(
  cursor: Cursor,
  redact: boolean,
): { readonly code: number; readonly details: Details } {
  const details: Details = {}
  const code = cursor.left > 0 ? cursor.number(1)! : 0
  if (cursor.left > 0) addProperties(details, cursor, redact)
  return { code, details }
}
