import { expect, test } from 'bun:test'
import { DecodeBudget } from '../../../src/protocols/lib/decode-budget'

const LIMITS = { perSecondNs: 50e6, burstNs: 10e6, perBodyNs: 2e6, perStepNs: 0.5e6 }
const MS = 1e6

function budgetAt(startNs = 0) {
  const clock = { ns: startNs }
  const budget = new DecodeBudget(() => clock.ns, LIMITS)
  const step = (ns: number) => {
    clock.ns += ns
    return budget.charge()
  }
  return { clock, budget, step }
}

test('bodies spend no more than their share of each second', () => {
  const { clock, budget, step } = budgetAt(5e12)
  const end = clock.ns + 10_000 * MS
  let spent = 0
  let bodies = 0
  while (clock.ns < end) {
    if (budget.begin()) {
      step(0.25 * MS)
      spent += 0.25 * MS
    } else {
      clock.ns += 0.25 * MS
    }
    bodies++
  }
  expect(spent).toBeGreaterThanOrEqual(10 * LIMITS.perSecondNs)
  expect(spent).toBeLessThanOrEqual(10 * LIMITS.perSecondNs + LIMITS.burstNs + 0.5 * MS)
  expect(budget.refused).toBe(bodies - spent / (0.25 * MS))
})

test('an idle hour saves up no more than a burst', () => {
  const { clock, budget, step } = budgetAt()
  clock.ns += 3600e9
  let spent = 0
  while (budget.begin()) {
    step(0.5 * MS)
    spent += 0.5 * MS
  }
  expect(spent).toBeLessThanOrEqual(LIMITS.burstNs * 1.1)
  expect(spent).toBeGreaterThanOrEqual(LIMITS.burstNs)
})

test('a body has its own end', () => {
  const { budget, step } = budgetAt()
  expect(budget.begin()).toBe(true)
  for (let i = 0; i < 4; i++) expect(step(0.5 * MS)).toBe(true)
  expect(step(1)).toBe(false)
  budget.giveUp()
  expect(budget.refused).toBe(1)
  expect(budget.begin()).toBe(true)
  expect(step(1)).toBe(true)
})

test('a step that the scheduler interrupted counts as a long one, not more', () => {
  const { budget, step } = budgetAt()
  budget.begin()
  expect(step(300 * MS)).toBe(true)
  for (let body = 0; body < 18; body++) {
    expect(budget.begin()).toBe(true)
    expect(step(0.5 * MS)).toBe(true)
  }
})
