import { expect, test } from 'bun:test'
import { Flushes } from '../../src/capture/flushes'
import { Pace } from '../support/pace'
import { until } from '../support/scope'

/** A capture thread that answers a flush when told to, and notes when each began. */
function thread() {
  const began: number[] = []
  const answers: (() => void)[] = []
  const flushes = new Flushes(() => {
    began.push(performance.now())
    return new Promise((answer) => answers.push(answer))
  })
  return { began, answers, flushes }
}

test('those who ask together share one, and one that is under way is not theirs', async () => {
  const { began, answers, flushes } = thread()
  const together = Promise.all([flushes.ask(), flushes.ask(), flushes.ask()])
  await until('the first began', () => began.length === 1)
  answers[0]!()
  await together
  expect(began).toHaveLength(1)
  const first = flushes.ask()
  await until('the second began', () => began.length === 2)
  const asked = performance.now()
  const others = Promise.all([flushes.ask(), flushes.ask(), first])
  answers[1]!()
  await until('the third began', () => began.length === 3)
  answers[2]!()
  await others
  expect(began).toHaveLength(3)
  expect(began[2]).toBeGreaterThanOrEqual(asked)
})

test('however many ask, the thread is asked at most five times a second', async () => {
  const began: number[] = []
  const flushes = new Flushes(async () => {
    began.push(performance.now())
  })
  const ask = async () => {
    while (began.length < 4) await flushes.ask()
  }
  await Promise.all(Array.from({ length: 20 }, ask))
  // A timer may be early by a millisecond.
  for (let i = 1; i < began.length; i++) expect(began[i]! - began[i - 1]!).toBeGreaterThan(198)
})

test('a thread that does not answer is waited for less than half a second', async () => {
  const { flushes } = thread()
  for (let i = 0; i < 3; i++) {
    const pace = new Pace()
    await flushes.ask()
    expect(pace.ms()).toBeLessThan(700)
  }
})
