/** What is moved around a close: which connection it belongs to, and that it is late. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EVENT_CLOSE, EVENT_DATA, EVENT_OPEN, RECEIVED, SENT } from '../../src/events/socket-event'

import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { drainAll, open, Program, type Seen, side, type Traced } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

const RESET = "setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))"

async function run(text: string): Promise<Seen[]> {
  drainAll(kernel)
  const program = new Program(text)
  await program.end()
  return drainAll(kernel).filter(({ pid }) => pid === program.pid)
}

const told = (events: Seen[]) =>
  events.map(({ kind, direction, payload, afterClose }) =>
    kind === EVENT_DATA ? [direction, payload.toString(), afterClose] : kind,
  )

describe('data after the close', () => {
  test("a reset inside the server's send: the data is the closed connection's, and marked", async () => {
    const events = await run(
      "c, d = pair(); c.send(b'ask'); d.recv(9); c.close(); d.send(b'answer'); d.close()",
    )
    const server = side(events, ROLE_SERVER)
    expect(told(server)).toEqual([EVENT_OPEN, [RECEIVED, 'ask', false], EVENT_CLOSE, [SENT, 'answer', true]])
    expect(new Set(server.map(({ connId }) => connId)).size).toBe(1)
    const [, , close, late] = server
    expect(close!.totals).toEqual({ bytesSent: 0, bytesReceived: 3, lostEvents: 0, shedExchanges: 0 })
    expect(late!.offset).toBe(late!.firstSent)
  })

  const READ_AFTER_RESET = `c, d = pair(); c.send(b'left'); step()
c.${RESET}; c.close(); until(lambda: is_in(d, CLOSED)); step()
assert d.recv(9) == b'left'`

  test('what a reset left to read', async () => {
    drainAll(kernel)
    const program = new Program(READ_AFTER_RESET)
    for (let i = 0; i < 2; i++) {
      await program.ready()
      program.go()
    }
    await program.end()
    const server = side(drainAll(kernel), ROLE_SERVER).filter(({ pid }) => pid === program.pid)
    expect(told(server)).toEqual([EVENT_OPEN, EVENT_CLOSE, [RECEIVED, 'left', true]])
    expect(new Set(server.map(({ connId }) => connId)).size).toBe(1)
  })

  test('a connection that was over before the probe: no close will come, and its data says so', async () => {
    const program = new Program(READ_AFTER_RESET)
    await program.ready()
    program.go()
    await program.ready()
    const late = open()
    try {
      program.go()
      await program.end()
      const events = drainAll(late).filter(({ pid }) => pid === program.pid)
      expect(told(events)).toEqual([[RECEIVED, 'left', true]])
      late.totals(({ connId }) => expect(connId).not.toBe(events[0]!.connId))
    } finally {
      late.close()
    }
  })
})

test('the server closes before the client reads: both ends still say that they are one', async () => {
  const events = await run(
    "c, d = pair(); c.send(b'ask'); d.recv(9); d.send(b'answer'); d.close(); until(lambda: is_in(c, PEER_CLOSED)); c.recv(9); c.recv(9); c.close()",
  )
  const [server, client] = [side(events, ROLE_SERVER), side(events, ROLE_CLIENT)]
  const read = client.find(({ kind, direction }) => kind === EVENT_DATA && direction === RECEIVED)!
  const served = server.find(({ direction }) => direction === SENT)!
  expect([read.firstReceived, read.firstSent]).toEqual([served.firstSent, served.firstReceived])
  expect(read.offset).toBe(served.offset)
})
