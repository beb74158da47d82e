import { expect, test } from 'bun:test'
import { ResidentSize } from '../../src/kernel/resident'

test('the resident size is the one that the runtime tells, and grows with what is touched', () => {
  const size = new ResidentSize()
  const before = size.bytes()
  expect(before / process.memoryUsage.rss()).toBeCloseTo(1, 1)
  const touched = new Uint8Array(64 << 20).fill(1)
  expect(size.bytes() - before).toBeGreaterThan(48 << 20)
  expect(touched.at(-1)).toBe(1)
})

test('where the kernel does not tell it is 0', () =>
  expect(new ResidentSize('/proc/no-such-file').bytes()).toBe(0))
