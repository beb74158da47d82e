/** Recordings made in a test: events as the kernel lays them out, on a tape, in a file. */
import { writeFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { PROCESS_EVENT, PROCESS_EVENT_BYTES, type ProcessEventKind } from '../../src/events/identity'
import { ENDPOINTS, SOCKET_EVENT, TOTALS, TOTALS_BYTES } from '../../src/events/socket'
import { EVENT_DATA, type SocketEvent } from '../../src/events/socket-event'
import type { Header } from '../../src/recording/format'
import { LAYOUT } from '../../src/recording/layout'
import { Tape } from '../../src/recording/tape'

const view = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** As the socket probe writes it; times are of a clock whose base is zero. Addresses are of IPv4. */
export function socketBytes(event: SocketEvent): Buffer {
  const isData = event.kind === EVENT_DATA
  const bytes = Buffer.alloc(SOCKET_EVENT.payload + (isData ? event.payload.length : TOTALS_BYTES))
  const at = view(bytes)
  at.setBigUint64(SOCKET_EVENT.conn_id, BigInt(event.connId), true)
  at.setBigUint64(SOCKET_EVENT.time_ns, BigInt(Math.round(event.timeNs)), true)
  at.setBigUint64(SOCKET_EVENT.start_ticks, BigInt(event.startTicks), true)
  at.setUint32(SOCKET_EVENT.pid, event.pid, true)
  at.setUint32(SOCKET_EVENT.offset, event.offset >>> 0, true)
  at.setUint32(SOCKET_EVENT.size, event.size, true)
  at.setUint32(SOCKET_EVENT.captured, isData ? event.payload.length : TOTALS_BYTES, true)
  at.setUint8(SOCKET_EVENT.kind, event.kind)
  at.setUint8(SOCKET_EVENT.direction, event.direction)
  at.setUint8(SOCKET_EVENT.role, event.role)
  at.setUint32(SOCKET_EVENT.netns, event.netns, true)
  const ends = SOCKET_EVENT.ends
  at.setUint16(ends + ENDPOINTS.local_port, event.localPort, true)
  at.setUint16(ends + ENDPOINTS.remote_port, event.remotePort, true)
  at.setUint8(ends + ENDPOINTS.version, 4)
  at.setUint8(ends + ENDPOINTS.protocol, event.transport === 'udp' ? 17 : 6)
  const addresses = { [ENDPOINTS.local_addr]: event.localAddr, [ENDPOINTS.remote_addr]: event.remoteAddr }
  for (const [offset, address] of Object.entries(addresses)) {
    if (!isIPv4(address)) throw new Error(`${address} is no IPv4 address`)
    bytes.set(address.split('.').map(Number), ends + Number(offset))
  }
  at.setUint32(ends + ENDPOINTS.first_sent, event.firstSent >>> 0, true)
  at.setUint32(ends + ENDPOINTS.first_received, event.firstReceived >>> 0, true)
  bytes.write(event.comm.slice(0, 15), SOCKET_EVENT.comm)
  if (isData) bytes.set(event.payload, SOCKET_EVENT.payload)
  else {
    at.setBigUint64(SOCKET_EVENT.payload + TOTALS.bytes_sent, BigInt(event.totals?.bytesSent ?? 0), true)
    const received = BigInt(event.totals?.bytesReceived ?? 0)
    at.setBigUint64(SOCKET_EVENT.payload + TOTALS.bytes_received, received, true)
  }
  return bytes
}

export interface Exec {
  readonly kind: ProcessEventKind
  readonly pid: number
  readonly args?: readonly string[]
}

/** As the identity probe writes it. */
export function processBytes({ kind, pid, args = [] }: Exec): Buffer {
  const texts = [
    Buffer.from('slice\0\0\0'),
    Buffer.from('/usr/bin/x\0'),
    Buffer.from(args.map((a) => `${a}\0`).join('')),
  ]
  const [cgroup, exe, line] = texts.map((text) => text.length)
  const bytes = Buffer.concat([Buffer.alloc(PROCESS_EVENT_BYTES), ...texts])
  const at = view(bytes)
  at.setUint32(PROCESS_EVENT.pid, pid, true)
  at.setBigUint64(PROCESS_EVENT.start_ticks, 7n, true)
  at.setUint16(PROCESS_EVENT.kind, kind, true)
  at.setUint16(PROCESS_EVENT.cgroup_bytes, cgroup!, true)
  at.setUint16(PROCESS_EVENT.exe_bytes, exe!, true)
  at.setUint16(PROCESS_EVENT.args_bytes, line!, true)
  bytes.write('x', PROCESS_EVENT.comm)
  return bytes
}

export function tapeOf(events: readonly SocketEvent[], maxBytes = 8 << 20): Tape {
  const tape = new Tape(maxBytes)
  for (const event of events) tape.add('socket', socketBytes(event))
  return tape
}

/** The payloads on a tape, in their order. */
export const payloadsOf = (tape: Tape): string[] =>
  [...tape].flatMap(({ kind, bytes }) =>
    kind === 'socket' && bytes[SOCKET_EVENT.kind] === EVENT_DATA
      ? [Buffer.from(bytes.subarray(SOCKET_EVENT.payload)).toString('latin1')]
      : [],
  )

export const HEADER: Header = {
  nixie: '0.0.0',
  kernel: '6.1.0',
  arch: 'x64',
  startedAt: '2026-01-01T00:00:00.000Z',
  bootedAt: '2025-12-31T00:00:00.000Z',
  seconds: 1,
  ending: 'time',
  clock: { timeBase: '1767225600000000000', high: 0, low: 0, startNs: 0 },
  asid: 7,
  listen: '127.0.0.1:6494',
  redacted: { secret: 0, unread: 0 },
  layout: LAYOUT,
}

/** The times at which all that was told before had been taken, and a second was over. */
export function addSecond(tape: Tape, nowNs: number): void {
  tape.addNumbers('look', [nowNs, 0])
  tape.addNumbers('second', [nowNs, 0])
}

export const fileOf = (tape: Tape, header: Header = HEADER): Buffer => Buffer.concat([...tape.file(header)])

export function writeTape(path: string, tape: Tape, header?: Header): string {
  writeFileSync(path, fileOf(tape, header))
  return path
}
