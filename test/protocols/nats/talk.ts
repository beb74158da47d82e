/** Plays a conversation on one connection and gives the rows of `nats_events.beta`. */
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { end, type Rig, type Row, rig, type SocketOptions, silence, Wire } from '../../streams/wire'

export const TABLE = 'nats_events.beta'

/** The sender and its text; only the first so many bytes are captured. */
export type Turn = readonly ['client' | 'server', string] | readonly ['client' | 'server', string, number]

interface Options {
  readonly settings?: Partial<ProtocolSettings>
  readonly socket?: SocketOptions
  /** Its opening wasn't seen. */
  readonly joined?: true
  /** The connection stays open. */
  readonly open?: true
}

export interface Talk extends Rig {
  readonly rows: Row[]
  /** `cmd body resp` of each row. */
  readonly said: string[]
  readonly wire: Wire
}

export const NATS_SOCKET: SocketOptions = { local: ['10.0.0.1', 4222] }

export function talk(turns: readonly Turn[], options: Options = {}): Talk {
  const all = rig(PROTOCOLS)
  Object.assign(all.settings, options.settings)
  const wire = new Wire({ ...NATS_SOCKET, ...options.socket })
  all.streams.handle(options.joined ? wire.found() : wire.open())
  if (options.joined) silence(all.streams, wire)
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  if (!options.open) end(all.streams, wire)
  const rows = all.sink.rows(TABLE)
  return { ...all, wire, rows, said: rows.map(({ cmd, body, resp }) => `${cmd} ${body} ${resp}`.trim()) }
}

export const INFO = `INFO ${JSON.stringify({ server_id: 'N1', version: '2.15.2', max_payload: 1048576, headers: true })} \r\n`

export const connect = (options: object = {}) =>
  `CONNECT ${JSON.stringify({ verbose: false, lang: 'test', ...options })}\r\n`

export const pub = (subject: string, payload: string) =>
  `PUB ${subject} ${Buffer.byteLength(payload, 'latin1')}\r\n${payload}\r\n`

export const msg = (subject: string, payload: string) =>
  `MSG ${subject} ${Buffer.byteLength(payload, 'latin1')}\r\n${payload}\r\n`

const headerBlock = (headers: Readonly<Record<string, string>>) =>
  `NATS/1.0\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

/** HPUB or HMSG. */
export function withHeaders(
  line: string,
  headers: Readonly<Record<string, string>>,
  payload: string,
): string {
  const block = headerBlock(headers)
  return `${line} ${block.length} ${block.length + payload.length}\r\n${block}${payload}\r\n`
}

/** The greeting of a client that isn't verbose. */
export const GREETING: readonly Turn[] = [
  ['server', INFO],
  ['client', `${connect()}PING\r\n`],
  ['server', 'PONG\r\n'],
]
