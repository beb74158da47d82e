/**
 * While the ring is full, connections of HTTP/2 are shed and not cut: each stream has its row or is counted, and no row is damaged.
 * Needs root.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { GATE_PORTS } from '../../src/events/socket-event'
import { HTTP2 } from './http2-program'
import { record } from './recorded'
import { open, Program, type Traced } from './traced'

const ASKED = 12_004
/** So seldom is the ring read that it overflows between two looks. */
const LOOK_MS = 150

let kernel: Traced
beforeAll(() => {
  kernel = open({ ringBytes: 1 << 20, freshBytes: 1 << 20 })
})
afterAll(() => kernel.close())

test('a ring of 1 MiB that is read too seldom', async () => {
  const { sink, streams, counters, drain, count } = record(kernel)
  kernel.setGate({ shed: new Uint16Array(GATE_PORTS) })
  drain()
  // The verdicts come within the first pause.
  const program = new Program(`${HTTP2}CONTENT = b'x' * 3000
to = server()
def work(n):
    c = Client(to); c.ask(1, get); c.hear(1); time.sleep(0.5)
    for i in range(30): c.ask(100, get); c.hear(100)
    c.c.close()
many(work, 4); time.sleep(0.2)`)
  let isOver = false
  void program.end().finally(() => {
    isOver = true
  })
  let fullest = 0
  while (!isOver) {
    await Bun.sleep(LOOK_MS)
    fullest = Math.max(fullest, kernel.fill())
    drain()
    kernel.drawAnew()
    count()
  }
  drain()
  await Bun.sleep(LOOK_MS)
  drain()
  count()
  streams.close()
  count()
  const isOwn = ({ upid }: { upid?: unknown }) => String(upid).split(':')[1] === String(program.pid)
  const rows = sink.rows('http_events').filter(isOwn)
  const shed = sink.rows('shed_exchanges').filter(isOwn)
  const counted = shed.reduce((sum, { exchanges }) => sum + Number(exchanges), 0)
  expect(fullest).toBeGreaterThan(0.5)
  expect(rows.length).toBeGreaterThan(0)
  expect(counted).toBeGreaterThan(0)
  expect(rows.length + counted).toBeGreaterThanOrEqual(ASKED)
  expect(rows.length + counted).toBeLessThanOrEqual(ASKED * 1.01)
  // On a machine that is so busy that the ring is full to its end, what is lost is counted.
  if (fullest > 0.9) return
  expect(rows.filter(({ outcome }) => outcome !== 'complete')).toEqual([])
  expect(counters.gaps).toBe(0)
}, 30_000)
