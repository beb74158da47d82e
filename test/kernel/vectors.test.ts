/** Calls that gather from, or scatter to, many places: sizes are what the call moved, bytes those of all places. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'

import { open, type Seen, type Traced, trace } from './traced'

let kernel: Traced
beforeAll(() => {
  kernel = open({ defaultCap: 1 << 20 })
})
afterAll(() => kernel.close())

const TCP = 'c, d = pair(); [s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20) for s in (c, d)]'
const UDP = `d = socket.socket(type=socket.SOCK_DGRAM); d.bind(('127.0.0.1', 0))
c = socket.socket(type=socket.SOCK_DGRAM); c.connect(d.getsockname())`

/** Every byte tells its place, so that one that is missing, doubled or moved is found. */
const byteAt = (i: number) => (i * 7 + (i >> 8)) & 0xff
const BYTES = 'def fill(n): return bytes((i * 7 + (i >> 8)) & 0xff for i in range(n))'
/** Cuts `total` bytes into pieces whose lengths go round `sizes`. */
const CUT = `def cut(sizes, count):
    all = fill(sum(sizes[i % len(sizes)] for i in range(count))); out = []; at = 0
    for i in range(count):
        n = sizes[i % len(sizes)]; out.append(all[at:at + n]); at += n
    return out, len(all)`

interface Moved {
  size: number
  payload: Buffer
  /** Whether each event begins where the one before ended. */
  follows: boolean
}

function moved(events: Seen[], direction: number): Moved {
  const own = events.filter((event) => event.direction === direction)
  const follows = own.every(
    ({ offset }, i) => i === 0 || offset === (own[i - 1]!.offset + own[i - 1]!.size) >>> 0,
  )
  return {
    size: own.reduce((sum, { size }) => sum + size, 0),
    payload: Buffer.concat(own.map(({ payload }) => payload)),
    follows,
  }
}

function wrongAt({ payload }: Moved): number {
  return payload.findIndex((byte, i) => byte !== byteAt(i))
}

interface Case {
  name: string
  sizes: readonly number[]
  count: number
}

const total = ({ sizes, count }: Case) =>
  Array.from({ length: count }, (_, i) => sizes[i % sizes.length]!).reduce((a, b) => a + b, 0)

const CASES: Case[] = [
  { name: '100 of 5 bytes', sizes: [5], count: 100 },
  { name: '65 of 1 byte', sizes: [1], count: 65 },
  { name: '1024 of 3 bytes', sizes: [3], count: 1024 },
  { name: '1024 of 0 and 7 bytes', sizes: [0, 7], count: 1024 },
  { name: '1024 of 900 bytes', sizes: [900], count: 1024 },
  { name: 'small and large in turn', sizes: [17, 5000, 300, 40_000, 1], count: 30 },
  { name: 'a head before a large body and a trailer', sizes: [200, 300_000, 5], count: 3 },
  { name: 'a record filled to its last byte', sizes: [4096, 4095, 1, 8192], count: 8 },
]

describe.each(CASES)('$name', (one) => {
  const bytes = total(one)
  const parts = `${BYTES}\n${CUT}\np, n = cut(${JSON.stringify(one.sizes)}, ${one.count})`

  test.each([
    ['writev', 'os.writev(c.fileno(), p)'],
    ['sendmsg', 'c.sendmsg(p)'],
  ])('%s', async (_, send) => {
    const events = await trace(kernel, `${TCP}\n${parts}\nassert ${send} == n`)
    const out = moved(events, SENT)
    expect([out.size, out.payload.length, wrongAt(out), out.follows]).toEqual([bytes, bytes, -1, true])
  })

  test.each([
    ['readv', 'os.readv(d.fileno(), into)'],
    ['recvmsg', 'd.recvmsg_into(into, 0, socket.MSG_WAITALL)[0]'],
  ])('%s', async (_, receive) => {
    const events = await trace(
      kernel,
      `${TCP}\n${parts}
d.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
import threading
t = threading.Thread(target=lambda: c.sendall(b''.join(p))); t.start()
into = [bytearray(len(q)) for q in p]; got = ${receive}; t.join(); assert 0 < got <= n; print(got, flush=True)
while got < n: got += len(d.recv(n - got))`,
    )
    const into = moved(events, RECEIVED)
    expect([into.size, into.payload.length, wrongAt(into), into.follows]).toEqual([bytes, bytes, -1, true])
  })
})

describe('datagrams', () => {
  test.each([
    { name: '100 of 5 bytes', sizes: [5], count: 100 },
    { name: '1024 of 8 bytes', sizes: [8], count: 1024 },
    { name: 'small and large in turn', sizes: [17, 3000, 300], count: 6 },
  ])('$name: one record', async (one) => {
    const bytes = total(one)
    const events = await trace(
      kernel,
      `${UDP}\n${BYTES}\n${CUT}\np, n = cut(${JSON.stringify(one.sizes)}, ${one.count})
assert c.sendmsg(p) == n; d.recvmsg_into([bytearray(len(q)) for q in p])`,
    )
    expect(events.map(({ size }) => size)).toEqual([bytes, bytes])
    for (const direction of [SENT, RECEIVED]) {
      const one = moved(events, direction)
      expect([one.payload.length, wrongAt(one)]).toEqual([bytes, -1])
    }
  })
})

test('a call that took less than it was given tells what it took', async () => {
  const events = await trace(
    kernel,
    `${BYTES}\n${CUT}\nc, d = pair(); c.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096); c.setblocking(False)
p, n = cut([700], 1024); took = c.sendmsg(p); assert 0 < took < n; got = 0
while got < took: got += len(d.recv(took - got))`,
  )
  const [out, into] = [moved(events, SENT), moved(events, RECEIVED)]
  expect(out.size).toBe(into.size)
  expect([out.payload.length, wrongAt(out), into.payload.length, wrongAt(into)]).toEqual([
    out.size,
    -1,
    out.size,
    -1,
  ])
})
