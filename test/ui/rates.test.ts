/** What changed lately, from counters that only grow. */
import { expect, test } from 'bun:test'
import { newCounters } from '../../src/health/counters'
import { Rates } from '../../ui/rates'

const at = (over: Partial<ReturnType<typeof newCounters>>) => ({ ...newCounters(), ...over })

test('a loss of the past is not one of now', () => {
  const rates = new Rates()
  const old = at({ ringLostEvents: 7 })
  rates.add(old, 0)
  rates.add(old, 5000)
  expect(rates.losing).toBe(false)
  rates.add(at({ ringLostEvents: 8 }), 10_000)
  expect(rates.losing).toBe(true)
})

test('what nobody looked at for minutes is no rate of now', () => {
  const rates = new Rates()
  rates.add(at({ events: 1 }), 0)
  rates.add(at({ events: 2 }), 5000)
  rates.add(at({ events: 9 }), 3_600_000)
  expect(rates.of('events')).toBeUndefined()
})
