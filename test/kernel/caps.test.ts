/** How much of a call is captured: whole at a connection's beginning, by verdict, and without unneeded bytes. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EVENT_DATA, SENT } from '../../src/events/socket-event'

import { drainAll, open, Program, type Seen, sent, type Traced, trace } from './traced'

const MIB = 1 << 20
/** A call of up to 2 MiB goes in one. */
const PAIR = 'c, d = pair(); c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)'
const FILL = 'def fill(n): return bytes((i * 7 + (i >> 8)) & 0xff for i in range(n))'
const byteAt = (i: number) => (i * 7 + (i >> 8)) & 0xff

const size = (events: Seen[]) => events.reduce((sum, event) => sum + event.size, 0)

/** [first byte of the stream, how many] of each run of bytes that came with payload; each byte must be the right one. */
function runs(events: Seen[], from: number): Array<[number, number]> {
  const found: Array<[number, number]> = []
  for (const { offset, payload } of events) {
    if (payload.length === 0) continue
    const at = (offset - from) >>> 0
    expect(payload.findIndex((byte, i) => byte !== byteAt(at + i))).toBe(-1)
    const last = found.at(-1)
    if (last && last[0] + last[1] === at) last[1] += payload.length
    else found.push([at, payload.length])
  }
  return found
}

describe('before any verdict', () => {
  let kernel: Traced
  beforeAll(() => {
    kernel = open({ ringBytes: 1 << 24, defaultCap: 4096, freshBytes: MIB })
  })
  afterAll(() => kernel.close())

  test('the first call of a new connection is captured whole, up to 1 MiB', async () => {
    const out = sent(await trace(kernel, `${FILL}\n${PAIR}\nassert c.send(fill(1 << 20)) == 1 << 20`))
    expect(size(out)).toBe(MIB)
    expect(runs(out, out[0]!.offset)).toEqual([[0, MIB]])
  })

  test('later ones as far as the first MiB goes, then up to the cap of each call', async () => {
    const out = sent(
      await trace(
        kernel,
        `${FILL}\n${PAIR}\nf = fill(1600000)
assert c.send(f[:600000]) == 600000; assert c.send(f[600000:1200000]) == 600000; assert c.send(f[1200000:]) == 400000`,
      ),
    )
    expect(runs(out, out[0]!.offset)).toEqual([
      [0, MIB],
      [1_200_000, 4096],
    ])
  })

  /** What is captured of a first call of 500,000 bytes, and a second of 600,000, on a connection that is older than the probe. */
  async function joined(ringBytes: number, before: string): Promise<Array<[number, number]>> {
    const program = new Program(
      `${FILL}\n${PAIR}\nf = fill(1100000)\nstep()\n${before}
assert c.send(f[:500000]) == 500000; assert c.send(f[500000:]) == 600000`,
    )
    await program.ready()
    const late = open({ ringBytes, defaultCap: 4096, freshBytes: MIB })
    try {
      program.go()
      await program.end()
      const all = sent(drainAll(late).filter((event) => event.pid === program.pid))
      const out = all.filter((event) => event.connId === all.at(-1)!.connId)
      expect(size(out)).toBe(1_100_000)
      return runs(out, out[0]!.offset)
    } finally {
      late.close()
    }
  }

  test('so are those of a connection that was joined', async () => {
    expect(await joined(1 << 24, '')).toEqual([[0, MIB]])
  })

  test('of a joined one the cap only when much waits in the ring', async () => {
    const much =
      'e, g = pair(); e.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20); e.send(fill(700000))'
    expect(await joined(1 << 21, much)).toEqual([
      [0, 4096],
      [500_000, 4096],
    ])
  })

  test('a large call leaves room in the ring for others', async () => {
    const small = open({ ringBytes: 1 << 22, defaultCap: 4096, freshBytes: MIB })
    try {
      drainAll(small)
      const program = new Program(`
for i in range(4):
    ${PAIR}
    c.sendall(b'x' * 700000); d.recv(700000, socket.MSG_WAITALL)
for i in range(500): c.send(b'small')
step()`)
      await program.ready()
      const events = drainAll(small).filter((event) => event.pid === program.pid)
      expect(small.lost().events).toBe(0)
      expect(sent(events).filter((event) => event.payload.toString() === 'small').length).toBe(500)
      program.go()
      await program.end()
    } finally {
      small.close()
    }
  })
})

