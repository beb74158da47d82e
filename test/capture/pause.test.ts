import { expect, test } from 'bun:test'
import { Pause } from '../../src/capture/pause'

/** After so many drains that found nothing. */
function idle(pause: Pause, isTold: boolean, drains = 10): number {
  for (let i = 0; i < drains; i++) pause.after(0, 0.1, isTold)
  return pause.ms
}

test('idle it is long, with many events short, and long again behind them', () => {
  const pause = new Pause()
  expect(idle(pause, true)).toBe(1000)
  expect(pause.after(20_000, 4, true)).toBeLessThanOrEqual(50)
  expect(idle(pause, true)).toBe(1000)
})

test('where nobody says when a ring fills, or time is about to decide something, it is short at once', () => {
  const pause = new Pause()
  idle(pause, true)
  expect(pause.after(0, 0.1, false)).toBe(25)
  expect(idle(pause, false)).toBe(25)
})

test('a drain that lasts shortens it, however few events it was', () => {
  const pause = new Pause()
  pause.after(100, 20, false)
  expect(pause.after(100, 20, false)).toBeLessThan(3)
  expect(pause.after(100, 20, false)).toBe(1)
})

test('under pressure it is as long as the thread has to rest, and short again behind that', () => {
  const pause = new Pause()
  pause.after(20_000, 40, false)
  expect(pause.after(20_000, 40, false, 50)).toBe(50)
  expect(pause.after(20_000, 40, false)).toBe(1)
})
