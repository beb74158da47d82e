import { expect, test } from 'bun:test'
import { Garbage } from '../../src/capture/garbage'

const MIB = 1 << 20

/** A process whose memory a test sets. */
class Process {
  nowMs = 0
  cpuMs = 0
  queuedMs = 0
  resident = 100 * MIB
  /** What a collection leaves, and how long it takes on a processor. */
  live = 100 * MIB
  takesMs = 20
  /** So many times as long passes as a thread is on a processor: others run, too. */
  starved = 1
  marks = 0
  sweeps = 0
  collections = 0
  /** What was swept and is resident, to be reused. */
  free = 0
  young = 0
  isFull = false
  readonly steps: string[] = []
  readonly garbage = new Garbage({
    residentBytes: () => this.resident,
    nowMs: () => this.nowMs,
    cpuMs: () => this.cpuMs,
    queuedMs: () => this.queuedMs,
    collectYoung: () => {
      this.steps.push('young')
      this.young++
    },
    mark: () => {
      this.steps.push('mark')
      this.marks++
      this.work(this.takesMs)
    },
    sweep: () => {
      this.steps.push('sweep')
      this.sweeps++
      this.work(this.takesMs / 2)
      this.free = Math.max(0, this.resident - this.live)
    },
    collect: () => {
      this.steps.push('collect')
      this.collections++
      this.work(this.takesMs / 2)
      this.resident = Math.min(this.resident, this.live)
      this.free = 0
    },
  })

  work(ms: number): void {
    this.cpuMs += ms
    this.nowMs += this.starved * ms
  }

  /** So much is resident at the next look. */
  grow(mib: number): number {
    this.work(100)
    this.resident = mib * MIB
    this.isFull = this.garbage.look(() => this.steps.push('ring'))
    return this.sweeps + this.marks
  }
}

test('a process that is small is left alone, one that grows is not', () => {
  const process = new Process()
  for (const mib of [100, 200, 260, 150]) expect(process.grow(mib)).toBe(0)
  expect(process.grow(270)).toBe(1)
  expect(process.grow(260)).toBe(1)
  expect(process.grow(285)).toBe(2)
  expect(process.collections).toBe(0)
})

test('garbage is swept at once only in a process that would soon be full, and its memory returned in one that is', () => {
  const process = new Process()
  const done = () => [process.marks, process.sweeps, process.collections]
  for (const mib of [300, 343]) process.grow(mib)
  expect(done()).toEqual([2, 0, 0])
  process.live = 300 * MIB
  process.grow(351)
  expect(done()).toEqual([2, 1, 0])
  // It reuses what was swept.
  process.grow(358)
  expect(done()).toEqual([2, 1, 0])
  process.grow(360)
  expect(done()).toEqual([2, 2, 1])
  expect(process.resident).toBe(300 * MIB)
  process.grow(330)
  expect(done()).toEqual([3, 2, 1])
})

test('the ring is looked at right before and right after, and between two steps', () => {
  const process = new Process()
  process.grow(100)
  expect(process.steps).toEqual([])
  process.grow(300)
  expect(process.steps).toEqual(['ring', 'mark', 'ring'])
  process.grow(350)
  expect(process.steps.slice(3)).toEqual(['ring', 'sweep', 'ring'])
  process.grow(361)
  expect(process.steps.slice(6)).toEqual(['ring', 'sweep', 'ring', 'collect', 'ring'])
})

test('it is looked at before what is new is collected, too, which takes long when much of it lives', () => {
  const process = new Process()
  for (const mib of [100, 120]) process.grow(mib)
  expect(process.steps).toEqual(['ring', 'young'])
})

test('what a flood left is collected once there is nothing to do, and what stays then is not looked at again', () => {
  const process = new Process()
  process.grow(250)
  process.live = 110 * MIB
  const rest = (seconds: number, workMs = 1) => {
    for (let i = 0; i < seconds; i++) {
      process.work(workMs)
      process.nowMs += 1000 - workMs
      process.garbage.look(() => process.steps.push('ring'))
    }
    return process.collections
  }
  // A thread at work grows by itself, and one that wants to work and can't isn't idle.
  expect(rest(20, 200)).toBe(0)
  for (let i = 0; i < 20; i++) {
    process.queuedMs += 500
    expect(rest(1)).toBe(0)
  }
  expect(rest(20)).toBe(1)
  expect(process.resident).toBe(110 * MIB)
  expect(process.steps.slice(-5)).toEqual(['ring', 'sweep', 'ring', 'collect', 'ring'])
  expect(rest(60)).toBe(1)
  // Not for a size that is usual …
  process.resident = 175 * MIB
  expect(rest(20)).toBe(1)
  process.resident = 177 * MIB
  expect(rest(20)).toBe(2)
  // … and what another thread keeps is no reason to do so again, until there is more.
  process.resident = process.live = 200 * MIB
  expect(rest(60)).toBe(3)
  process.resident = 223 * MIB
  expect(rest(20)).toBe(3)
  process.resident = 224 * MIB
  expect(rest(20)).toBe(4)
})

