/** One exchange on a connection, several times, and its row. */
import { http } from '../../src/protocols/http'
import { rig, Wire } from '../streams/wire'

const TIMES = 4

export interface Exchange {
  readonly path?: string
  /** A line of both heads. */
  readonly headers?: string
  readonly type?: string
  /** Behind the status. */
  readonly reason?: string
  /** Of both messages. */
  readonly body?: string
  readonly bodyLimit?: number
}

export interface Shown {
  readonly req_path: string
  readonly req_headers: string
  readonly resp_headers: string
  readonly resp_message: string
  readonly req_body: string
  readonly resp_body: string
}

export function exchange({
  path = '/',
  headers = 'A: b',
  type = 'text/plain',
  reason = 'OK',
  body = '',
  bodyLimit = 1024,
}: Exchange): Shown {
  const { streams, sink, settings } = rig([http])
  settings.bodyLimit = bodyLimit
  const wire = new Wire()
  const rest = `${headers}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  streams.handle(wire.open())
  // What comes again and again may be known by its bytes.
  for (let i = 0; i < TIMES; i++) {
    streams.handle(wire.request(`POST ${path} HTTP/1.1\r\nHost: a\r\n${rest}`))
    streams.handle(wire.response(`HTTP/1.1 200 ${reason}\r\n${rest}`))
  }
  const shown = sink.rows('http_events').map((row) => JSON.stringify({ ...row, time_: 0 }))
  if (shown.length !== TIMES || new Set(shown).size > 1) throw new Error(`rows of ${path}: ${shown}`)
  return JSON.parse(shown[0]!) as Shown
}
