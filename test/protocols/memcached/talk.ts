/** Plays a conversation on one connection and gives the rows of `memcached_events`. */
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { end, type Rig, type Row, rig, type SocketOptions, silence, Wire } from '../../streams/wire'

export const TABLE = 'memcached_events'

type Bytes = string | Uint8Array
/** The sender and its bytes; only the first so many of them are captured. */
export type Turn = readonly ['client' | 'server', Bytes] | readonly ['client' | 'server', Bytes, number]

interface Options {
  readonly settings?: Partial<ProtocolSettings>
  readonly socket?: SocketOptions
  readonly joined?: true
  readonly open?: true
}

export interface Talk extends Rig {
  readonly rows: Row[]
  /** `cmd key args req_body > resp resp_body` of each row. */
  readonly said: string[]
  readonly wire: Wire
}

export function talk(turns: readonly Turn[], options: Options = {}): Talk {
  const all = rig(PROTOCOLS)
  Object.assign(all.settings, options.settings)
  const wire = new Wire({ local: ['10.0.0.1', 11211], ...options.socket })
  all.streams.handle(options.joined ? wire.found() : wire.open())
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  if (options.joined) silence(all.streams, wire)
  if (!options.open) end(all.streams, wire)
  const rows = all.sink.rows(TABLE)
  const said = rows.map(({ cmd, key, args, req_body, resp, resp_body }) =>
    `${cmd} ${key} ${args} ${req_body} > ${resp} ${resp_body}`.replace(/ +/g, ' ').trim(),
  )
  return { ...all, wire, rows, said }
}

export const store = (line: string, value: string): string =>
  `${line.replace('#', String(Buffer.byteLength(value, 'latin1')))}\r\n${value}\r\n`

export const found = (key: string, value: string, end = 'END\r\n'): string =>
  `VALUE ${key} 0 ${Buffer.byteLength(value, 'latin1')}\r\n${value}\r\n${end}`

interface Packet {
  readonly opcode: number
  readonly key?: string
  readonly extras?: Uint8Array
  readonly value?: string | Uint8Array
  readonly status?: number
  readonly opaque?: number
}

function packet(magic: number, { opcode, key = '', extras, value = '', status = 0, opaque = 0 }: Packet) {
  const head = Buffer.alloc(24)
  const body = Buffer.concat([extras ?? Buffer.alloc(0), Buffer.from(key), Buffer.from(value)])
  head[0] = magic
  head[1] = opcode
  head.writeUInt16BE(key.length, 2)
  head[4] = extras?.length ?? 0
  head.writeUInt16BE(status, 6)
  head.writeUInt32BE(body.length, 8)
  head.writeUInt32BE(opaque, 12)
  return new Uint8Array(Buffer.concat([head, body]))
}

export const request = (about: Packet): Uint8Array => packet(0x80, about)
export const response = (about: Packet): Uint8Array => packet(0x81, about)
export const FLAGS = new Uint8Array(4)
export const FLAGS_AND_TIME = new Uint8Array([0, 0, 0, 5, 0, 0, 0, 60])