describe('by verdict', () => {
  let kernel: Traced
  beforeAll(() => {
    kernel = open({ ringBytes: 1 << 24, defaultCap: 100 })
  })
  afterAll(() => kernel.close())

  /** Runs the program up to its `step()`, has its sending end told something, and gives what it sends after. */
  async function told(first: string, then: string, tell: (event: Seen) => void): Promise<Seen[]> {
    drainAll(kernel)
    const program = new Program(`${FILL}\n${PAIR}\n${first}\nstep()\n${then}`)
    await program.ready()
    const event = sent(drainAll(kernel).filter((event) => event.pid === program.pid))[0]!
    tell(event)
    program.go()
    await program.end()
    return drainAll(kernel).filter(
      ({ kind, connId, direction }) => kind === EVENT_DATA && connId === event.connId && direction === SENT,
    )
  }

  test('a call of 1 MiB whole', async () => {
    let from = 0
    const out = await told(
      "c.send(b'x')",
      'assert c.send(fill(1 << 20)) == 1 << 20',
      ({ connId, offset }) => {
        from = offset + 1
        kernel.setVerdict(connId, { action: 'capture', cap: MIB })
      },
    )
    expect(size(out)).toBe(MIB)
    expect(runs(out, from)).toEqual([[0, MIB]])
  })

  /** Sends 1 byte, then `then` of `fill`, with the bytes of [0, until) not wanted; gives the runs that were captured. */
  async function skipped(until: number, then: string, id = (connId: number) => connId): Promise<unknown> {
    let from = 0
    const out = await told("c.send(b'x')", `f = fill(300000)\n${then}`, ({ connId, offset }) => {
      from = (offset + 1) >>> 0
      kernel.setVerdict(connId, { action: 'capture', cap: MIB })
      kernel.leaveOut(id(connId), SENT, (from + until) >>> 0)
    })
    return { size: size(out), runs: runs(out, from) }
  }

  test('bytes that nobody wants come as sizes, those behind them as they are', async () => {
    const then = 'c.sendall(f[:100000]); c.sendall(f[100000:200000]); c.sendall(f[200000:])'
    expect(await skipped(200_000, then)).toEqual({ size: 300_000, runs: [[200_000, 100_000]] })
  })

  test('the same within one call', async () => {
    expect(await skipped(123_456, 'c.sendall(f)')).toEqual({ size: 300_000, runs: [[123_456, 176_544]] })
    expect(await skipped(299_990, 'c.sendall(f)')).toEqual({ size: 300_000, runs: [[299_990, 10]] })
  })

  test('the same within a vector', async () => {
    const then = 'assert c.sendmsg([f[i:i + 700] for i in range(0, 300000, 700)]) == 300000'
    expect(await skipped(123_456, then)).toEqual({ size: 300_000, runs: [[123_456, 176_544]] })
    expect(await skipped(700, then)).toEqual({ size: 300_000, runs: [[700, 299_300]] })
  })

  test("another connection's word, a number behind and one too far ahead do nothing", async () => {
    const all = { size: 300_000, runs: [[0, 300_000]] }
    expect(await skipped(200_000, 'c.sendall(f)', (id) => id + 16_384)).toEqual(all)
    expect(await skipped(-5, 'c.sendall(f)')).toEqual(all)
    expect(await skipped(2 ** 30 + 1, 'c.sendall(f)')).toEqual(all)
  })

  test('the other direction goes on as it was', async () => {
    drainAll(kernel)
    const program = new Program(
      `${PAIR}\nc.send(b'x'); step()\nc.sendall(b'y' * 1000); d.recv(1001, socket.MSG_WAITALL); d.sendall(b'z' * 1000); c.recv(1000, socket.MSG_WAITALL)`,
    )
    await program.ready()
    const { connId, offset } = sent(drainAll(kernel).filter((event) => event.pid === program.pid))[0]!
    kernel.setVerdict(connId, { action: 'capture', cap: MIB })
    kernel.leaveOut(connId, SENT, (offset + 5000) >>> 0)
    program.go()
    await program.end()
    const own = drainAll(kernel).filter((event) => event.kind === EVENT_DATA && event.connId === connId)
    expect(own.map(({ direction, size, payload }) => [direction, size, payload.length])).toEqual([
      [SENT, 1000, 0],
      [0, 1000, 1000],
    ])
  })
})
