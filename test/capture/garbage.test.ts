import { expect, test } from 'bun:test'
import { Garbage } from '../../src/capture/garbage'

const MIB = 1 << 20

/** A process whose memory a test sets. */
class Process {
  nowMs = 0
  resident = 100 * MIB
  /** What a collection leaves, and how long it takes. */
  live = 100 * MIB
  takesMs = 20
  collections = 0
  readonly garbage = new Garbage({
    residentBytes: () => this.resident,
    nowMs: () => this.nowMs,
    collect: () => {
      this.collections++
      this.nowMs += this.takesMs
      this.resident = Math.min(this.resident, this.live)
    },
  })

  /** So much is resident at the next look. */
  grow(mib: number): number {
    this.nowMs += 100
    this.resident = mib * MIB
    this.garbage.look()
    return this.collections
  }
}

test('a process that is small is left alone, one that grows is not', () => {
  const process = new Process()
  for (const mib of [100, 200, 310, 150]) expect(process.grow(mib)).toBe(0)
  expect(process.grow(330)).toBe(1)
  expect(process.grow(310)).toBe(1)
  expect(process.grow(321)).toBe(2)
})

test('what lives is not collected again and again', () => {
  const process = new Process()
  process.live = 330 * MIB
  expect(process.grow(340)).toBe(1)
  for (const mib of [330, 340, 350, 361]) expect(process.grow(mib)).toBe(1)
  expect(process.grow(363)).toBe(2)
  // It had grown small meanwhile.
  process.live = 100 * MIB
  expect(process.grow(150)).toBe(2)
  expect(process.grow(321)).toBe(3)
})

test('a fifth of the time at most', () => {
  const process = new Process()
  process.takesMs = 200
  const from = process.nowMs
  let collecting = 0
  while (process.nowMs < from + 60_000) {
    const before = process.collections
    process.grow(500)
    collecting += (process.collections - before) * process.takesMs
  }
  expect(process.collections).toBeGreaterThan(10)
  expect(collecting).toBeLessThanOrEqual((process.nowMs - from) / 5 + process.takesMs)
})

test('looks are rare', () => {
  let looks = 0
  let nowMs = 0
  const residentBytes = () => {
    looks++
    return 0
  }
  const garbage = new Garbage({ residentBytes, collect() {}, nowMs: () => nowMs })
  for (; nowMs < 1000; nowMs++) garbage.look()
  expect(looks).toBe(50)
})
