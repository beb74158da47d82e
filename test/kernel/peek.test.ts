/** What is only counted shows where the other direction begins to speak, so that it can be recognised. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EVENT_DATA, RECEIVED, SENT, type Verdict } from '../../src/events/socket-event'

import { ROLE_SERVER } from '../../src/records/types'
import { drainAll, open, Program, type Traced } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

/** One exchange, then those of `then` under a verdict on the server's end: its data events as [direction, size, payload]. */
async function under(verdict: Verdict, then: string): Promise<Array<[number, number, string]>> {
  drainAll(kernel)
  const program = new Program(`c, d = pair()
for end in (c, d): end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def turn(n, ask=100, say=200, calls=2):
    for out, into, text, size in ((c, d, b'ask%d' % n, ask), (d, c, b'say%d' % n, say)):
        for i in range(calls): out.send(text + b'.' * (size - len(text))); into.recv(size, socket.MSG_WAITALL)
turn(0); step()\n${then}\nstep()`)
  try {
    await program.ready()
    const { connId } = drainAll(kernel).find(
      ({ kind, role, pid }) => kind === EVENT_DATA && role === ROLE_SERVER && pid === program.pid,
    )!
    kernel.setVerdict(connId, verdict)
    program.go()
    await program.ready()
    return drainAll(kernel)
      .filter((event) => event.connId === connId)
      .map(({ direction, size, payload }) => [direction, size, payload.toString()])
  } finally {
    program.kill()
  }
}

test('the first call after each turn, as far as the peek goes', async () => {
  expect(await under({ action: 'count', peek: 4 }, 'turn(1); turn(2)')).toEqual([
    [RECEIVED, 100, 'ask1'],
    [SENT, 200, 'say1'],
    [RECEIVED, 100, 'ask2'],
    [SENT, 200, 'say2'],
  ])
})

test('of a large body only its beginning, in one record', async () => {
  const seen = await under({ action: 'count', peek: 256 }, 'turn(1, 60000, 70000, 5)')
  expect(seen.map(([direction, size, payload]) => [direction, size, payload.length])).toEqual([
    [RECEIVED, 60_000, 256],
    [SENT, 70_000, 256],
  ])
})

test('eight in a row, then two a second', async () => {
  const from = performance.now()
  const fast = await under({ action: 'count', peek: 4 }, 'for i in range(100): turn(i)')
  const seconds = Math.ceil((performance.now() - from) / 1000)
  expect(fast.length).toBeGreaterThanOrEqual(8)
  expect(fast.length).toBeLessThan(Math.max(15, 8 + 2 * (seconds + 1)))
  const slow = await under(
    { action: 'count', peek: 4 },
    'for i in range(50): turn(i)\ntime.sleep(1.1); turn(99)',
  )
  expect(slow.slice(-2).map(([, , payload]) => payload)).toEqual(['ask9', 'say9'])
})

test('none without a peek', async () => {
  expect(await under({ action: 'count' }, 'turn(1); turn(2)')).toEqual([])
})

const KIB = 1024

describe('of what begins like text more than that, as it may be a long head', () => {
  const captured = async (peek: number, then: string) =>
    (await under({ action: 'count', peek }, then)).map(([direction, size, payload]) => [
      direction,
      size,
      payload.length,
    ])

  test('in one call', async () => {
    const seen = await captured(1024 * KIB, 'turn(1, 40000, 200, 1)')
    const asked = seen.filter(([direction]) => direction === RECEIVED)
    expect(asked.map(([, size]) => size).reduce((sum, size) => sum! + size!, 0)).toBe(40_000)
    expect(asked.map(([, , length]) => length).reduce((sum, length) => sum! + length!, 0)).toBe(40_000)
  })

  test('in several calls, up to the peek', async () => {
    expect(await captured(20_000, 'turn(1, 8000, 200, 4)')).toEqual([
      [RECEIVED, 8000, 8000],
      [RECEIVED, 8000, 8000],
      [RECEIVED, 8000, 4000],
      [SENT, 200, 200],
      [SENT, 200, 200],
      [SENT, 200, 200],
      [SENT, 200, 200],
    ])
  })

  test('of anything else 1 KiB of the first call', async () => {
    const binary = `\nfor i in range(3): c.send(b'\\x00\\x01' * 4000); d.recv(8000, socket.MSG_WAITALL)`
    expect(await captured(1024 * KIB, binary)).toEqual([[RECEIVED, 8000, 1024]])
  })

  test('and then only small ones, until that is paid off', async () => {
    const seen = await captured(256 * KIB, 'for i in range(1, 4): turn(i, 250000, 100, 1)')
    const asked = seen.filter(([direction]) => direction === RECEIVED)
    expect(asked.map(([, , length]) => length).filter((length) => length === 16 * KIB)).not.toEqual([])
    const all = asked.reduce((sum, [, , length]) => sum + length!, 0)
    expect(all).toBe(250_000 + 2 * 16 * KIB)
  })
})
