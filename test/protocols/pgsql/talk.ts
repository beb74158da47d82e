/** Plays a conversation on one connection and gives the rows of `pgsql_events`. */
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { end, type Rig, type Row, rig, type SocketOptions, silence, Wire } from '../../streams/wire'
import { startup, WELCOME } from './build'

/** The sender and its bytes; only the first so many are captured. */
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
  /** `req_cmd | req | resp` of each row, and its outcome if it isn't complete. */
  readonly said: string[]
  readonly wire: Wire
}

export function talk(turns: readonly Turn[], options: Options = {}): Talk {
  const all = rig(PROTOCOLS)
  Object.assign(all.settings, options.settings)
  const wire = new Wire({ local: ['10.0.0.1', 5432], ...options.socket })
  all.streams.handle(options.joined ? wire.found() : wire.open())
  if (options.joined) silence(all.streams, wire)
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  if (!options.open) end(all.streams, wire)
  const rows = all.sink.rows('pgsql_events')
  return { ...all, wire, rows, said: rows.map(saidOf) }
}

const saidOf = ({ req_cmd, req, resp, outcome }: Row): string =>
  [req_cmd, req, resp, ...(outcome === 'complete' ? [] : [outcome])].join(' | ')

/** A session that has begun. */
export const LOGIN: readonly Turn[] = [
  ['client', startup({ user: 'ann', database: 'shop' })],
  ['server', WELCOME],
]

/** What is said in a session, without the row of the login. */
export const session = (turns: readonly Turn[], options: Options = {}): string[] =>
  talk([...LOGIN, ...turns], options).said.slice(1)
