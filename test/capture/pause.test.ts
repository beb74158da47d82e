import { expect, test } from 'bun:test'
import { Pause } from '../../src/capture/pause'

test('idle it is long, with many events short, and long again behind them', () => {
  const pause = new Pause()
  expect(pause.after(0, 0.1)).toBe(25)
  expect(pause.after(5000, 4)).toBeLessThanOrEqual(10)
  for (let i = 0; i < 10; i++) pause.after(0, 0.1)
  expect(pause.ms).toBe(25)
})

test('a drain that lasts shortens it, however few events it was', () => {
  const pause = new Pause()
  pause.after(100, 20)
  expect(pause.after(100, 20)).toBeLessThan(3)
  expect(pause.after(100, 20)).toBe(1)
})
