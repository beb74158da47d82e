/** The kernel leaves out long bodies that aren't needed. */
import { expect, test } from 'bun:test'
import { SENT } from '../../src/events/socket-event'
import { PROTOCOLS } from '../../src/protocols'
import { type Rig, rig, Wire } from './wire'

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const head = (bytes: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`

function asked(path: string): Rig & { wire: Wire } {
  const all = rig(PROTOCOLS)
  const wire = new Wire()
  all.streams.handle(wire.open())
  all.streams.handle(wire.request(ask(path)))
  return { ...all, wire }
}

test('a long body is left out up to its end', () => {
  const { wire, streams, leftOut, sink } = asked('/long')
  const first = wire.response(`${head(500_000)}${'x'.repeat(9_000)}`)
  streams.handle(first)
  const until = first.offset + head(500_000).length + 500_000
  expect(leftOut).toEqual([{ connId: wire.connId, direction: SENT, until }])
  streams.handle(wire.response('x'.repeat(91_000)))
  streams.handle(wire.response('x'.repeat(400_000), 0))
  expect(leftOut).toHaveLength(1)
  streams.handle(wire.request(ask('/next')))
  streams.handle(wire.response(`${head(1)}y`))
  streams.handle(wire.close())
  streams.tick(wire.timeNs + 1e9)
  expect(sink.rows('http_events').map((row) => [row.req_path, row.resp_body_size])).toEqual([
    ['/long', 500_000],
    ['/next', 1],
  ])
})

test('of a call that was cut the place is right too', () => {
  const { wire, streams, leftOut } = asked('/cut')
  const cut = wire.response(`${head(500_000)}${'x'.repeat(200_000)}`, 16_384)
  streams.handle(cut)
  const until = cut.offset + head(500_000).length + 500_000
  expect(leftOut).toEqual([{ connId: wire.connId, direction: SENT, until }])
})

test('a short body is not worth it', () => {
  const { wire, streams, leftOut } = asked('/short')
  streams.handle(wire.response(`${head(30_000)}${'x'.repeat(2_000)}`))
  expect(leftOut).toEqual([])
})

test('a body beyond 1 GiB is left out in steps', () => {
  const { wire, streams, leftOut } = asked('/huge')
  const first = wire.response(`${head(3 * 2 ** 30)}${'x'.repeat(2_000)}`)
  streams.handle(first)
  expect(leftOut.at(-1)!.until).toBe((first.offset + first.size + 2 ** 30) >>> 0)
  for (let i = 0; i < 32; i++) streams.handle(wire.response(new Uint8Array(2 ** 25), 0))
  expect(leftOut).toHaveLength(2)
  expect(leftOut[1]!.until).toBe((first.offset + first.size + 2 ** 31) >>> 0)
})

test('when the place is lost, nothing is left out any more', () => {
  const { wire, streams, leftOut } = asked('/lost')
  streams.handle(wire.response(`${head(500_000)}${'x'.repeat(9_000)}`))
  // 100 MiB before: another history of this connection.
  const far = { ...wire.response('x'), offset: (wire.response('x').offset - 100 * 2 ** 20) >>> 0 }
  streams.handle(far)
  expect(leftOut).toHaveLength(2)
  expect(leftOut[1]!.until).toBe((far.offset + far.size) >>> 0)
})
