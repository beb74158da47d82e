/** Plays a connection, and gives its rows. */
import { tls } from '../../../src/protocols/tls'
import { type Rig, type Row, rig, Wire } from '../../streams/wire'

export type Said = readonly [from: 'client' | 'server', bytes: Uint8Array]

/** `goesOn`: the connection stays open. */
export function played(said: readonly Said[], { goesOn = false } = {}): Rig & { wire: Wire; rows: Row[] } {
  const all = rig([tls])
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (const [from, bytes] of said)
    all.streams.handle(from === 'client' ? wire.request(bytes) : wire.response(bytes))
  if (!goesOn) {
    all.streams.handle(wire.close())
    wire.timeNs += 200e6
    all.streams.tick(wire.timeNs)
  }
  return { ...all, wire, rows: all.sink.rows('tls_events') }
}
