/** Decoding: every field of a record, at an offset that is not the buffer's start. */
import { expect, test } from 'bun:test'
import { ENDPOINTS, RingSocketEvent, SOCKET_EVENT } from '../../src/events/socket'
import { EVENT_CLOSE, EVENT_DATA, EVENT_OPEN, SENT } from '../../src/events/socket-event'
import { ipv6Text } from '../../src/records/address'
import { ROLE_SERVER } from '../../src/records/types'

test('a record is read as it was written', () => {
  const at = 16
  const buffer = new ArrayBuffer(256)
  const view = new DataView(buffer)
  const ends = at + SOCKET_EVENT.ends
  view.setBigUint64(at + SOCKET_EVENT.conn_id, 2n ** 52n + 1n, true)
  view.setBigUint64(at + SOCKET_EVENT.time_ns, (7n << 32n) + 5n, true)
  view.setBigUint64(at + SOCKET_EVENT.start_ticks, 2n ** 33n, true)
  view.setUint32(at + SOCKET_EVENT.pid, 4_000_000, true)
  view.setUint32(at + SOCKET_EVENT.offset, 0xffff_fff0, true)
  view.setUint32(at + SOCKET_EVENT.size, 9, true)
  view.setUint32(at + SOCKET_EVENT.captured, 2, true)
  view.setUint8(at + SOCKET_EVENT.kind, EVENT_DATA)
  view.setUint8(at + SOCKET_EVENT.direction, SENT)
  view.setUint8(at + SOCKET_EVENT.role, ROLE_SERVER)
  view.setUint16(ends + ENDPOINTS.local_port, 80, true)
  view.setUint16(ends + ENDPOINTS.remote_port, 65535, true)
  view.setUint8(ends + ENDPOINTS.version, 4)
  view.setUint8(ends + ENDPOINTS.protocol, 17)
  new Uint8Array(buffer).set([10, 0, 0, 1], ends + ENDPOINTS.local_addr)
  new Uint8Array(buffer).set([10, 0, 0, 2], ends + ENDPOINTS.remote_addr)
  new Uint8Array(buffer).set(Buffer.from('h\u00fbte\0?', 'utf8'), at + SOCKET_EVENT.comm)
  new Uint8Array(buffer).set([65, 66], at + SOCKET_EVENT.payload)
  const event = new RingSocketEvent(buffer, { high: 7, low: 2 }).at(at)
  event.correctionNs = 100
  expect({
    connId: event.connId,
    timeNs: event.timeNs,
    startTicks: event.startTicks,
    pid: event.pid,
    offset: event.offset,
    comm: event.comm,
    size: event.size,
    payload: event.payload.join(),
    kind: event.kind,
    direction: event.direction,
    role: event.role,
    transport: event.transport,
    local: `${event.localAddr}:${event.localPort}`,
    remote: `${event.remoteAddr}:${event.remotePort}`,
  }).toEqual({
    connId: 2 ** 52 + 1,
    timeNs: 103,
    startTicks: 2 ** 33,
    pid: 4_000_000,
    offset: 0xffff_fff0,
    comm: 'hûte',
    size: 9,
    payload: '65,66',
    kind: EVENT_DATA,
    direction: SENT,
    role: ROLE_SERVER,
    transport: 'udp',
    local: '10.0.0.1:80',
    remote: '10.0.0.2:65535',
  })
})

test('an open says where both directions begin', () => {
  const buffer = new ArrayBuffer(256)
  const view = new DataView(buffer)
  view.setUint32(SOCKET_EVENT.ends + ENDPOINTS.first_sent, 0xffff_fff1, true)
  view.setUint32(SOCKET_EVENT.ends + ENDPOINTS.first_received, 0xffff_fff2, true)
  view.setUint32(SOCKET_EVENT.offset, 5, true)
  view.setUint32(SOCKET_EVENT.netns, 0xf000_0001, true)
  const event = new RingSocketEvent(buffer, { high: 0, low: 0 })
  view.setUint8(SOCKET_EVENT.kind, EVENT_OPEN)
  expect([event.sentOffset, event.offset]).toEqual([0xffff_fff1, 0xffff_fff2])
  for (const kind of [EVENT_DATA, EVENT_CLOSE]) {
    view.setUint8(SOCKET_EVENT.kind, kind)
    expect([event.sentOffset, event.offset]).toEqual([undefined, 5])
    expect([event.firstSent, event.firstReceived]).toEqual([0xffff_fff1, 0xffff_fff2])
  }
  expect([event.netns, event.afterClose]).toEqual([0xf000_0001, false])
  view.setUint8(SOCKET_EVENT.flags, 1)
  expect(event.afterClose).toBe(true)
})

test('a command name takes all of its room', () => {
  const buffer = new ArrayBuffer(256)
  new Uint8Array(buffer).fill(0x78, SOCKET_EVENT.comm, SOCKET_EVENT.payload + 8)
  expect(new RingSocketEvent(buffer, { high: 0, low: 0 }).comm).toBe('x'.repeat(16))
})

test.each([
  [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
  [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
  [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
  [[0xfe80, 0, 1, 2, 3, 4, 5, 6], 'fe80:0:1:2:3:4:5:6'],
  [[1, 2, 3, 4, 5, 6, 0, 0], '1:2:3:4:5:6::'],
])('RFC 5952: %p is %s', (groups, text) => {
  expect(ipv6Text(groups as number[])).toBe(text as string)
})
