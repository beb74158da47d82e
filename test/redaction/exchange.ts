/** One exchange on a connection, and its row. */
import { http } from '../../src/protocols/http'
import { rig, Wire } from '../streams/wire'

export interface Exchange {
  readonly path?: string
  /** A line of both heads. */
  readonly headers?: string
  readonly type?: string
  /** Of both messages. */
  readonly body?: string
  readonly bodyLimit?: number
}

export interface Shown {
  readonly req_path: string
  readonly req_headers: string
  readonly resp_headers: string
  readonly req_body: string
  readonly resp_body: string
}

export function exchange({
  path = '/',
  headers = 'A: b',
  type = 'text/plain',
  body = '',
  bodyLimit = 1024,
}: Exchange): Shown {
  const { streams, sink, settings } = rig([http])
  settings.bodyLimit = bodyLimit
  const wire = new Wire()
  const rest = `${headers}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  for (const event of [
    wire.open(),
    wire.request(`POST ${path} HTTP/1.1\r\nHost: a\r\n${rest}`),
    wire.response(`HTTP/1.1 200 OK\r\n${rest}`),
  ])
    streams.handle(event)
  const [row] = sink.rows('http_events')
  if (!row) throw new Error(`no row of ${path}`)
  return row as unknown as Shown
}
