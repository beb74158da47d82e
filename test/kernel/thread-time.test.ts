import { expect, test } from 'bun:test'
import { threadCpuNs } from '../../src/kernel/libc'
import { ThreadTime } from '../../src/kernel/thread-time'

test('time in the queue never shrinks, and is 0 where the kernel says nothing', () => {
  const time = new ThreadTime()
  const first = time.queuedMs()
  expect(time.queuedMs()).toBeGreaterThanOrEqual(first)
  expect(new ThreadTime('/proc/no-such-file').queuedMs()).toBe(0)
})

test('the time of a thread on a processor is that of its work, not of its sleep', async () => {
  const from = threadCpuNs()
  const until = performance.now() + 20
  let turns = 0
  while (performance.now() < until) turns++
  const worked = threadCpuNs() - from
  expect(turns).toBeGreaterThan(0)
  expect(worked).toBeGreaterThan(0)
  expect(worked).toBeLessThan((performance.now() - until + 21) * 1e6)
})
