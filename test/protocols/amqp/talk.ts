/** Writes frames of AMQP 0-9-1 as its specification says, and plays them. */
import { PROTOCOLS } from '../../../src/protocols'
import { end, type Rig, type Row, rig, type SocketOptions, silence, Wire } from '../../streams/wire'

export const u8 = (value: number) => String.fromCharCode(value & 0xff)
export const u16 = (value: number) => u8(value >> 8) + u8(value)
export const u32 = (value: number) => u16(value >>> 16) + u16(value)
export const u64 = (value: number) => u32(Math.floor(value / 2 ** 32)) + u32(value >>> 0)
export const short = (text: string) => u8(text.length) + text
export const long = (text: string) => u32(text.length) + text
export const table = (fields = '') => long(fields)
/** A field of a table: text. */
export const field = (name: string, text: string) => `${short(name)}S${long(text)}`

export const OPENING = 'AMQP\0\0\x09\x01'
export const frame = (type: number, channel: number, payload: string) =>
  u8(type) + u16(channel) + long(payload) + u8(0xce)
export const HEARTBEAT = frame(8, 0, '')
export const method = (channel: number, classId: number, methodId: number, args = '') =>
  frame(1, channel, u16(classId) + u16(methodId) + args)

// ── Connection and channels ──────────────────────────────────────────────────

export const start = (properties = field('product', 'RabbitMQ')) =>
  method(0, 10, 10, `\0\x09${table(properties)}${long('PLAIN AMQPLAIN')}${long('en_US')}`)
export const startOk = (user: string, password: string, properties = field('product', 'kettle')) =>
  method(0, 10, 11, `${table(properties)}${short('PLAIN')}${long(`\0${user}\0${password}`)}${short('en_US')}`)
export const tune = (id: 30 | 31 = 30) => method(0, 10, id, u16(2047) + u32(131_072) + u16(60))
export const open = (host: string) => method(0, 10, 40, `${short(host)}\0\0`)
export const openOk = () => method(0, 10, 41, '\0')
const reason = (code: number, text: string, classId: number, methodId: number) =>
  u16(code) + short(text) + u16(classId) + u16(methodId)
export const close = (code = 200, text = 'bye', classId = 0, methodId = 0) =>
  method(0, 10, 50, reason(code, text, classId, methodId))
export const closeOk = () => method(0, 10, 51)
export const channelOpen = (channel: number) => method(channel, 20, 10, '\0')
export const channelOpenOk = (channel: number) => method(channel, 20, 11, u32(0))
export const channelClose = (channel: number, code = 200, text = 'ok', classId = 0, methodId = 0) =>
  method(channel, 20, 40, reason(code, text, classId, methodId))
export const channelCloseOk = (channel: number) => method(channel, 20, 41)

// ── Exchanges and queues ─────────────────────────────────────────────────────

export const exchangeDeclare = (channel: number, exchange: string, args = '', bits = 2) =>
  method(channel, 40, 10, `\0\0${short(exchange)}${short('topic')}${u8(bits)}${table(args)}`)
export const exchangeDeclareOk = (channel: number) => method(channel, 40, 11)
export const queueDeclare = (channel: number, queue: string, args = '', bits = 2) =>
  method(channel, 50, 10, `\0\0${short(queue)}${u8(bits)}${table(args)}`)
export const queueDeclareOk = (channel: number, queue: string, messages = 0) =>
  method(channel, 50, 11, short(queue) + u32(messages) + u32(0))
export const queueBind = (channel: number, queue: string, exchange: string, key: string, args = '') =>
  method(channel, 50, 20, `\0\0${short(queue)}${short(exchange)}${short(key)}\0${table(args)}`)
export const queueBindOk = (channel: number) => method(channel, 50, 21)

// ── Messages ─────────────────────────────────────────────────────────────────

/** Flags of properties, and their values. */
export type Properties = readonly [flags: number, values: string]
const PLAIN: Properties = [0x8000, short('text/plain')]
export const headers = (fields: string): Properties => [0x2000, table(fields)]

export const header = (channel: number, size: number, [flags, values] = PLAIN) =>
  frame(2, channel, u16(60) + u16(0) + u64(size) + u16(flags) + values)
