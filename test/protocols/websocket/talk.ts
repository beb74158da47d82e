/** Writes frames as clients and servers send them (RFC 6455 §5.2), and plays conversations. */
import { constants, deflateRawSync } from 'node:zlib'
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings, Side } from '../../../src/protocols/protocol'
import type { StreamLimits } from '../../../src/streams/limits'
import { bytesOf, end, type Rig, type Row, rig, type SocketOptions, Wire } from '../../streams/wire'

export const TABLE = 'websocket_events'

export interface FrameOptions {
  /** More frames of the message follow. */
  readonly more?: true
  readonly rsv?: number
  readonly key?: readonly number[]
}

const KEY = [0x37, 0xfa, 0x21, 0x3d]

/** A frame of this side: clients mask theirs. */
export function frame(
  from: Side,
  opcode: number,
  payload: string | Uint8Array = '',
  { more, rsv = 0, key = KEY }: FrameOptions = {},
): Uint8Array {
  const bytes = Uint8Array.from(bytesOf(payload))
  const { length } = bytes
  const mask = from === 'client' ? 0x80 : 0
  const head = [(more ? 0 : 0x80) | rsv | opcode]
  if (length < 126) head.push(mask | length)
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255)
  else {
    head.push(mask | 127, 0, 0, 0, 0)
    for (const shift of [24, 16, 8, 0]) head.push((length >>> shift) & 255)
  }
  if (mask) {
    head.push(...key)
    for (let i = 0; i < length; i++) bytes[i]! ^= key[i & 3]!
  }
  return new Uint8Array(Buffer.concat([Uint8Array.from(head), bytes]))
}

export const text = (from: Side, said: string, options?: FrameOptions) => frame(from, 1, said, options)
export const binary = (from: Side, said: string | Uint8Array) => frame(from, 2, said)
export const ping = (from: Side, said = '') => frame(from, 9, said)
export const pong = (from: Side, said = '') => frame(from, 10, said)
export const close = (from: Side, code: number, reason = '') =>
  frame(from, 8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]))

export type Fields = Readonly<Record<string, string>>

const head = (first: string, fields: Fields) =>
  `${first}\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

const UPGRADE = { Connection: 'Upgrade', Upgrade: 'websocket' }

export const asks = (path = '/chat', fields: Fields = {}) =>
  head(`GET ${path} HTTP/1.1`, { Host: 'shop', ...UPGRADE, 'Sec-WebSocket-Version': '13', ...fields })

export const agrees = (fields: Fields = {}) =>
  head('HTTP/1.1 101 Switching Protocols', { ...UPGRADE, ...fields })

export const deflating = (parameters = '') =>
  agrees({ 'Sec-WebSocket-Extensions': `permessage-deflate${parameters}` })

/** The messages of one side, compressed as a sender with context takeover does (RFC 7692 §7.2.1). */
export class Deflater {
  #said = Buffer.alloc(0)
  readonly #takesOver: boolean
  readonly #windowBits: number

  constructor({ takesOver = true, windowBits = 15 } = {}) {
    this.#takesOver = takesOver
    this.#windowBits = windowBits
  }

  deflate(said: string | Uint8Array): Uint8Array {
    const bytes = Buffer.from(bytesOf(said))
    const size = 1 << this.#windowBits
    const dictionary =
      this.#takesOver && this.#said.length > 0 ? { dictionary: this.#said.subarray(-size) } : {}
    const options = { windowBits: this.#windowBits, finishFlush: constants.Z_SYNC_FLUSH, ...dictionary }
    const whole = deflateRawSync(bytes, options)
    this.#said = Buffer.concat([this.#said, bytes]).subarray(-size)
    return new Uint8Array(whole.subarray(0, -4))
  }

  /** A text message in one frame. */
  text(from: Side, said: string): Uint8Array {
    return frame(from, 1, this.deflate(said), { rsv: 0x40 })
  }
}

/** The sender and its bytes; only the first so many are captured. */
export type Turn = readonly [Side, string | Uint8Array] | readonly [Side, string | Uint8Array, number]

interface Options {
  readonly settings?: Partial<ProtocolSettings>
  readonly socket?: SocketOptions
  readonly limits?: Partial<StreamLimits>
  /** Its opening wasn't seen. */
  readonly joined?: true
  /** The connection stays open. */
  readonly open?: true
}

export interface Talk extends Rig {
  readonly rows: Row[]
  /** `sender type body` of each row. */
  readonly said: string[]
  readonly wire: Wire
  say(...turn: Turn): void
}

export const OPENING: readonly Turn[] = [
  ['client', asks()],
  ['server', agrees()],
]

export function talk(turns: readonly Turn[], options: Options = {}): Talk {
  const all = rig(PROTOCOLS, options.limits)
  Object.assign(all.settings, options.settings)
  const wire = new Wire(options.socket)
  const say = (...[from, bytes, captured]: Turn) =>
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  all.streams.handle(options.joined ? wire.found() : wire.open())
  for (const turn of turns) say(...turn)
  if (!options.open) end(all.streams, wire)
  const rows = all.sink.rows(TABLE)
  return {
    ...all,
    wire,
    rows,
    say,
    said: rows.map(({ sender, type, body }) => `${sender} ${type} ${body}`.trim()),
  }
}
