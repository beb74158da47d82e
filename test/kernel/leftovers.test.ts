/** What a capture thread that was ended leaves in the kernel is taken out before the next one begins. Needs root. */
import { expect, test } from 'bun:test'
import { readdirSync, readlinkSync } from 'node:fs'
import { closeLeftovers } from '../../src/kernel'
import { drainAll, open } from './traced'

/** Programs and links that this process holds. */
function held(): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (/bpf[-_](prog|link)/.test(readlinkSync(`/proc/self/fd/${fd}`))) count++
    } catch {
      // It was the directory's own.
    }
  }
  return count
}

test('an ended thread’s probes are detached, and others can be attached in their place', async () => {
  const before = held()
  const worker = new Worker(new URL('./opening-worker.ts', import.meta.url).href)
  const attached = await new Promise<number>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<number>) => resolve(data)
  })
  expect(attached).toBeGreaterThan(0)
  expect(held()).toBeGreaterThan(before)
  const closed = new Promise((resolve) => worker.addEventListener('close', resolve, { once: true }))
  worker.terminate()
  await closed
  expect(held()).toBeGreaterThan(before)
  expect(closeLeftovers()).toBeGreaterThan(0)
  expect(held()).toBe(before)
  expect(closeLeftovers()).toBe(0)
  const kernel = open()
  expect(kernel.probes.filter(({ attached: is }) => is)).toHaveLength(attached)
  expect(drainAll(kernel)).toBeArray()
  kernel.close()
  expect(held()).toBe(before)
})
