import { expect, test } from 'bun:test'
import { GATE_PORTS, GATE_WHOLE } from '../../../src/events/socket-event'
import { ALWAYS_CALLS, ALWAYS_COST, PortShares } from '../../../src/sources/sockets/port-shares'

const shareOf = (ports: PortShares, port: number) => 1 - ports.shed[port]! / GATE_WHOLE

/** So much in so many calls. */
function charge(ports: PortShares, port: number, cost: number, calls = 1000): void {
  for (let n = 0; n < calls; n++) ports.charge(port, cost / calls, clock++)
}
let clock = 1

/** Each port takes so much of what it would take whole; `steps` times. */
function play(ports: PortShares, whole: ReadonlyMap<number, number>, target: number, steps = 20): number {
  let used = 0
  for (let i = 0; i < steps; i++) {
    used = 0
    for (const [port, cores] of whole) {
      const taken = cores * shareOf(ports, port)
      used += taken
      charge(ports, port, taken * 1e9)
    }
    ports.divide(used, target)
  }
  return used
}

test('only those above the fair share have less, however little they leave', () => {
  const ports = new PortShares()
  expect(
    play(
      ports,
      new Map([
        [80, 0.01],
        [443, 0.06],
        [53, 0.9],
        [900, 0.5],
      ]),
      0.2,
    ),
  ).toBeCloseTo(0.2, 2)
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
      [80 + GATE_PORTS - 1, 1],
    ]),
    0.001,
  )
  expect(shareOf(ports, 80)).toBeGreaterThan(0.01)
  play(ports, new Map([[5, 0.01]]), 0.2, 40)
  expect(ports.isShedding).toBe(false)
})

test('what is cheap by its bytes, or by its calls, is captured whole, whatever all together take', () => {
  const ports = new PortShares()
  for (let i = 0; i < 20; i++) {
    charge(ports, 80, ALWAYS_COST - 1)
    charge(ports, 81, 4000 * ALWAYS_COST * shareOf(ports, 81))
    charge(ports, 82, 100 * ALWAYS_COST, ALWAYS_CALLS)
    // Its records are many, and of one call.
    for (let n = 0; n < 1000; n++) ports.charge(83, ALWAYS_COST, i)
    ports.divide(1, 0.05)
  }
  for (const port of [80, 82, 83]) expect(shareOf(ports, port)).toBe(1)
  expect(shareOf(ports, 81)).toBeLessThan(0.3)
})
