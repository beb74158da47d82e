/** The budget and the gate together, on a machine that is played: who has rows, and what that takes. */
import { describe, expect, test } from 'bun:test'
import { type Outcome, PlayedMachine } from './played-machine'

const WEB = 80
const BUDGET = 0.2
const FLOOR = BUDGET / 4
const LOOPS = 2
const at = (perSecond: number) => new Map([[WEB, perSecond]])
const shedOf = ({ shed }: Outcome) => [...shed.values()].reduce((sum, count) => sum + count, 0)
const COLD_US = 8

describe('every exchange has its row', () => {
  for (const [name, perSecond, loops, callUs] of [
    ['with nothing to do', 0, 0, 0.8],
    ['at 10,000 a second', 10_000, 0, 0.8],
    ['at 10,000 a second beside loops on all processors', 10_000, LOOPS, 0.8],
    ['at 2,000 a second beside them, in code that is not compiled yet', 2000, LOOPS, COLD_US],
    ['at 1,000 a second beside twenty', 1000, 20, 2],
  ] as const)
    test(name, () => {
      const machine = new PlayedMachine()
      const outcome = machine.run(60, { offered: at(perSecond), loops, callUs })
      expect(shedOf(outcome)).toBe(0)
      expect(machine.control.pressure).toBe('none')
      expect(outcome.used).toBeLessThan(BUDGET)
    })

  test('in a burst of 50,000 a second on a busy machine, and in the next one ten seconds later', () => {
    const machine = new PlayedMachine()
    for (let n = 0; n < 5; n++) {
      const calm = machine.run(10, { offered: at(100), loops: LOOPS })
      const burst = machine.run(0.8, { offered: at(50_000), loops: LOOPS })
      expect([shedOf(calm), shedOf(burst)]).toEqual([0, 0])
    }
  })

  test('when the thread did not run for 0.3 s', () => {
    const machine = new PlayedMachine()
    let shed = 0
    for (let n = 0; n < 20; n++) {
      shed += shedOf(machine.run(0.3, { offered: at(5000), isStarved: true, loops: LOOPS }))
      shed += shedOf(machine.run(2, { offered: at(5000), loops: LOOPS }))
    }
    expect(shed).toBe(0)
  })
})

describe('at saturation', () => {
  const all = at(Number.POSITIVE_INFINITY)

  test('it takes the floor, the ring has room, and the workload has the rest', () => {
    const machine = new PlayedMachine()
    const first = machine.run(3, { offered: all })
    const steady = machine.run(30, { offered: all })
    const without = (30 * 2e6) / 12
    expect(Math.max(first.maxFill, steady.maxFill)).toBeLessThan(0.5)
    expect(steady.used).toBeLessThan(1.1 * FLOOR)
    expect(steady.used).toBeGreaterThan(0.8 * FLOOR)
    expect(steady.exchanges / without).toBeGreaterThan(0.93)
    expect(machine.control.pressure).toBe('busy')
    // Within a second.
    expect(machine.run(1, { offered: all }).used).toBeLessThan(1.2 * FLOOR)
  })

  test('it takes the floor beside a busy neighbour, too, and who says little keeps all rows', () => {
    const machine = new PlayedMachine()
    const offered = new Map([
      [WEB, Number.POSITIVE_INFINITY],
      [5432, 500],
      [53, 100],
    ])
    const outcome = machine.run(30, { offered, loops: LOOPS })
    expect(outcome.used).toBeLessThan(1.3 * FLOOR)
    expect(outcome.shed.get(5432)).toBe(0)
    expect(outcome.shed.get(53)).toBe(0)
    expect(outcome.shed.get(WEB)).toBeGreaterThan(0)
  })

  test('of one program on a machine with many processors it takes its budget', () => {
    const machine = new PlayedMachine(16, 0.02)
    const outcome = machine.run(30, { offered: at(150_000) })
    expect(outcome.used).toBeLessThan(1.15 * 0.32)
    expect(outcome.used).toBeGreaterThan(0.8 * 0.32)
    expect(machine.control.pressure).toBe('budget')
  })

  test('everything comes back some seconds after it', () => {
    const machine = new PlayedMachine()
    machine.run(20, { offered: all })
    machine.run(5, { offered: at(1000) })
    expect(shedOf(machine.run(10, { offered: at(5000) }))).toBe(0)
    expect(machine.control.pressure).toBe('none')
  })
})

test('few calls that are dear take no more than the budget, and no less than they may', () => {
  const machine = new PlayedMachine()
  const outcome = machine.run(30, { offered: at(1500), loops: LOOPS, callUs: 200 })
  expect(outcome.used).toBeLessThan(1.3 * BUDGET)
  expect(outcome.used).toBeGreaterThan(0.5 * BUDGET)
})
