/** A machine in simulated time: a workload, others, and a capture thread that keeps within its budget. */
import { CpuBudget } from '../../../src/capture/cpu-budget'
import { GATE_WHOLE } from '../../../src/events/socket-event'
import { GateControl, STEP_SECONDS } from '../../../src/sources/sockets/gate-control'

/** What happens on it; may be changed between two runs. */
export interface World {
  /** By port, exchanges a second; Infinity: as many as the processors have time for. */
  readonly offered: ReadonlyMap<number, number>
  /** Programs that want a processor each. */
  readonly loops?: number
  /** What a call costs the capture thread; a cold one takes ten times as much. */
  readonly callUs?: number
  /** What the workload does for an exchange. */
  readonly exchangeUs?: number
  /** The capture thread doesn't run at all. */
  readonly isStarved?: boolean
}

/** What came of a run. */
export interface Outcome {
  readonly exchanges: number
  /** By port, those without a row. */
  readonly shed: ReadonlyMap<number, number>
  /** Processors that the capture thread took, and the fullest that the ring was. */
  readonly used: number
  readonly maxFill: number
}

const TICK_MS = 10
const CALLS = 4
const RING_CALLS = (16 << 20) / 300
/** The kernel sheds by itself beyond this. */
const SHEDDING_FILL = 7 / 16
const CALL_US = 0.8
const EXCHANGE_US = 12
const CAPTURED_US = 1.3
const COUNTED_US = 0.3
/** Of the capture thread, what isn't reading: each second, and of a row. */
const UPKEEP_MS = 4
const ROW_US = 0.4
const DRAIN_MS = 20
/** Of src/capture/worker.ts. */
const PRESSED_MS = 20
const PRESSED_BALANCE = 0.75
const FILLING_FILL = 0.25

export class PlayedMachine {
  readonly control = new GateControl()
  readonly budget: CpuBudget
  readonly #processors: number
  #nowMs = 0
  #threadMs = 0
  #idleMs = 0
  /** Calls that wait in the ring, by port. */
  readonly #ring = new Map<number, number>()
  #restsUntilMs = 0
  #peakFill = 0
  #rows = 0

  constructor(processors = 2, share = 0.1) {
    this.#processors = processors
    const clocks = { thread: () => this.#threadMs, idle: () => this.#idleMs }
    this.budget = new CpuBudget(share, processors, clocks, 0)
    this.budget.look(0)
  }

  run(seconds: number, world: World): Outcome {
    const shed = new Map<number, number>()
    let exchanges = 0
    let maxFill = 0
    const fromMs = this.#threadMs
    for (let ms = 0; ms < seconds * 1000; ms += TICK_MS) {
      this.#nowMs += TICK_MS
      exchanges += this.#work(world, shed)
      maxFill = Math.max(maxFill, this.#fill)
      this.#peakFill = Math.max(this.#peakFill, this.#fill)
      const before = this.#threadMs
      if (!world.isStarved) this.#capture(world)
      this.#pass(world, this.#threadMs - before)
      if (!world.isStarved) this.#step()
    }
    return { exchanges, shed, used: (this.#threadMs - fromMs) / (seconds * 1000), maxFill }
  }

  shareOf(port: number): number {
    return 1 - this.control.ports.shed[port]! / GATE_WHOLE
  }

  get #fill(): number {
    return [...this.#ring.values()].reduce((sum, calls) => sum + calls, 0) / RING_CALLS
  }

  #usPerExchange({ exchangeUs = EXCHANGE_US }: World, port: number): number {
    return exchangeUs + COUNTED_US + this.shareOf(port) * (CAPTURED_US - COUNTED_US)
  }

  /** Processors that the workload gets when it wants all: beside each loop, which has a part, too. */
  #processorsFor({ loops = 0 }: World): number {
    return (this.#processors - this.budget.usedCores) * (2 / (2 + loops))
  }

  /** The workload of a moment: what is captured goes to the ring. */
  #work(world: World, shed: Map<number, number>): number {
    let sum = 0
    for (const [port, perSecond] of world.offered) {
      const most = (this.#processorsFor(world) * 1e6) / this.#usPerExchange(world, port)
      const exchanges = (Math.min(perSecond, most) * TICK_MS) / 1000
      const share = this.#fill > SHEDDING_FILL ? 0 : this.shareOf(port)
      this.#ring.set(port, (this.#ring.get(port) ?? 0) + exchanges * share * CALLS)
      shed.set(port, (shed.get(port) ?? 0) + exchanges * (1 - share))
      sum += exchanges
    }
    return sum
  }

  /** A turn of the capture thread; it has a part of a processor as all that run. */
  #capture({ loops = 0, callUs = CALL_US }: World): void {
    if (this.#nowMs < this.#restsUntilMs && this.#fill <= FILLING_FILL) return
    const part = Math.min(1, this.#processors / (loops + 2))
    let leftMs = Math.min(DRAIN_MS, TICK_MS * part)
    this.budget.read(() => {
      for (const [port, calls] of this.#ring) {
        const taken = Math.min(calls, (leftMs * 1000) / callUs)
        this.#ring.set(port, calls - taken)
        this.#charge(port, taken)
        leftMs -= (taken * callUs) / 1000
        this.#threadMs += (taken * callUs) / 1000
        this.#rows += taken / CALLS
      }
    })
    if (this.#nowMs % 1000 === 0) {
      this.#threadMs += UPKEEP_MS + (this.#rows * ROW_US) / 1000
      this.#rows = 0
    }
    this.budget.look(this.#nowMs)
    if (this.budget.balance <= PRESSED_BALANCE)
      this.#restsUntilMs = this.#nowMs + Math.max(PRESSED_MS, this.budget.restMs())
  }

  #charge(port: number, calls: number): void {
    const whole = Math.round(calls)
    for (let n = 0; n < whole; n++) this.control.ports.charge(port, 600, this.#nowMs * 1e6 + n, port)
  }

  #step(): void {
    if (this.#nowMs % (STEP_SECONDS * 1000) > 0) return
    const { eventCores, allowedEventCores, mostEventCores, isBusy, balance, savedSeconds } = this.budget
    this.control.step({
      usedCores: eventCores,
      allowedCores: allowedEventCores,
      mostCores: mostEventCores,
      spareCores: Math.max(0, savedSeconds) / STEP_SECONDS,
      isBusy,
      balance,
      fill: this.#peakFill,
    })
    this.#peakFill = 0
  }

  #pass(world: World, usedMs: number): void {
    const { loops = 0 } = world
    const wanted = [...world.offered].reduce(
      (sum, [port, perSecond]) => sum + (perSecond * this.#usPerExchange(world, port)) / 1e6,
      loops,
    )
    this.#idleMs += Math.max(0, (this.#processors - wanted) * TICK_MS - usedMs)
  }
}
