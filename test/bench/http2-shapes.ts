/** Exchanges of HTTP/2 for the bench: what a client and a server of many streams say on one connection. */
import {
  block,
  END_HEADERS,
  END_STREAM,
  type Fields,
  integer,
  OPENING,
  remembered,
  settings,
} from '../protocols/http2/talk'

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

const ASKED_NUMBERS = numbers(ASKED)
const SAID_NUMBERS = numbers(SAID)
const FRAME_HEAD = 9

/** Writes what a side says with as little garbage as can be: what is collected of it would be measured, too. */
class Writer {
  readonly #bytes = Buffer.alloc(4096)
  #at = 0

  frame(type: number, flags: number, stream: number, ...parts: readonly Uint8Array[]): this {
    const begin = this.#at
    this.#at += FRAME_HEAD
    for (const part of parts) this.add(part)
    this.#bytes.writeUIntBE(this.#at - begin - FRAME_HEAD, begin, 3)
    this.#bytes[begin + 3] = type
    this.#bytes[begin + 4] = flags
    this.#bytes.writeUInt32BE(stream, begin + 5)
    return this
  }

  add(part: Uint8Array): this {
    this.#bytes.set(part, this.#at)
    this.#at += part.length
    return this
  }

  take(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.subarray(0, this.#at))
    this.#at = 0
    return bytes
  }
}

const writer = new Writer()

/** A literal that nobody remembers, named by number 4. */
function pathField(path: string): Uint8Array {
  const bytes = new Uint8Array(2 + path.length)
  bytes[0] = 4
  bytes[1] = path.length
  for (let i = 0; i < path.length; i++) bytes[2 + i] = path.charCodeAt(i)
  return bytes
}

const GET = block({ ':method': 'GET', ':scheme': 'http' })
const HTML = block({ ':status': '200', 'content-type': 'text/html', 'content-length': '34' })
const BODY = new Uint8Array(34).fill(120)

/** A GET of `path`, and its answer of 34 bytes. */
export function getExchange(nth: number, path: string): readonly [Uint8Array, Uint8Array] {
  const stream = 2 * nth + 1
  const isFirst = stream === 1
  if (isFirst) writer.add(OPENING)
  const target = pathField(path)
  writer.frame(1, END_HEADERS | END_STREAM, stream, GET, target, isFirst ? remembered(ASKED) : ASKED_NUMBERS)
  const asked = writer.take()
  if (isFirst) writer.add(settings())
  writer.frame(1, END_HEADERS, stream, HTML, isFirst ? remembered(SAID) : SAID_NUMBERS)
  return [asked, writer.frame(0, END_STREAM, stream, BODY).take()]
}

const MESSAGE = Uint8Array.from([0, 0, 0, 0, 8, 0x0a, 4, ...Buffer.from('milk'), 0x10, 3])
const CALL = block({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': '/shop.Orders/Get',
  'content-type': 'application/grpc',
})
const ANSWER = block({ ':status': '200', 'content-type': 'application/grpc' })
const TRAILERS = block({ 'grpc-status': '0', 'grpc-message': '' })

/** A call of gRPC, a small message each way. */
export function callExchange(nth: number): readonly [Uint8Array, Uint8Array] {
  const stream = 2 * nth + 1
  const isFirst = stream === 1
  if (isFirst) writer.add(OPENING)
  writer.frame(1, END_HEADERS, stream, CALL, isFirst ? remembered(ASKED) : ASKED_NUMBERS)
  const asked = writer.frame(0, END_STREAM, stream, MESSAGE).take()
  if (isFirst) writer.add(settings())
  writer.frame(1, END_HEADERS, stream, ANSWER, isFirst ? remembered(SAID) : SAID_NUMBERS)
  writer.frame(0, 0, stream, MESSAGE).frame(1, END_HEADERS | END_STREAM, stream, TRAILERS)
  return [asked, writer.take()]
}
