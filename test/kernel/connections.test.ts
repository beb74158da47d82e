/** What the probe keeps per connection: identity, role, verdict, totals, losses, order. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { EVENT_CLOSE, EVENT_DATA, EVENT_OPEN, RECEIVED, SENT } from '../../src/events/socket-event'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { copy, drainAll, open, Program, received, type Seen, sent, type Traced, trace } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open()
})
afterAll(() => kernel.close())

describe('identity', () => {
  test('open, data and close carry one id per end; the close carries the totals', async () => {
    drainAll(kernel)
    const program = new Program(
      "c, d = pair(); c.send(b'12345'); d.recv(9); d.send(b'67'); c.recv(9); c.close(); d.close()",
    )
    await program.end()
    const all = drainAll(kernel)
    const ids = new Set(all.filter((event) => event.pid === program.pid).map((event) => event.connId))
    expect(ids.size).toBe(2)
    for (const id of ids) {
      const events = all.filter((event) => event.connId === id)
      expect(events.map((event) => event.kind)).toEqual([EVENT_OPEN, EVENT_DATA, EVENT_DATA, EVENT_CLOSE])
      const totals = events.at(-1)!.totals!
      expect([totals.bytesSent, totals.bytesReceived].sort()).toEqual([2, 5])
      expect(totals.bytesSent).toBe(events[0]!.role === ROLE_CLIENT ? 5 : 2)
    }
  })

  test('an open says where both streams begin', async () => {
    drainAll(kernel)
    const program = new Program("c, d = pair(); c.send(b'12345'); d.recv(9); d.send(b'67'); c.recv(9)")
    await program.end()
    const all = drainAll(kernel)
    const data = all.filter((event) => event.kind === EVENT_DATA && event.pid === program.pid)
    expect(data).toHaveLength(4)
    for (const { connId, direction, offset } of data) {
      const opened = all.find((event) => event.connId === connId && event.kind === EVENT_OPEN)!
      expect(direction === SENT ? opened.sentOffset : opened.offset).toBe(offset)
    }
  })

  test('a process that is gone has told its name', async () => {
    drainAll(kernel)
    const program = new Program(`
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
if os.fork() == 0:
    open('/proc/self/comm', 'w').write('gone-at-once')
    c = socket.create_connection(s.getsockname()); c.send(b'bye'); os._exit(0)
d, _ = s.accept(); os.wait(); d.recv(9)`)
    await program.end()
    const data = drainAll(kernel).filter((event) => event.payload.toString() === 'bye')
    expect(data.map(({ direction, comm }) => [direction, comm])).toEqual([
      [SENT, 'gone-at-once'],
      [RECEIVED, 'python3'],
    ])
  })

  test('a thread with a name of its own speaks for its process', async () => {
    const events = await trace(
      kernel,
      `import threading
c, d = pair()
def run():
    open('/proc/self/task/%d/comm' % threading.get_native_id(), 'w').write('worker'); c.send(b'x')
t = threading.Thread(target=run); t.start(); t.join(); d.recv(1)`,
    )
    expect(events.map(({ comm }) => comm)).toEqual(['python3', 'python3'])
  })

  test('roles come from the handshake', async () => {
    const events = await trace(kernel, "c, d = pair(); c.send(b'x'); d.recv(1)")
    expect(sent(events)[0]!.role).toBe(ROLE_CLIENT)
    expect(received(events)[0]!.role).toBe(ROLE_SERVER)
  })

  test('no two sockets share an id, however often addresses are reused', async () => {
    const events = await trace(
      kernel,
      `for i in range(200):
  c, d = pair(); c.send(b'%d' % i); d.recv(9); c.close(); d.close()
`,
    )
    expect(new Set(events.map((event) => event.connId)).size).toBe(400)
  })

  test('a datagram socket at a reused address is another connection', async () => {
    const events = await trace(
      kernel,
      `for i in range(50):
  s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'%d' % i, ('127.0.0.1', 9)); s.close()
`,
    )
    expect(events.length).toBe(50)
    expect(new Set(events.map((event) => event.connId)).size).toBe(50)
  })

  test('a child that inherits the socket is seen by its own pid, on the same connection', async () => {
    drainAll(kernel)
    const program = new Program(
      "c, d = pair(); c.send(b'p')\nif os.fork() == 0: c.send(b'c'); os._exit(0)\nos.wait(); d.recv(9)",
    )
    await program.end()
    const all = drainAll(kernel)
    const own = all.find((event) => event.pid === program.pid && event.direction === SENT)!
    const both = all.filter((event) => event.connId === own.connId && event.kind === EVENT_DATA)
    expect(both.map((event) => event.payload.toString())).toEqual(['p', 'c'])
    expect(both[1]!.pid).not.toBe(own.pid)
  })

  test('connections older than the probe have data and a role', async () => {
    const program = new Program(`
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
c = socket.create_connection(s.getsockname()); d, _ = s.accept(); step()
c.send(b'old'); d.recv(9)`)
    await program.ready()
    const late = open()
    try {
      program.go()
      await program.end()
      const events = drainAll(late).filter((event) => event.pid === program.pid)
      expect(
        events
          .filter((event) => event.kind === EVENT_DATA)
          .map((event) => [event.payload.toString(), event.role]),
      ).toEqual([
        ['old', ROLE_CLIENT],
        ['old', ROLE_SERVER],
      ])
    } finally {
      late.close()
    }
  })

  test('Nixie does not trace itself', async () => {
    drainAll(kernel)
    const program = new Program(
      "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(s.getsockname()[1], flush=True); d, _ = s.accept(); d.recv(9)",
    )
    const port = Number(await program.ready())
    const client = connect(port, '127.0.0.1', () => client.end('me'))
    await program.end()
    const data = drainAll(kernel).filter((event) => event.kind === EVENT_DATA)
    expect(data.some((event) => event.pid === program.pid && event.payload.toString() === 'me')).toBe(true)
    expect(data.some((event) => event.pid === process.pid)).toBe(false)
  })
})

describe('verdicts', () => {
  const STEPS = `c, d = pair(); c.send(b'a' * 100); d.recv(100); step()
c.send(b'b' * 100); d.recv(100); step()
c.close(); d.close()`

  test('count stops the data, not the totals; capture starts it again', async () => {
    drainAll(kernel)
    const program = new Program(`${STEPS.replace('c.close', "c.send(b'z'); d.recv(9); c.close")}`)
    await program.ready()
    const id = sent(drainAll(kernel).filter((event) => event.pid === program.pid))[0]!.connId
    kernel.setVerdict(id, { action: 'count' })
    program.go()
    await program.ready()
    expect(drainAll(kernel).filter((event) => event.connId === id)).toEqual([])
    let bytes = 0
    kernel.totals((totals) => {
      if (totals.connId === id) bytes = totals.bytesSent
    })
    expect(bytes).toBe(200)
    kernel.setVerdict(id, { action: 'capture', cap: 10 })
    program.go()
    await program.end()
    const last = drainAll(kernel).filter((event) => event.connId === id)
    expect(last.map((event) => event.kind)).toEqual([EVENT_DATA, EVENT_CLOSE])
    expect(last[1]!.totals!.bytesSent).toBe(201)
  })

  test('a cap cuts the payload, not the size', async () => {
    drainAll(kernel)
    const program = new Program(STEPS)
    await program.ready()
    const id = sent(drainAll(kernel).filter((event) => event.pid === program.pid))[0]!.connId
    kernel.setVerdict(id, { action: 'capture', cap: 7 })
    program.go()
    await program.ready()
    const events = drainAll(kernel).filter((event) => event.connId === id)
    expect(events.map(({ size, payload }) => [size, payload.toString()])).toEqual([[100, 'bbbbbbb']])
    program.go()
    await program.end()
  })

  test('a verdict for a dead or unknown connection does nothing to another', async () => {
    const before = await trace(kernel, "c, d = pair(); c.send(b'1'); d.recv(1)")
    for (const event of before) kernel.setVerdict(event.connId, { action: 'count' })
    for (let id = 1; id < 2000; id++)
      if (!before.some((e) => e.connId === id)) kernel.setVerdict(2 ** 40 + id, { action: 'count' })
    const after = await trace(
      kernel,
      "for i in range(50):\n  c, d = pair(); c.send(b'2'); d.recv(1); c.close(); d.close()\n",
    )
    expect(sent(after).length).toBe(50)
  })
})

describe('order and losses', () => {
  /** Follows one direction; gives the bytes covered and the bytes that no event told of. */
  function follow(events: Seen[]): { covered: number; missing: number } {
    let covered = 0
    let missing = 0
    let next = events[0]!.offset
    for (const { offset, size } of events) {
      missing += (offset - next) >>> 0
      covered += size
      next = (offset + size) >>> 0
    }
    return { covered, missing }
  }

  const TRANSFER = `
import threading
c, d = pair(); TOTAL = 30 << 20
def send():
    left = TOTAL
    while left: left -= c.send(b'x' * min(left, 200000))
t = threading.Thread(target=send); t.start(); got = 0
while got < TOTAL: got += len(d.recv(100000))
t.join()
`

  test('30 MB: each direction covered without a hole', async () => {
    const probe = open({ defaultCap: 4096 })
    try {
      const program = new Program(TRANSFER)
      const seen: Seen[] = []
      let done = false
      const ended = program.end().finally(() => {
        done = true
      })
      while (!done) {
        probe.drain((event) => {
          if (event.kind === EVENT_DATA && event.pid === program.pid) seen.push(copy(event))
        }, 10_000)
        await Bun.sleep(1)
      }
      await ended
      seen.push(...drainAll(probe).filter(({ kind, pid }) => kind === EVENT_DATA && pid === program.pid))
      expect(probe.lost().events).toBe(0)
      expect(follow(sent(seen))).toEqual({ covered: 30 << 20, missing: 0 })
      expect(follow(received(seen))).toEqual({ covered: 30 << 20, missing: 0 })
    } finally {
      probe.close()
    }
  })

  test('a large call becomes several records that follow on each other, the rest is size', async () => {
    const probe = open({ defaultCap: 40_000 })
    try {
      drainAll(probe)
      const events = await trace(
        probe,
        'c, d = pair(); c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1<<20)\nassert c.send(bytes(i % 251 for i in range(100000))) == 100000\n',
      )
      const out = sent(events)
      expect(out.map(({ size, payload }) => [size, payload.length])).toEqual([
        [16384, 16384],
        [16384, 16384],
        [100000 - 32768, 40000 - 32768],
      ])
      expect(follow(out)).toEqual({ covered: 100000, missing: 0 })
      const bytes = Buffer.concat(out.map((event) => event.payload))
      expect(bytes.every((byte, i) => byte === i % 251)).toBe(true)
    } finally {
      probe.close()
    }
  })

  test('what found the ring full is counted, for the connection and in all', async () => {
    const probe = open({ ringBytes: 1 << 16 })
    try {
      drainAll(probe)
      const program = new Program(
        "c, d = pair()\nfor i in range(400): c.send(b'x' * 1000); d.recv(1000)\nstep()",
      )
      await program.ready()
      let lost = 0
      const ids = new Set<number>()
      probe.totals(({ connId, bytesSent, bytesReceived, lostEvents }) => {
        if (bytesSent !== 400_000 && bytesReceived !== 400_000) return
        lost += lostEvents
        ids.add(connId)
      })
      const seen = drainAll(probe).filter((event) => ids.has(event.connId))
      expect(lost).toBeGreaterThan(0)
      // 400 calls and an opening at each end.
      expect(seen.length + lost).toBe(802)
      expect(probe.lost().events).toBeGreaterThanOrEqual(lost)
      // Openings have no bytes, and are among the lost where others' calls had filled the ring before.
      expect(probe.lost().bytes).toBeGreaterThanOrEqual((lost - 2) * 1000)
      program.go()
      await program.end()
    } finally {
      probe.close()
    }
  })
})

test('unix sockets are counted', async () => {
  const probe = open({ ringBytes: 1 << 16, defaultCap: 0 })
  try {
    const before = probe.uncaptured().unixCalls
    await new Program("a, b = socket.socketpair()\nfor i in range(100): a.send(b'x'); b.recv(1)").end()
    expect(probe.uncaptured().unixCalls - before).toBeGreaterThanOrEqual(200)
  } finally {
    probe.close()
  }
})
