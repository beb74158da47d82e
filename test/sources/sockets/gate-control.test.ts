/** The controller of the gate against a machine that is played: it comes to rest, it comes back, and it never gives up all. */
import { describe, expect, test } from 'bun:test'
import { GATE_PORTS, GATE_WHOLE } from '../../../src/events/socket-event'
import { FREE_CALLS, GateControl, type Load, STEP_SECONDS } from '../../../src/sources/sockets/gate-control'

const ALLOWED = 0.2
const PORT = 80
const ALL = { shed: new Uint16Array(GATE_PORTS) }
/** Of the connections at the port, those that are captured. */
const shareOf = (control: GateControl) => 1 - control.ports.shed[PORT]! / GATE_WHOLE

let clockNs = 1

/** Savings are a second of what is allowed. */
const loadOf = (load: Pick<Load, 'usedCores' | 'balance' | 'fill'>): Load => ({
  allowedCores: ALLOWED,
  mostCores: ALLOWED,
  spareCores: (Math.max(0, load.balance) * ALLOWED) / STEP_SECONDS,
  isBusy: false,
  ...load,
})

interface Machine {
  /** Processors that it would take to capture all. */
  demand: number
  /** What it takes whatever is shed. */
  base?: number
  fill?: number
  /** Relative, either way. */
  noise?: number
}

/** Far more calls than are captured whatever they take. */
const CALLS = FREE_CALLS

