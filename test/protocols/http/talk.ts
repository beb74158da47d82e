/** Plays a conversation on one connection and gives the rows of `http_events`. */
import { PROTOCOLS } from '../../../src/protocols'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { end, type Rig, type Row, rig, Wire } from '../../streams/wire'

export type Turn = readonly ['client' | 'server', string] | readonly ['client' | 'server', string, number]

export interface Talk extends Rig {
  readonly rows: Row[]
  readonly row: Row
  readonly wire: Wire
}

/** A turn's third element: only so many of its bytes are captured. The connection is closed at the end. */
export function talk(turns: readonly Turn[], settings: Partial<ProtocolSettings> = {}): Talk {
  const all = rig(PROTOCOLS)
  Object.assign(all.settings, settings)
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(all.streams, wire)
  const rows = all.sink.rows('http_events')
  return { ...all, wire, rows, row: rows[0]! }
}
