/** Procedure calls over HTTP/1 have the names that are known of their messages. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { MessageNames } from '../../../src/protocols/lib/protobuf/names'
import { end, type Row, rig, Wire } from '../../streams/wire'
import { fieldType, fileOf, framed, message, messageType, service } from '../../support/protobuf'

const STRING = 9
const FILE = fileOf(
  'shop.proto',
  'shop',
  [messageType('Ask', [fieldType('id', 1, STRING)]), messageType('Order', [fieldType('state', 1, STRING)])],
  [],
  [service('Orders', { Get: ['.shop.Ask', '.shop.Order'] })],
)
const ASK = message({ 1: 'a' })
const ORDER = message({ 1: 'paid' })

const head = (start: string, type: string, body: Uint8Array, more = '') =>
  `${start}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n${more}\r\n`
const joined = (text: string, body: Uint8Array) => new Uint8Array(Buffer.concat([Buffer.from(text), body]))
const base64 = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('base64'))

interface Call {
  readonly type: string
  readonly ask: Uint8Array
  readonly answer: Uint8Array
  readonly path?: string
  readonly method?: string
}

/** The row of a call whose server's names are known; its bytes come in parts of `step`. */
function row(
  { type, ask, answer, path = '/shop.Orders/Get', method = 'POST' }: Call,
  step = Number.POSITIVE_INFINITY,
): Row {
  const names = new MessageNames()
  names.files.addFile(FILE)
  const { streams, settings, sink } = rig(PROTOCOLS)
  Object.assign(settings, { names })
  const wire = new Wire()
  streams.handle(wire.open())
  const asked = joined(head(`${method} ${path} HTTP/1.1`, type, ask, 'Host: a\r\n'), ask)
  for (let at = 0; at < asked.length; at += step) streams.handle(wire.request(asked.subarray(at, at + step)))
  const answered = joined(head('HTTP/1.1 200 OK', type, answer), answer)
  for (let at = 0; at < answered.length; at += step)
    streams.handle(wire.response(answered.subarray(at, at + step)))
  end(streams, wire)
  return sink.rows('http_events')[0]!
}

const bodies = ({ req_body, resp_body }: Row) => [req_body, resp_body]
const NAMED = ['id: "a"', 'state: "paid"']

describe.each([Number.POSITIVE_INFINITY, 7])('in parts of %d bytes', (step) => {
  test.each<[string, Call]>([
    ['gRPC-Web', { type: 'application/grpc-web+proto', ask: framed(ASK), answer: framed(ORDER) }],
    [
      'gRPC-Web in base64',
      { type: 'application/grpc-web-text', ask: base64(framed(ASK)), answer: base64(framed(ORDER)) },
    ],
    ['a stream of Connect', { type: 'application/connect+proto', ask: framed(ASK), answer: framed(ORDER) }],
    ['Connect', { type: 'application/proto', ask: ASK, answer: ORDER }],
    [
      'Connect behind a prefix',
      { type: 'application/proto', path: '/api/v1/shop.Orders/Get', ask: ASK, answer: ORDER },
    ],
  ])('%s', (_, call) => {
    expect(bodies(row(call, step))).toEqual(NAMED)
  })

  test('Connect by GET, whose message is in the query', () => {
    const path = '/shop.Orders/Get?connect=v1&encoding=proto&message=CgFh&base64=1'
    const none = new Uint8Array(0)
    expect(
      bodies(row({ type: 'application/proto', method: 'GET', path, ask: none, answer: ORDER }, step)),
    ).toEqual(['', NAMED[1]])
  })

  test('another method, and another type of content, have none', () => {
    const call = { type: 'application/proto', ask: ASK, answer: ORDER }
    expect(bodies(row({ ...call, path: '/shop.Orders/List' }, step))).toEqual(['1: "a"', '1: "paid"'])
    expect(bodies(row({ ...call, path: '/' }, step))).toEqual(['1: "a"', '1: "paid"'])
    expect(bodies(row({ ...call, type: 'text/plain' }, step))).not.toEqual(NAMED)
  })
})
