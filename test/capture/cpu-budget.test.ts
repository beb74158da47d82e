import { describe, expect, test } from 'bun:test'
import { CpuBudget } from '../../src/capture/cpu-budget'

/** A budget of 10 % of two processors, on a machine that is played. */
function played(share = 0.1) {
  const clock = { nowMs: 0, threadMs: 0, idleMs: 0, isKnown: true }
  const idle = () => (clock.isKnown ? clock.idleMs : undefined)
  const budget = new CpuBudget(share, 2, { thread: () => clock.threadMs, idle }, 0)
  budget.look(0)
  /** `used`, `idle`: processors. */
  const pass = (ms: number, used: number, idle: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.nowMs += 50
      clock.threadMs += 50 * used
      clock.idleMs += 50 * idle
      budget.look(clock.nowMs)
    }
  }
  return { budget, pass, clock }
}

describe('what it may use', () => {
  test('is its budget while processors are idle', () => {
    const { budget, pass } = played()
    pass(10_000, 0.1, 1)
    expect(budget.allowedCores).toBeCloseTo(0.2)
    expect(budget.usedCores).toBeCloseTo(0.1)
    expect(budget.isBusy).toBe(false)
  })

  test('falls to a quarter where none is, no further, and comes back', () => {
    const { budget, pass } = played()
    pass(10_000, 0.1, 0)
    expect(budget.allowedCores).toBeCloseTo(0.05)
    expect(budget.isBusy).toBe(true)
    // Between scarce and ample nothing changes.
    pass(10_000, 0.05, 0.5)
    expect(budget.allowedCores).toBeCloseTo(0.05)
    pass(10_000, 0.05, 1)
    expect(budget.allowedCores).toBeCloseTo(0.2)
  })

  test('stays as it is while nobody can say what others want, as without a descriptor', () => {
    const { budget, pass, clock } = played()
    pass(10_000, 0.1, 0)
    clock.isKnown = false
    pass(10_000, 0.1, 1)
    expect(budget.allowedCores).toBeCloseTo(0.05)
    expect(budget.usedCores).toBeCloseTo(0.1)
    clock.isKnown = true
    pass(10_000, 0.1, 1)
    expect(budget.allowedCores).toBeCloseTo(0.2)
  })

  test('has no limit without a budget', () => {
    const { budget, pass } = played(0)
    pass(10_000, 1, 0)
    expect(budget).toMatchObject({ allowedCores: Number.POSITIVE_INFINITY, balance: 1, isBusy: false })
    expect(budget.restMs()).toBe(0)
  })
})

describe('what reading events may take', () => {
  /** `reading`: of what it uses, the part that reads events. */
  const passing = (reading: number, rest: number, idle: number) => {
    const clock = { nowMs: 0, threadMs: 0, idleMs: 0 }
    const budget = new CpuBudget(0.1, 2, { thread: () => clock.threadMs, idle: () => clock.idleMs }, 0)
    for (let i = 0; i < 200; i++) {
      clock.nowMs += 50
      clock.idleMs += 50 * idle
      budget.read(() => {
        clock.threadMs += 50 * reading
      })
      clock.threadMs += 50 * rest
      budget.look(clock.nowMs)
    }
    return budget
  }

  test('is what storing and upkeep leave, and half of it at the least', () => {
    const budget = passing(0.1, 0.05, 1)
    expect(budget.eventCores).toBeCloseTo(0.1)
    expect(budget.allowedEventCores).toBeCloseTo(0.15)
    expect(passing(0.1, 0.5, 1).allowedEventCores).toBeCloseTo(0.1)
  })

  test('is so on a busy machine; what it would be elsewhere is known, too', () => {
    const budget = passing(0.02, 0.01, 0)
    expect(budget.allowedEventCores).toBeCloseTo(0.04)
    expect(budget.mostEventCores).toBeCloseTo(0.19)
  })
})

describe('savings', () => {
  test('are a second of the budget, are used up by what is beyond it, and grow again', () => {
    const { budget, pass } = played()
    pass(500, 0.3, 1)
    // What was earned in the same moment found no room.
    expect(budget.balance).toBeCloseTo(0.7)
    pass(500, 0.3, 1)
    expect(budget.balance).toBeCloseTo(0.45)
    pass(10_000, 0, 1)
    expect(budget.balance).toBe(1)
  })

  test('are there from the beginning: the start is not charged', () => {
    let threadMs = 100
    const budget = new CpuBudget(0.1, 2, { thread: () => threadMs, idle: () => 0 }, 0)
    threadMs = 900
    budget.look(1000)
    expect(budget.balance).toBe(1)
    threadMs = 1000
    budget.look(1100)
    expect(budget.balance).toBeCloseTo(0.5)
    expect(budget.savedSeconds).toBeCloseTo(0.1)
  })

  test('a debt is rested off, a little at a time, and has an end', () => {
    const { budget, pass } = played()
    pass(30_000, 1, 1)
    expect(budget.balance).toBeGreaterThanOrEqual(-1.3)
    expect(budget.restMs()).toBe(50)
    pass(3000, 0, 1)
    expect(budget.restMs()).toBe(0)
  })
})
