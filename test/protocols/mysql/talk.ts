/** Plays a conversation on one connection and gives the rows of `mysql_events`. */
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { end, type Rig, type Row, rig, type SocketOptions, silence, Wire } from '../../streams/wire'
import { greeting, login, ok } from './build'

export const TABLE = 'mysql_events'
export const MYSQL_SOCKET: SocketOptions = { local: ['10.0.0.1', 3306] }

/** The sender and its bytes; only the first so many are captured. */
export type Turn =
  | readonly ['client' | 'server', Uint8Array]
  | readonly ['client' | 'server', Uint8Array, number]

interface Options {
  readonly settings?: Partial<ProtocolSettings>
  /** Its opening wasn't seen. */
  readonly joined?: true
  /** The connection stays open. */
  readonly open?: true
}

export interface Talk extends Rig {
  readonly rows: Row[]
  /** `body → answer` of each row. */
  readonly said: string[]
  readonly wire: Wire
}

export function talk(turns: readonly Turn[], options: Options = {}): Talk {
  const all = rig(PROTOCOLS, { streamBytes: 256 << 10 })
  Object.assign(all.settings, options.settings)
  const wire = new Wire(MYSQL_SOCKET)
  all.streams.handle(options.joined ? wire.found() : wire.open())
  if (options.joined) silence(all.streams, wire)
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  if (!options.open) end(all.streams, wire)
  const rows = all.sink.rows(TABLE)
  return { ...all, wire, rows, said: rows.map(({ req_body, resp_body }) => `${req_body} → ${resp_body}`) }
}

/** A login with these flags. */
export const hello = (flags?: number): Turn[] => [
  ['server', greeting()],
  ['client', login('alice', flags === undefined ? {} : { flags })],
  ['server', ok({ seq: 2 })],
]

/** What is said behind a login. */
export const after = (turns: readonly Turn[], flags?: number, options: Options = {}) => {
  const found = talk([...hello(flags), ...turns], options)
  return { ...found, rows: found.rows.slice(1), said: found.said.slice(1) }
}