export const body = (channel: number, part: string) => frame(3, channel, part)
/** The content of a message, its body in parts of so many bytes. */
export function content(channel: number, text: string, properties?: Properties, most = 131_064) {
  const parts = Array.from({ length: Math.ceil(text.length / most) }, (_, i) =>
    body(channel, text.slice(i * most, (i + 1) * most)),
  )
  return header(channel, text.length, properties) + parts.join('')
}

export const publishMethod = (channel: number, exchange: string, key: string, bits = 0) =>
  method(channel, 60, 40, `\0\0${short(exchange)}${short(key)}${u8(bits)}`)
export const publish = (
  channel: number,
  exchange: string,
  key: string,
  text: string,
  properties?: Properties,
) => publishMethod(channel, exchange, key) + content(channel, text, properties)
export const returnMethod = (channel: number, exchange: string, key: string) =>
  method(channel, 60, 50, `${u16(312)}${short('NO_ROUTE')}${short(exchange)}${short(key)}`)
export const deliverMethod = (
  channel: number,
  consumer: string,
  tag: number,
  exchange: string,
  key: string,
) => method(channel, 60, 60, `${short(consumer)}${u64(tag)}\0${short(exchange)}${short(key)}`)
export const deliver = (channel: number, consumer: string, tag: number, key: string, text: string) =>
  deliverMethod(channel, consumer, tag, 'events', key) + content(channel, text)
export const get = (channel: number, queue: string, noAck = false) =>
  method(channel, 60, 70, `\0\0${short(queue)}${u8(noAck ? 1 : 0)}`)
export const getOk = (channel: number, tag: number, key: string, text: string) =>
  method(channel, 60, 71, `${u64(tag)}\0${short('events')}${short(key)}${u32(4)}`) + content(channel, text)
export const getEmpty = (channel: number) => method(channel, 60, 72, '\0')
export const ack = (channel: number, tag: number, multiple = false) =>
  method(channel, 60, 80, u64(tag) + u8(multiple ? 1 : 0))
export const reject = (channel: number, tag: number) => method(channel, 60, 90, `${u64(tag)}\x01`)
export const nack = (channel: number, tag: number, multiple = false) =>
  method(channel, 60, 120, u64(tag) + u8(multiple ? 1 : 0))
export const recover = (channel: number) => method(channel, 60, 110, '\x01')
export const recoverOk = (channel: number) => method(channel, 60, 111)
export const qos = (channel: number, count: number) => method(channel, 60, 10, u32(0) + u16(count) + u8(0))
export const qosOk = (channel: number) => method(channel, 60, 11)
export const NO_ACK = 2
export const NOWAIT = 8
export const consume = (channel: number, queue: string, consumer: string, bits = 0, args = '') =>
  method(channel, 60, 20, `\0\0${short(queue)}${short(consumer)}${u8(bits)}${table(args)}`)
export const consumeOk = (channel: number, consumer: string) => method(channel, 60, 21, short(consumer))
export const cancel = (channel: number, consumer: string, nowait = true) =>
  method(channel, 60, 30, short(consumer) + u8(nowait ? 1 : 0))
export const select = (channel: number, nowait = false) => method(channel, 85, 10, u8(nowait ? 1 : 0))
export const selectOk = (channel: number) => method(channel, 85, 11)

// ── Played ───────────────────────────────────────────────────────────────────

/** Who says it, and what, of which only the first so many bytes are captured; or nobody says anything for so many seconds. */
export type Turn = readonly [from: '>' | '<', bytes: string, captured?: number] | number

export interface Played extends Rig {
  readonly rows: Row[]
}

export function talk(
  turns: readonly Turn[],
  options: { joined?: true; open?: true; socket?: SocketOptions } = {},
): Played {
  const all = rig(PROTOCOLS)
  const wire = new Wire({ local: ['10.0.0.1', 5672], ...options.socket })
  if (!options.joined) all.streams.handle(wire.open())
  for (const turn of turns) {
    if (typeof turn === 'number') {
      wire.timeNs += turn * 1e9
      all.streams.tick(wire.timeNs)
      continue
    }
    const [from, bytes, captured] = turn
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  }
  if (options.open) silence(all.streams, wire)
  else end(all.streams, wire)
  return { ...all, rows: all.sink.rows('amqp_events') }
}
