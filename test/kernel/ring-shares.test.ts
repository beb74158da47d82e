/** Which connections find room in a ring that others fill and no reader drains. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EVENT_CLOSE, EVENT_DATA, SENT } from '../../src/events/socket-event'
import { drainAll, open, Program, type Seen, type Traced } from './traced'

const RING = 1 << 23
/** Four times the ring in calls of 4 KiB, then a word on a connection that has said nothing, and one on the loud one. */
const LOUD = `
c, d = pair(); e, f = pair(); step()
for _ in range(${(4 * RING) / 4096}):
    c.send(b'x' * 4096); d.recv(4096)
e.send(b'quiet one'); f.recv(100); step()
`
const QUIET = `
c, d = pair(); step()
c.send(b'somebody else'); d.recv(100); step()
`

const sentBy = (events: Seen[], { pid }: Program) =>
  events.filter((event) => event.kind === EVENT_DATA && event.pid === pid && event.direction === SENT)
const texts = (events: Seen[]) => events.map(({ payload }) => payload.toString('latin1'))

describe('a ring that one process fills', () => {
  let kernel: Traced
  beforeAll(() => {
    kernel = open({ ringBytes: RING, isGated: false })
  })
  afterAll(() => kernel.close())

  test('has room for its other connections, and for other processes', async () => {
    const [loud, quiet] = [new Program(LOUD), new Program(QUIET)]
    await Promise.all([loud.ready(), quiet.ready()])
    drainAll(kernel)
    const before = kernel.lost().events
    loud.go()
    await loud.ready()
    const fill = kernel.fill()
    quiet.go()
    await quiet.ready()
    const events = drainAll(kernel)
    expect(fill).toBeGreaterThan(0.5)
    expect(fill).toBeLessThan(0.95)
    expect(kernel.lost().events).toBeGreaterThan(before)
    expect(texts(sentBy(events, loud)).filter((text) => !/^x*$/.test(text))).toEqual(['quiet one'])
    expect(texts(sentBy(events, quiet))).toEqual(['somebody else'])
    for (const program of [loud, quiet]) {
      program.go()
      await program.end()
    }
  })

  test('has room for the loud one again, once it was read', async () => {
    const loud = new Program(LOUD)
    await loud.ready()
    drainAll(kernel)
    loud.go()
    await loud.ready()
    const captured = sentBy(drainAll(kernel), loud).reduce((sum, { payload }) => sum + payload.length, 0)
    // Both ends are captured.
    expect(captured).toBeGreaterThan(RING / 8)
    loud.go()
    await loud.end()
  })
})

/** Fills the ring with one connection, then goes on with many that are new to it. */
const EVER_NEW = `
c, d = pair(); step()
for _ in range(${(4 * RING) / 4096}): c.send(b'x' * 4096); d.recv(4096)
for c, d in [pair() for _ in range(400)]:
    for _ in range(4): c.send(b'x' * 4096); d.recv(4096)
step()
`
/** Exchanges as a small web client has, on kept connections: the answers are longer than what is left of a call that is cut. */
const EXCHANGES = 100
const SMALL = `
ends = [pair() for _ in range(4)]; step()
for n in range(${EXCHANGES}):
    c, d = ends[n % 4]
    c.send(b'GET /%d ' % n + b'q' * 150); d.recv(999); d.send(b'HTTP/1.1 200 ' + b'r' * 250); c.recv(999)
step()
for c, d in ends: c.close(); d.close()
`

test.each([
  ['one connection', LOUD, false],
  ['one connection', LOUD, true],
  ['ever new connections', EVER_NEW, false],
  ['ever new connections', EVER_NEW, true],
])(
  'beside %s of a process that fill the ring, small exchanges of another one are captured whole',
  async (_, text, isGated) => {
    const kernel = open({ ringBytes: RING, isGated })
    try {
      const [loud, small] = [new Program(text), new Program(SMALL)]
      await Promise.all([loud.ready(), small.ready()])
      drainAll(kernel)
      loud.go()
      await loud.ready()
      expect(kernel.fill()).toBeGreaterThan(0.85)
      small.go()
      await small.ready()
      const calls = drainAll(kernel).filter(({ kind, pid }) => kind === EVENT_DATA && pid === small.pid)
      expect(calls).toHaveLength(4 * EXCHANGES)
      expect(calls.filter(({ size, payload }) => payload.length < size)).toEqual([])
      for (const program of [loud, small]) {
        program.go()
        await program.end()
      }
      const closes = drainAll(kernel).filter(({ kind, pid }) => kind === EVENT_CLOSE && pid === small.pid)
      expect(closes.map(({ totals }) => totals!.shedExchanges)).toEqual(Array(8).fill(0))
    } finally {
      kernel.close()
    }
  },
)

/** Rather than to cut what it says, whole exchanges are counted. */
test('with a budget the other connections of a process that fills the ring are counted, other processes captured', async () => {
  const kernel = open({ ringBytes: RING })
  try {
    const [loud, quiet] = [new Program(LOUD), new Program(QUIET)]
    await Promise.all([loud.ready(), quiet.ready()])
    drainAll(kernel)
    loud.go()
    await loud.ready()
    quiet.go()
    await quiet.ready()
    const events = drainAll(kernel)
    expect(texts(sentBy(events, loud)).filter((text) => !/^x*$/.test(text))).toEqual([])
    expect(texts(sentBy(events, quiet))).toEqual(['somebody else'])
    for (const program of [loud, quiet]) {
      program.go()
      await program.end()
    }
    const closes = drainAll(kernel).filter(({ kind, pid }) => kind === EVENT_CLOSE && pid === loud.pid)
    const quietOnes = closes.filter(({ totals }) => totals!.bytesSent + totals!.bytesReceived === 9)
    expect(quietOnes.map(({ totals }) => totals!.shedExchanges)).toEqual([1, 1])
  } finally {
    kernel.close()
  }
})
