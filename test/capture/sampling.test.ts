import { expect, test } from 'bun:test'
import { Sampling } from '../../src/capture/sampling'

test('counts of the last ten seconds', () => {
  const sampling = new Sampling()
  expect(sampling.last).toEqual({ recorded: 0, shed: 0 })
  for (let second = 0; second <= 30; second++)
    sampling.add({ recordedExchanges: 100 * second, shedExchanges: second < 25 ? 0 : 10 * (second - 24) })
  expect(sampling.last).toEqual({ recorded: 1000, shed: 60 })
})
