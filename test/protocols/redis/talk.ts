/** Plays a conversation on one connection and gives the rows of `redis_events`. */
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { end, type Rig, type Row, rig, type SocketOptions, silence, Wire } from '../../streams/wire'

export const TABLE = 'redis_events'

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
  /** `req_cmd req_args resp` of each row. */
  readonly said: string[]
  readonly wire: Wire
}

export const REDIS_SOCKET: SocketOptions = { local: ['10.0.0.1', 6379] }

export function talk(turns: readonly Turn[], options: Options = {}): Talk {
  const all = rig(PROTOCOLS)
  Object.assign(all.settings, options.settings)
  const wire = new Wire({ ...REDIS_SOCKET, ...options.socket })
  all.streams.handle(options.joined ? wire.found() : wire.open())
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  if (options.joined) silence(all.streams, wire)
  if (!options.open) end(all.streams, wire)
  const rows = all.sink.rows(TABLE)
  return {
    ...all,
    wire,
    rows,
    said: rows.map(({ req_cmd, req_args, resp }) => `${req_cmd} ${req_args} ${resp}`),
  }
}

/** A command, as an array of strings. */
export const command = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map(string).join('')}`

export const string = (text: string): string => `$${Buffer.byteLength(text, 'latin1')}\r\n${text}\r\n`

/** A value of several. */
export const array = (...values: readonly string[]): string => `*${values.length}\r\n${values.join('')}`
export const push = (...values: readonly string[]): string => `>${values.length}\r\n${values.join('')}`
