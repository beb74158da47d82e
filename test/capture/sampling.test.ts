import { expect, test } from 'bun:test'
import { Sampling } from '../../src/capture/sampling'

test('counts of the last ten seconds, and what they took', () => {
  const sampling = new Sampling()
  const none = { recorded: 0, shed: 0, usedCores: 0 }
  expect(sampling.last).toEqual(none)
  for (let second = 0; second <= 30; second++) {
    const shedExchanges = second < 25 ? 0 : 10 * (second - 24)
    sampling.add({ recordedExchanges: 100 * second, shedExchanges }, 5000 + 40 * second, 1000 * second)
    if (second === 0) expect(sampling.last).toEqual(none)
  }
  expect(sampling.last).toEqual({ recorded: 1000, shed: 60, usedCores: 0.04 })
})