/** Runs so many steps; what is done shows a step later. Gives the share after each, and what was used. */
function play(control: GateControl, machine: Machine, steps: number, saved = { balance: 1 }) {
  const shares: number[] = []
  const used: number[] = []
  let share = shareOf(control)
  let state = 7
  for (let i = 0; i < steps; i++) {
    const { demand, base = 0, fill = 0, noise = 0 } = machine
    state = (state * 1103515245 + 12345) % 2 ** 31
    const scatter = 1 + noise * ((2 * state) / 2 ** 31 - 1)
    const usedCores = base + share * demand * scatter
    // As many as are captured, and the clock goes on.
    const calls = Math.ceil(share * CALLS)
    for (let call = 0; call < calls; call++)
      control.ports.charge(PORT, (usedCores * 1e9) / calls, clockNs++, 1)
    share = shareOf(control)
    saved.balance = Math.max(
      -1,
      Math.min(1, saved.balance + (STEP_SECONDS * (ALLOWED - usedCores)) / ALLOWED),
    )
    const { balance } = saved
    control.step(loadOf({ usedCores, balance, fill }))
    shares.push(shareOf(control))
    used.push(usedCores)
  }
  return { shares, used }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('without pressure', () => {
  test('everything is captured', () => {
    const control = new GateControl()
    const { shares } = play(control, { demand: 0.15, noise: 0.3 }, 200)
    expect(Math.min(...shares)).toBe(1)
    expect(control.gate).toEqual(ALL)
    expect(control.pressure).toBe('none')
  })

  test('a burst is paid from what was saved', () => {
    const control = new GateControl()
    const saved = { balance: 1 }
    const burst = play(control, { demand: 0.3 }, 1, saved)
    const rest = play(control, { demand: 0.05 }, 50, saved)
    expect(Math.min(...burst.shares, ...rest.shares)).toBe(1)
  })

  test('no budget, no gate', () => {
    const control = new GateControl()
    const all = Number.POSITIVE_INFINITY
    for (let i = 0; i < 50; i++)
      control.step({ ...loadOf({ usedCores: 1, balance: 1, fill: 0.9 }), allowedCores: all })
    expect(control.gate).toEqual(ALL)
  })
})

describe('beyond the budget', () => {
  for (const [demand, base] of [
    [0.4, 0],
    [0.9, 0.05],
    [3, 0.02],
  ] as const)
    test(`of a demand of ${demand} processors the share comes to rest where ${ALLOWED} are used`, () => {
      const control = new GateControl()
      play(control, { demand, base }, 60)
      const { shares, used } = play(control, { demand, base }, 200)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(0.15 * Math.max(...shares))
      expect(Math.abs(mean(used) - ALLOWED)).toBeLessThan(0.1 * ALLOWED)
      expect(control.pressure).toBe('budget')
    })

  test('noise does not make it swing', () => {
    const control = new GateControl()
    play(control, { demand: 0.6 }, 60)
    const { shares, used } = play(control, { demand: 0.6, noise: 0.2 }, 400)
    expect(mean(used)).toBeLessThan(1.1 * ALLOWED)
    expect(mean(shares)).toBeGreaterThan(0.28)
    expect(Math.max(...shares)).toBeLessThan(0.6)
    expect(Math.min(...shares)).toBeGreaterThan(0.2)
  })

  test('when the load is gone everything comes back within some seconds', () => {
    const control = new GateControl()
    const saved = { balance: 1 }
    play(control, { demand: 2 }, 100, saved)
    const { shares } = play(control, { demand: 0.1 }, 40, saved)
    expect(shares.indexOf(1) * STEP_SECONDS).toBeLessThan(12)
    expect(control.gate).toEqual(ALL)
    expect(control.pressure).toBe('none')
  })

  test('some are captured, whatever comes', () => {
    const control = new GateControl()
    const { shares } = play(control, { demand: 500, base: 0.5 }, 200)
    expect(shares.at(-1)!).toBeGreaterThan(0.01)
    expect(control.gate.shed[PORT]).toBeLessThan(GATE_WHOLE)
  })
})

test('a ring that fills has less brought at once, whatever is used; and no more while it is a quarter full', () => {
  const control = new GateControl()
  play(control, { demand: 0.18, fill: 0.6 }, 3)
  expect(shareOf(control)).toBeLessThan(0.3)
  expect(control.pressure).toBe('ring')
  const share = shareOf(control)
  play(control, { demand: 0.18, fill: 0.3 }, 10)
  expect(shareOf(control)).toBeCloseTo(share, 2)
  play(control, { demand: 0.18, fill: 0.1 }, 30)
  expect(shareOf(control)).toBe(1)
})

test('a ring that was full for a moment changes nothing', () => {
  const control = new GateControl()
  play(control, { demand: 0.18, fill: 0.6 }, 1)
  play(control, { demand: 0.18, fill: 0.1 }, 1)
  play(control, { demand: 0.18, fill: 0.6 }, 1)
  expect(control.gate).toEqual(ALL)
})

describe('an innocent client beside or after an attack', () => {
  const SMALL = 8080
  const LOUD = 9000
  /** Calls in a step of 50 requests a second, both ends on the node. */
  const FEW = 50
  const shareOfSmall = (control: GateControl) => 1 - control.ports.shed[SMALL]! / GATE_WHOLE
  const few = (control: GateControl) => {
    for (let call = 0; call < FEW; call++) control.ports.charge(SMALL, 700, clockNs++, 2)
  }
  /** Gives the part of them that is captured. */
  const loud = (control: GateControl, calls: number) => {
    const part = 1 - control.ports.shed[LOUD]! / GATE_WHOLE
    for (let call = 0; call < calls * part; call++) control.ports.charge(LOUD, 8700, clockNs++, 3)
    return part
  }

  test('has all its rows where garbage of the attack is collected while its events are read', () => {
    const control = new GateControl()
    for (let step = 0; step < 40; step++) {
      few(control)
      loud(control, 5000)
      control.step(loadOf({ usedCores: 0.4, balance: -0.5, fill: 0.1 }))
    }
    const least: number[] = []
    for (let step = 0; step < 200; step++) {
      few(control)
      // A collection of all lasts as long as thousands of events.
      const usedCores = step % 20 === 19 ? 0.6 : 0.02
      control.step(loadOf({ usedCores, balance: step < 100 ? -0.2 : 0.02, fill: 0.01 }))
      least.push(shareOfSmall(control))
    }
    expect(Math.min(...least)).toBe(1)
  })

  test('has all its rows from the first step of an attack on', () => {
    for (const used of [0.3, 0.9, 1.8])
      for (const calls of [500, 5000, 50_000]) {
        const control = new GateControl()
        for (let step = 0; step < 40; step++) {
          few(control)
          control.step(loadOf({ usedCores: 0.01, balance: 0, fill: 0.01 }))
        }
        const least: number[] = []
        for (let step = 0; step < 40; step++) {
          few(control)
          const usedCores = 0.01 + used * loud(control, calls)
          control.step(loadOf({ usedCores, balance: -1, fill: step < 3 ? 0.5 : 0.3 }))
          least.push(shareOfSmall(control))
        }
        expect(Math.min(...least), `${used} ${calls}`).toBe(1)
      }
  })
})
