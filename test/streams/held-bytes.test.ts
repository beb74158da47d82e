/** The memory of all connections together, and who gives it up. */
import { describe, expect, test } from 'bun:test'
import { newCounters } from '../../src/health/counters'
import { HeldBytes } from '../../src/streams/held-bytes'
import type { Followed } from '../../src/streams/shared-state'
import { random } from './wire'

class Holder implements Followed {
  readonly id = 0
  watched = false
  lastNs = 0
  heldBytes = 0
  isHolding = false
  held = 0
  readonly unsure = 0
  shedTimes = 0
  /** What it can't give up. */
  keeps = 0

  shed(): void {
    this.shedTimes++
    this.held = Math.min(this.held, this.keeps)
  }
  tick = () => false
  updateStats(): void {}
  underWay(): void {}
  giveUp(): void {}
}

function holding(budget: number, count: number) {
  const counters = newCounters()
  const all = new HeldBytes(budget, counters)
  const holders = Array.from({ length: count }, () => new Holder())
  const hold = (i: number, bytes: number) => {
    holders[i]!.held = bytes
    all.update(holders[i]!)
  }
  return { all, counters, holders, hold }
}

describe('the budget', () => {
  test('is the sum of what is held by now', () => {
    const { all, hold, holders } = holding(1000, 3)
    hold(0, 100)
    hold(1, 200)
    hold(0, 50)
    expect(all.bytes).toBe(250)
    expect([...all.sockets()]).toEqual([holders[0]!, holders[1]!])
    hold(1, 0)
    expect([...all.sockets()]).toEqual([holders[0]!])
    all.remove(holders[0]!)
    expect(all.bytes).toBe(0)
    expect([...all.sockets()]).toEqual([])
  })

  test('beyond it the largest gives up, and only as many as must', () => {
    const { all, counters, hold, holders } = holding(1000, 4)
    hold(0, 300)
    hold(1, 500)
    hold(2, 150)
    hold(3, 100)
    expect(holders.map(({ shedTimes }) => shedTimes)).toEqual([0, 1, 0, 0])
    expect(all.bytes).toBe(550)
    expect(counters).toMatchObject({ shedConnections: 1, shedBytes: 500 })
  })

  test('who can’t give up everything doesn’t stop the others, and stays counted', () => {
    const { all, hold, holders } = holding(1000, 2)
    holders[0]!.keeps = 900
    hold(0, 900)
    hold(1, 200)
    expect(holders.map(({ held }) => held)).toEqual([900, 0])
    expect(all.bytes).toBe(900)
    hold(1, 50)
    expect(all.bytes).toBe(950)
    hold(0, 0)
    expect(all.bytes).toBe(50)
  })

  test('who gave up part is asked again when it is too much again', () => {
    const { all, hold, holders } = holding(1000, 1)
    holders[0]!.keeps = 100
    hold(0, 2000)
    expect([all.bytes, holders[0]!.shedTimes]).toEqual([100, 1])
    hold(0, 3000)
    expect([all.bytes, holders[0]!.shedTimes]).toEqual([100, 2])
  })

  test('when memory is needed elsewhere half of it is given up, but for a least', () => {
    const { all, counters, hold, holders } = holding(1000, 4)
    for (const [i, bytes] of [200, 400, 100, 100].entries()) hold(i, bytes)
    all.halve(300)
    expect(holders.map(({ held }) => held)).toEqual([200, 0, 100, 100])
    expect(counters).toMatchObject({ shedConnections: 1, shedBytes: 400 })
    all.halve(300)
    expect(all.bytes).toBe(200)
    all.halve(300)
    expect([all.bytes, counters.shedBytes]).toEqual([200, 600])
  })

  test('one that is larger than all of the budget can’t hang it', () => {
    const { all, hold, holders } = holding(100, 2)
    for (const holder of holders) holder.keeps = 5000
    hold(0, 5000)
    hold(1, 5000)
    expect(all.bytes).toBe(10_000)
    hold(0, 0)
    hold(1, 0)
    expect(all.bytes).toBe(0)
  })
})

test('random play: the sum is right, and within the budget as far as anyone gives up', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const next = random(seed)
    const { all, hold, holders } = holding(10_000, 200)
    for (const holder of holders) if (next() < 0.1) holder.keeps = Math.floor(next() * 300)
    for (let step = 0; step < 1000; step++) {
      const i = Math.floor(next() * holders.length)
      if (next() < 0.05) {
        all.remove(holders[i]!)
        holders[i]!.held = 0
      } else hold(i, Math.floor(next() ** 3 * 2000))
      const sum = holders.reduce((total, { heldBytes }) => total + heldBytes, 0)
      expect(all.bytes).toBe(sum)
      const stubborn = holders.reduce((total, { held, keeps }) => total + Math.min(held, keeps), 0)
      expect(all.bytes).toBeLessThanOrEqual(10_000 + stubborn)
    }
  }
})
