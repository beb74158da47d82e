/** A client on the same node may be known only when its server has answered already. */
import { expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import { http } from '../../src/protocols/http'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { rig, Wire } from './wire'

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
const RESPONSE = 'HTTP/1.1 204 No Content\r\n\r\n'

function exchange(remote: readonly [string, number]) {
  const all = rig([http], { introduceNs: 20e6 })
  const local = [remote[0] === '::1' ? '::1' : '127.0.0.1', 80] as const
  const server = new Wire({ role: ROLE_SERVER, pid: 500, local, remote })
  const client = new Wire({ role: ROLE_CLIENT, pid: 600, local: remote, remote: local })
  all.streams.handle(server.open())
  all.streams.handle(client.open())
  all.streams.handle(server.data(RECEIVED, REQUEST))
  all.streams.handle(server.data(SENT, RESPONSE))
  const names = () => all.sink.rows('http_events').map(({ remote_upid }) => remote_upid)
  return { ...all, server, client, names }
}

test.each(['127.0.0.1', '::1'])(
  'a row waits for the client at %s, whose call comes back later',
  (address) => {
    const { streams, server, client, names } = exchange([address, 4000])
    streams.tick(server.timeNs + 1e6)
    expect(names()).toEqual([])
    streams.handle(client.data(SENT, REQUEST))
    streams.tick(server.timeNs + 2e6)
    expect(names()).toEqual(['1:600:5'])
  },
)

test('not for ever', () => {
  const { streams, server, names } = exchange(['127.0.0.1', 4000])
  streams.tick(server.timeNs + 30e6)
  expect(names()).toEqual([''])
})

test('nor for one of another node, nor beyond a bound', () => {
  expect(exchange(['10.0.0.9', 4000]).names()).toEqual([''])
  const { streams, server, names } = exchange(['127.0.0.1', 4000])
  for (let i = 0; i < 1000; i++) {
    streams.handle(server.data(RECEIVED, REQUEST))
    streams.handle(server.data(SENT, RESPONSE))
  }
  expect(names().length).toBeGreaterThanOrEqual(489)
  streams.close()
  expect(names()).toHaveLength(1001)
})
