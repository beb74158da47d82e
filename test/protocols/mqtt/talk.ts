/** Writes packets of MQTT as its specifications say (docs.oasis-open.org/mqtt, 3.1.1 and 5.0), and plays them. */
import { PROTOCOLS } from '../../../src/protocols'
import { end, type Rig, type Row, rig, type SocketOptions, Wire } from '../../streams/wire'

const u8 = (value: number) => String.fromCharCode(value & 0xff)
export const u16 = (value: number) => u8(value >> 8) + u8(value)
export const u32 = (value: number) => u16(value >>> 16) + u16(value)
export const text = (value: string) => u16(value.length) + value

export function varint(value: number): string {
  return value < 128 ? u8(value) : u8(128 | (value & 127)) + varint(value >> 7)
}

/** `head`: type and flags. */
export const packet = (head: number, rest = ''): string => u8(head) + varint(rest.length) + rest

/** Of MQTT 5; undefined: an older version, which has none. */
export const properties = (list: string | undefined) => (list === undefined ? '' : varint(list.length) + list)

interface ConnectOptions {
  readonly version?: 3 | 4 | 5
  readonly clientId?: string
  readonly user?: string
  readonly password?: string
  readonly will?: readonly [topic: string, payload: string]
  readonly properties?: string
}

export function connect({
  version = 4,
  clientId = 'kettle',
  user,
  password,
  will,
  ...more
}: ConnectOptions = {}) {
  const flags = 2 | (will ? 4 : 0) | (user === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40)
  const five = version === 5
  return packet(
    0x10,
    text(version === 3 ? 'MQIsdp' : 'MQTT') +
      u8(version) +
      u8(flags) +
      u16(60) +
      properties(five ? (more.properties ?? '') : undefined) +
      text(clientId) +
      (will ? properties(five ? '' : undefined) + text(will[0]) + text(will[1]) : '') +
      (user === undefined ? '' : text(user)) +
      (password === undefined ? '' : text(password)),
  )
}

export const connack = (code = 0, list?: string) => packet(0x20, u8(0) + u8(code) + properties(list))

interface PublishOptions {
  readonly qos?: 0 | 1 | 2
  readonly id?: number
  readonly retain?: boolean
  readonly dup?: boolean
  readonly properties?: string
}

export const publish = (
  topic: string,
  payload: string,
  { qos = 0, id = 0, retain, dup, ...more }: PublishOptions = {},
) =>
  packet(
    0x30 | (qos << 1) | (retain ? 1 : 0) | (dup ? 8 : 0),
    text(topic) + (qos ? u16(id) : '') + properties(more.properties) + payload,
  )

/** PUBACK, PUBREC, PUBREL, PUBCOMP: with a code and properties of MQTT 5, if given. */
const step = (head: number) => (id: number, code?: number, list?: string) =>
  packet(head, u16(id) + (code === undefined ? '' : u8(code)) + properties(list))
export const puback = step(0x40)
export const pubrec = step(0x50)
export const pubrel = step(0x62)
export const pubcomp = step(0x70)

export const subscribe = (id: number, filters: readonly (readonly [string, number])[], list?: string) =>
  packet(0x82, u16(id) + properties(list) + filters.map(([filter, qos]) => text(filter) + u8(qos)).join(''))
export const suback = (id: number, codes: readonly number[], list?: string) =>
  packet(0x90, u16(id) + properties(list) + codes.map(u8).join(''))
export const unsubscribe = (id: number, filters: readonly string[], list?: string) =>
  packet(0xa2, u16(id) + properties(list) + filters.map(text).join(''))
export const unsuback = (id: number, codes?: readonly number[], list?: string) =>
  packet(0xb0, u16(id) + properties(list) + (codes ?? []).map(u8).join(''))
export const PINGREQ = packet(0xc0)
export const PINGRESP = packet(0xd0)
export const disconnect = (code?: number) => packet(0xe0, code === undefined ? '' : u8(code))
export const auth = (code: number, list: string) => packet(0xf0, u8(code) + properties(list))

// Properties of MQTT 5.
export const topicAlias = (alias: number) => `\x23${u16(alias)}`
export const userProperty = (name: string, value: string) => `\x26${text(name)}${text(value)}`
export const contentType = (type: string) => `\x03${text(type)}`
export const reasonString = (why: string) => `\x1f${text(why)}`
export const authMethod = (method: string) => `\x15${text(method)}`
export const authData = (data: string) => `\x16${text(data)}`

// ── Played ───────────────────────────────────────────────────────────────────

/** Who says it, and what; only the first so many bytes are captured. */
export type Turn = readonly [from: '>' | '<', bytes: string, captured?: number]

export interface Played extends Rig {
  readonly rows: Row[]
}

export function talk(
  turns: readonly Turn[],
  options: { joined?: true; socket?: SocketOptions } = {},
): Played {
  const all = rig(PROTOCOLS)
  const wire = new Wire({ local: ['10.0.0.1', 1883], ...options.socket })
  if (!options.joined) all.streams.handle(wire.open())
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(all.streams, wire)
  return { ...all, rows: all.sink.rows('mqtt_events') }
}
