import { expect, test } from 'bun:test'
import { GATE_WHOLE } from '../../../src/events/socket-event'
import { PortShares } from '../../../src/sources/sockets/port-shares'

const shareOf = (ports: PortShares, port: number) => 1 - ports.shed[port]! / GATE_WHOLE
const NONE_FREE = { calls: 0, ratio: 1, sure: 0, sureCores: 1, usedCores: 1 }

let clock = 1
/** So much in so many calls. Each port is another process's. */
function charge(ports: PortShares, port: number, cost: number, calls = 100, owner = port): void {
  for (let n = 0; n < calls; n++) ports.charge(port, cost / calls, clock++, owner)
}

/** Each port takes so much of what it would take whole; `steps` times. All together should take `target`; gives what they do. */
function play(ports: PortShares, whole: ReadonlyMap<number, number>, target: number, steps = 40): number {
  let used = 0
  for (let i = 0; i < steps; i++) {
    used = 0
    for (const [port, cores] of whole) {
      const taken = cores * shareOf(ports, port)
      used += taken
      charge(ports, port, taken * 1e9)
    }
    ports.divide(target / used, NONE_FREE)
  }
  return used
}

test('only those above the fair share have less, however little they leave', () => {
  const ports = new PortShares()
  const whole = new Map([
    [80, 0.01],
    [443, 0.06],
    [53, 0.9],
    [900, 0.5],
  ])
  expect(play(ports, whole, 0.2)).toBeCloseTo(0.2, 2)
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 443)).toBe(1)
  expect(shareOf(ports, 53)).toBeCloseTo(0.065 / 0.9, 1)
  expect(shareOf(ports, 900)).toBeCloseTo(0.065 / 0.5, 1)
})

test('many that are alike have less alike, and one that says little beside them all', () => {
  const ports = new PortShares()
  const whole = new Map([[80, 0.001]])
  for (let port = 1000; port < 1100; port++) whole.set(port, 0.1)
  play(ports, whole, 5)
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 1000)).toBeCloseTo(0.5, 1)
  expect(shareOf(ports, 1099)).toBeCloseTo(0.5, 1)
})

test('each keeps some, and what is not heard of any more comes back', () => {
  const ports = new PortShares()
  play(
    ports,
    new Map([
      [80, 900],
      [81, 1],
    ]),
    0.001,
  )
  expect(shareOf(ports, 80)).toBeGreaterThan(0.01)
  expect(ports.isShedding).toBe(true)
  play(ports, new Map([[5, 0.01]]), 0.2, 50)
  expect(ports.isShedding).toBe(false)
})

/** Each port makes so many calls of such a cost in a step when it is captured whole. */
function call(
  ports: PortShares,
  calls: ReadonlyMap<number, number>,
  free: number,
  { steps = 40, most = Number.POSITIVE_INFINITY, sure = 0, sureCores = 1 } = {},
): number {
  let made = 0
  for (let i = 0; i < steps; i++) {
    made = 0
    for (const [port, whole] of calls) {
      const captured = Math.round(whole * shareOf(ports, port))
      made += captured
      charge(ports, port, captured * 1000, captured)
    }
    ports.divide(0.5, { calls: free, ratio: Math.min(1e9, most / made), sure, sureCores, usedCores: 1 })
  }
  return made
}

test('so many calls are free, whatever all is to be reduced to', () => {
  const ports = new PortShares()
  call(ports, new Map([[80, 900]]), 1000)
  expect(ports.isShedding).toBe(false)
  call(ports, new Map([[80, 4000]]), 1000)
  expect(shareOf(ports, 80)).toBeCloseTo(0.25, 1)
})

test('they are divided fairly, so that who makes few has all', () => {
  const ports = new PortShares()
  const calls = new Map([
    [80, 5000],
    [81, 100],
    [82, 3000],
  ])
  expect(call(ports, calls, 1000)).toBeLessThan(1200)
  expect(shareOf(ports, 81)).toBe(1)
  expect(shareOf(ports, 80)).toBeCloseTo(450 / 5000, 1)
  expect(shareOf(ports, 82)).toBeCloseTo(450 / 3000, 1)
})

test('those that are dear are fewer', () => {
  const ports = new PortShares()
  call(ports, new Map([[80, 900]]), 1000, { most: 300 })
  expect(shareOf(ports, 80)).toBeCloseTo(1 / 3, 1)
})

test('some of each port are sure, however dear the others are', () => {
  const ports = new PortShares()
  const attacked = Array.from({ length: 20 }, (_, i): [number, number] => [9000 + i, 3000])
  const calls = new Map([...attacked, [80, 50]])
  call(ports, calls, 2500, { most: 0, sure: 100 })
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 9000)).toBeLessThan(0.05)
})

test('records of one call are one call', () => {
  const ports = new PortShares()
  for (let step = 1; step < 20; step++) {
    for (let n = 0; n < 1000; n++) ports.charge(80, 16_384, step, 1)
    ports.divide(0.5, { calls: 10, ratio: 1e9, sure: 0, sureCores: 1, usedCores: 1 })
  }
  expect(ports.isShedding).toBe(false)
})

const COST_OF_CORE = 1e6

/** As a process has so many ports, each with as many calls of such a cost in a step; beside it one with a single port. */
function beside(
  ports: PortShares,
  count: number,
  { calls, cost }: { calls: number; cost: number },
  target: number,
  free = NONE_FREE,
): void {
  for (let step = 0; step < 20; step++) {
    let taken = 0
    const take = (port: number, whole: number, each: number, owner: number) => {
      const captured = whole * shareOf(ports, port)
      // Of few calls at each of many ports some are captured.
      if (captured < 1 && (port * 0.618) % 1 > captured) return
      const made = Math.max(1, Math.round(captured))
      charge(ports, port, made * each, made, owner)
      taken += made * each
    }
    for (let i = 0; i < count; i++) take(5000 + i, calls, cost, 7)
    take(80, 300, 600, 9)
    ports.divide(target / taken, { ...free, usedCores: taken / COST_OF_CORE })
  }
}

test('who has many ports has no more for it', () => {
  const ports = new PortShares()
  beside(ports, 200, { calls: 90, cost: 800 }, 1e6)
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 5100)).toBeLessThan(0.1)
})

test('nor has who uses nearly all that there are, and to divide them takes little time', () => {
  const ports = new PortShares()
  const from = Bun.nanoseconds()
  beside(ports, 60_000, { calls: 1, cost: 800 }, 1e6)
  expect(Bun.nanoseconds() - from).toBeLessThan(2e9)
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 50_000)).toBeLessThan(0.1)
})

test('what is sure costs no more than its fair part of the budget', () => {
  const ports = new PortShares()
  const free = { calls: 2500, ratio: 0, sure: 500, sureCores: 0.7, usedCores: 1 }
  beside(ports, 1, { calls: 2000, cost: 16_384 }, 1e4, free)
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 5000)).toBeLessThan(0.03)
})

test('a port is that of the process which serves there, not of those that ask', () => {
  const ports = new PortShares()
  for (let step = 0; step < 12; step++) {
    for (let port = 5000; port < 5050; port++) {
      charge(ports, port, 1000, 50, 7)
      charge(ports, port, 1000, 50, -port)
    }
    charge(ports, 80, 1000, 50, -9)
    ports.divide(0.3, NONE_FREE)
  }
  expect(shareOf(ports, 80)).toBe(1)
  expect(shareOf(ports, 5000)).toBeLessThan(0.1)
})