test('what lives is not collected again and again', () => {
  const process = new Process()
  expect(process.grow(274)).toBe(1)
  for (const mib of [268, 274, 284, 291]) expect(process.grow(mib)).toBe(1)
  expect(process.grow(292)).toBe(2)
  // It had grown small meanwhile.
  expect(process.grow(150)).toBe(2)
  expect(process.grow(297)).toBe(3)
})

test('what is new is collected whenever the process has grown a little, however small it is', () => {
  const process = new Process()
  const youngAt = (mib: number) => {
    process.grow(mib)
    return process.young
  }
  expect([60, 70, 75].map(youngAt)).toEqual([0, 0, 0])
  expect([76, 90, 92].map(youngAt)).toEqual([1, 1, 2])
  // It grows from where it was least.
  expect([70, 85, 86].map(youngAt)).toEqual([2, 2, 3])
  expect(process.collections).toBe(0)
})

test('what another thread has is not collected again and again', () => {
  const process = new Process()
  process.live = 380 * MIB
  expect(process.grow(380)).toBe(1)
  for (let i = 0; i < 20; i++) expect(process.grow(387)).toBe(1)
  expect(process.grow(389)).toBe(2)
})

test('a fifth of the time at most, half of it in a process that is full', () => {
  for (const [mib, share] of [
    [340, 1 / 5],
    [390, 1 / 2],
  ] as const) {
    const process = new Process()
    process.takesMs = 200
    process.live = (mib - 40) * MIB
    const from = process.cpuMs
    let collecting = 0
    while (process.cpuMs < from + 60_000) {
      // Something else gave memory back meanwhile.
      process.grow(200)
      const before = process.marks + process.sweeps
      collecting += (process.grow(mib) - before) * process.takesMs
    }
    expect(process.marks + process.sweeps).toBeGreaterThan(10)
    expect(collecting).toBeLessThanOrEqual((process.cpuMs - from) * share + process.takesMs)
  }
})

/** A thread that makes garbage as fast as any attack has it, and the most that the process ever has. */
function peakMib(process: Process, mibPerMs: number): number {
  let peak = 0
  while (process.cpuMs < 30_000) {
    const ms = 20 / process.starved
    process.work(ms)
    const grown = ms * mibPerMs * MIB
    const reused = Math.min(grown, process.free)
    process.free -= reused
    process.resident += grown - reused
    peak = Math.max(peak, process.resident)
    process.garbage.look()
  }
  return peak / MIB
}

test('the process stays below 400 MiB, however long the machine takes for a collection', () => {
  for (const starved of [1, 5, 40]) {
    const process = new Process()
    process.starved = starved
    process.takesMs = 60
    process.live = 300 * MIB
    expect(peakMib(process, 0.4), `${starved} times`).toBeLessThan(400)
  }
})

test('a process that is full of what lives says so', () => {
  const process = new Process()
  process.live = 350 * MIB
  process.grow(365)
  expect([process.collections, process.isFull]).toEqual([1, false])
  process.live = 362 * MIB
  process.grow(365)
  expect([process.collections, process.isFull]).toEqual([2, true])
  // It was full only then, and a collection has to say so.
  process.grow(340)
  expect(process.isFull).toBe(false)
})

test('looks are rare', () => {
  let looks = 0
  let nowMs = 0
  const residentBytes = () => {
    looks++
    return 0
  }
  const garbage = new Garbage({
    residentBytes,
    collectYoung() {},
    mark() {},
    sweep() {},
    collect() {},
    nowMs: () => nowMs,
    queuedMs: () => 0,
    cpuMs: () => nowMs,
  })
  for (; nowMs < 1000; nowMs++) garbage.look()
  expect(looks).toBe(100)
})
