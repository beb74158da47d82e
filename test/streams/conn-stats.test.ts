import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { rig, Wire } from './wire'

const ASK = 'GET / HTTP/1.1\r\n\r\n'
const SAY = 'HTTP/1.1 204 No Content\r\n\r\n'

test('connections to one server add up in one row; counters only grow', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wires = [40001, 40002, 40003].map((port) => new Wire({ remote: ['10.0.0.2', port] }))
  for (const wire of wires) {
    streams.handle(wire.open())
    streams.handle(wire.request(ASK))
    streams.handle(wire.response(SAY))
  }
  streams.handle(wires[0]!.close())
  streams.connStats(10e9)
  streams.handle(wires[1]!.request(ASK))
  streams.connStats(20e9)
  const rows = sink.rows('conn_stats')
  expect(rows[0]).toEqual({
    time_: 10e9,
    upid: '1:77:5',
    remote_addr: '10.0.0.2',
    remote_port: 0,
    trace_role: ROLE_SERVER,
    addr_family: 2,
    protocol: 1,
    ssl: false,
    conn_open: 3,
    conn_close: 1,
    conn_active: 2,
    bytes_sent: 3 * SAY.length,
    bytes_recv: 3 * ASK.length,
  })
  expect(rows[1]).toMatchObject({ conn_open: 3, conn_active: 2, bytes_recv: 4 * ASK.length })
})

test('a client has a row per remote port; IPv6 and TLS are told', () => {
  const { streams, sink } = rig(PROTOCOLS)
  for (const port of [443, 8443]) {
    const wire = new Wire({ role: ROLE_CLIENT, remote: ['2001:db8::1', port] })
    streams.handle(wire.open())
    streams.handle(wire.request('\x16\x03\x01\x00\x05hello'))
  }
  streams.connStats(10e9)
  expect(sink.rows('conn_stats').map((r) => [r.remote_port, r.addr_family, r.ssl, r.trace_role])).toEqual([
    [443, 10, true, ROLE_CLIENT],
    [8443, 10, true, ROLE_CLIENT],
  ])
})

test("the kernel's totals count what was not sent to us, also of the last moment", () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request(ASK))
  streams.totals({ connId: wire.connId, bytesSent: 5000, bytesReceived: 700, lostEvents: 3 })
  streams.connStats(10e9)
  streams.totals({ connId: wire.connId, bytesSent: 6000, bytesReceived: 700, lostEvents: 3 })
  streams.handle(wire.close())
  streams.connStats(20e9)
  expect(sink.rows('conn_stats').map((r) => [r.bytes_sent, r.bytes_recv, r.conn_active])).toEqual([
    [5000, 700, 1],
    [6000, 700, 0],
  ])
})

test('rows without news and without a connection are not repeated', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.request(ASK))
  streams.handle(wire.close())
  streams.connStats(10e9)
  streams.connStats(20e9)
  expect(sink.rows('conn_stats')).toHaveLength(1)
})
