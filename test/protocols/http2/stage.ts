/** One connection of HTTP/2 between hand-made ends. */
import { http2 } from '../../../src/protocols/http2'
import { type Rig, type Row, rig, Wire } from '../../streams/wire'
import { OPENING, settings } from './talk'

export type Said = readonly ['client' | 'server', Uint8Array]
export const client = (bytes: Uint8Array): Said => ['client', bytes]
export const server = (bytes: Uint8Array): Said => ['server', bytes]
export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

export interface Talk extends Rig {
  readonly wire: Wire
  say(...all: readonly Said[]): void
  rows(): Row[]
}

/** Streams that read one connection, and what says something on it. */
export function talk({ isFresh = true, isGated = false } = {}): Talk {
  const stage = rig([http2], {}, { isGated })
  const wire = new Wire()
  if (isFresh) stage.streams.handle(wire.open())
  const say = (...all: readonly Said[]) => {
    for (const [side, bytes] of all)
      stage.streams.handle(side === 'client' ? wire.request(bytes) : wire.response(bytes))
  }
  if (isFresh) say(client(OPENING), server(settings()))
  return { ...stage, wire, say, rows: () => stage.sink.rows('http_events') }
}

/** The rows after the connection has closed. */
export function closed({ streams, wire, rows }: Talk): Row[] {
  streams.handle(wire.close())
  streams.tick(wire.timeNs + 1e9)
  return rows()
}

export const brief = (row: Row): string =>
  `${row.req_method} ${row.req_path} ${row.resp_status} ${row.outcome} ${row.req_body_size} ${row.resp_body_size}`

/** The rows of a connection on which that was said. */
export function said(...all: readonly Said[]): string[] {
  const stage = talk()
  stage.say(...all)
  return closed(stage).map(brief)
}
