import { expect, test } from 'bun:test'
import { Flushes } from '../../src/capture/flushes'
import { until } from '../support/scope'

/** A capture thread that takes `ms` for a flush, and notes when each began. */
function thread(ms: number) {
  const began: number[] = []
  const flushes = new Flushes(async () => {
    began.push(performance.now())
    await Bun.sleep(ms)
  })
  return { began, flushes }
}

test('those who ask together share one, and one that is under way is not theirs', async () => {
  const { began, flushes } = thread(50)
  await Promise.all([flushes.ask(), flushes.ask(), flushes.ask()])
  expect(began).toHaveLength(1)
  const first = flushes.ask()
  await until('the second began', () => began.length === 2, 2000)
  expect(began).toHaveLength(2)
  const asked = performance.now()
  await Promise.all([flushes.ask(), flushes.ask(), first])
  expect(began).toHaveLength(3)
  expect(began[2]).toBeGreaterThanOrEqual(asked)
})

test('however many ask, the thread is asked at most five times a second', async () => {
  const { began, flushes } = thread(1)
  const endMs = performance.now() + 1000
  const ask = async () => {
    while (performance.now() < endMs) await flushes.ask()
  }
  await Promise.all(Array.from({ length: 20 }, ask))
  expect(began.length).toBeGreaterThan(1)
  expect(began.length).toBeLessThanOrEqual(7)
})

test('a thread that does not answer is waited for less than half a second', async () => {
  const { flushes } = thread(5000)
  for (let i = 0; i < 3; i++) {
    const from = performance.now()
    await flushes.ask()
    expect(performance.now() - from).toBeLessThan(700)
  }
})
