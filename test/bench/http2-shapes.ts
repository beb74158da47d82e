/** Exchanges of HTTP/2 for the bench: what a client and a server of many streams say on one connection. */
import {
  block,
  data,
  END_HEADERS,
  END_STREAM,
  type Fields,
  frame,
  integer,
  OPENING,
  remembered,
  settings,
} from '../protocols/http2/talk'

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

const ASKED: Fields = {
  ':authority': 'shop:8080',
  'user-agent': 'grpc-go/1.85.0',
  te: 'trailers',
  'x-tenant': 'a',
}
const SAID: Fields = { server: 'envoy', 'x-upstream': '12', vary: 'accept' }

/** The fields as numbers of the table, once they have been sent. */
const numbers = (fields: Fields): Uint8Array =>
  Uint8Array.from(Object.keys(fields).flatMap((_, i) => integer(62 + i, 7, 0x80)))

function head(stream: number, fixed: Fields, own: Fields, flags: number): Uint8Array {
  const known = stream === 1 ? remembered(fixed) : numbers(fixed)
  return frame(1, END_HEADERS | flags, stream, joined(block(own), known))
}

const opened = (stream: number, opening: Uint8Array, rest: Uint8Array): Uint8Array =>
  stream === 1 ? joined(opening, rest) : rest

/** A GET of `path`, and its answer of 34 bytes. */
export function getExchange(nth: number, path: string): readonly [Uint8Array, Uint8Array] {
  const stream = 2 * nth + 1
  const asked = head(stream, ASKED, { ':method': 'GET', ':scheme': 'http', ':path': path }, END_STREAM)
  const said = joined(
    head(stream, SAID, { ':status': '200', 'content-type': 'text/html', 'content-length': '34' }, 0),
    data(stream, 'x'.repeat(34), END_STREAM),
  )
  return [opened(stream, OPENING, asked), opened(stream, settings(), said)]
}

const MESSAGE = Uint8Array.from([0, 0, 0, 0, 8, 0x0a, 4, ...Buffer.from('milk'), 0x10, 3])

/** A call of gRPC, a small message each way. */
export function callExchange(nth: number): readonly [Uint8Array, Uint8Array] {
  const stream = 2 * nth + 1
  const asked = joined(
    head(
      stream,
      ASKED,
      {
        ':method': 'POST',
        ':scheme': 'http',
        ':path': '/shop.Orders/Get',
        'content-type': 'application/grpc',
      },
      0,
    ),
    data(stream, MESSAGE, END_STREAM),
  )
  const said = joined(
    head(stream, SAID, { ':status': '200', 'content-type': 'application/grpc' }, 0),
    data(stream, MESSAGE),
    frame(1, END_HEADERS | END_STREAM, stream, block({ 'grpc-status': '0', 'grpc-message': '' })),
  )
  return [opened(stream, OPENING, asked), opened(stream, settings(), said)]
}
