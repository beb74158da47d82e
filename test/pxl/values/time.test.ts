/** Durations as people write them, and texts that are none. */
import { expect, test } from 'bun:test'
import { parseDuration } from '../../../src/pxl/values/time'
import { cpuMs } from '../../support/cpu-time'

test('a duration of several parts', () => {
  expect(parseDuration(' -1h30m ')).toBe(-5_400_000_000_000n)
  expect(parseDuration('-5m-1h')).toBe(-3_900_000_000_000n)
  expect(parseDuration('-1s'.repeat(60))).toBe(-60_000_000_000n)
})

test('a text of a megabyte is none, whatever it repeats, and takes no time', () => {
  const ms = cpuMs(() => {
    for (const part of ['-1h', '1h-1h', '1', '-', ' ', '1.', '1ns1'])
      expect(parseDuration(part.repeat((1 << 20) / part.length))).toBeUndefined()
  })
  expect(ms).toBeLessThan(100)
})
