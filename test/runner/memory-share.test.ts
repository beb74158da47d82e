/** Memory that several threads have together. */
import { describe, expect, test } from 'bun:test'
import { Budget } from '../../src/query/budget'
import { SlotGiver, SlotShare, sharedSlots } from '../../src/runner/memory-share'
import { MemoryWatch } from '../../src/runner/memory-watch'

const MIB = 1 << 20
const unwatched = new MemoryWatch({ limitBytes: undefined, own: () => 0, collect: () => {} })
const calm = new MemoryWatch({ limitBytes: 1000 * MIB, own: () => 0 })

const twoOf = (limitBytes: number) => {
  const shared = sharedSlots()
  return [0, 1].map((slot) => new SlotShare(shared, slot, limitBytes, calm)) as [SlotShare, SlotShare]
}

test('what one has the other one cannot take', () => {
  const [a, b] = twoOf(10 * MIB)
  expect([a.take(7 * MIB), b.take(4 * MIB), b.take(3 * MIB)]).toEqual([true, false, true])
})

test('a refusal changes nothing, and less may always be taken', () => {
  const [a, b] = twoOf(10 * MIB)
  expect([a.take(6 * MIB), b.take(4 * MIB), a.take(9 * MIB), a.take(5 * MIB), b.take(5 * MIB)]).toEqual([
    true,
    true,
    false,
    true,
    true,
  ])
})

test('what an ended thread had is free', () => {
  const giver = new SlotGiver()
  const ended = giver.give()
  const other = new SlotShare(giver.shared, giver.give(), 10 * MIB, calm)
  new SlotShare(giver.shared, ended, 10 * MIB, calm).take(9 * MIB)
  expect(other.take(5 * MIB)).toBe(false)
  giver.free(ended)
  expect(other.take(5 * MIB)).toBe(true)
})

describe('a budget', () => {
  const LIMITS = { rows: 1, memoryBytes: 100 * MIB, deadlineMs: 60_000 }
  const budgetOf = (share: SlotShare) => new Budget(LIMITS, () => false, share)

  test('takes from the share as it holds, and gives back', () => {
    const [a, b] = twoOf(20 * MIB)
    const first = budgetOf(a)
    const second = budgetOf(b)
    first.hold(15 * MIB)
    expect(() => second.hold(10 * MIB)).toThrow('need more than 20 MiB of memory together')
    first.hold(-15 * MIB)
    const third = budgetOf(b)
    third.hold(10 * MIB)
    expect(() => first.hold(15 * MIB)).toThrow(expect.objectContaining({ status: 422 }))
  })

  test('small steps are asked for once a mebibyte', () => {
    const [a] = twoOf(3 * MIB)
    const budget = budgetOf(a)
    for (let i = 0; i < 3 * 1024; i++) budget.hold(1024)
    expect(() => budget.hold(1024)).toThrow('together')
  })
})

describe('the watch', () => {
  /** One that has `own` MiB of 100, and what it collected. */
  const watchOf = (own: () => number) => {
    const seen = { collected: 0 }
    const watch = new MemoryWatch({
      limitBytes: 100 * MIB,
      own: () => own() * MIB,
      collect: () => {
        seen.collected++
      },
    })
    return { watch, seen }
  }

  test('does nothing while there is enough, and without a limit', () => {
    const { watch, seen } = watchOf(() => 49)
    watch.check()
    unwatched.check()
    expect(seen.collected).toBe(0)
  })

  test('collects before it is too late', () => {
    const { watch, seen } = watchOf(() => 60)
    watch.check()
    expect(seen.collected).toBe(1)
  })

  test('goes on when collecting has helped', () => {
    let own = 100
    const { watch } = watchOf(() => {
      own -= 10
      return own
    })
    expect(() => watch.check()).not.toThrow()
  })

  test('ends the query when it has not', () => {
    const { watch } = watchOf(() => 90)
    expect(() => watch.check()).toThrow('nearly all of the 100 MiB')
  })

  test('collects between two queries before it would within one', () => {
    for (const [own, times] of [
      [39, 0],
      [41, 1],
    ] as const) {
      const { watch, seen } = watchOf(() => own)
      watch.check()
      expect(seen.collected).toBe(0)
      watch.clear()
      expect(seen.collected).toBe(times)
    }
    unwatched.clear()
  })

  test('looks at most every 20 ms', () => {
    let looks = 0
    const { watch } = watchOf(() => {
      looks++
      return 1
    })
    for (let i = 0; i < 1000; i++) watch.check()
    expect(looks).toBeLessThan(50)
  })
})
