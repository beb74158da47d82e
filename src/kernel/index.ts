/** The kernel side, opened: what can't be had is said by a probe, never thrown. */
import type { ThreadSamples } from '../events/process'
import type { SocketEvent, SocketTotals, Verdict } from '../events/socket-event'
import { Clock } from './clock'
import type { Kernel, KernelOptions, ProbeStatus, Uncaptured } from './kernel'
import { readClocks } from './libc'
import { failed } from './probe'
import { ProcessProbe } from './process-probe'
import { PROGRAMS, type ProgramName, SocketProbe } from './socket-probe'
import { mountTracefs, type Tracefs } from './tracefs'

/** Milliseconds between looks at the wall clock. */
const FOLLOW_MS = 1000

class OpenKernel implements Kernel {
  readonly probes: readonly ProbeStatus[]
  readonly ready: boolean
  readonly timeBase: bigint
  readonly #clock: Clock
  #probe: SocketProbe | undefined
  #processes: ProcessProbe | undefined
  #tracefs: Tracefs | undefined
  #followed = Date.now()

  constructor(options: KernelOptions) {
    this.#clock = new Clock(readClocks())
    this.timeBase = this.#clock.timeBase
    if (options.enabled) this.#tracefs = mountTracefs()
    const opened = options.enabled ? SocketProbe.open(options, this.#clock) : notWanted()
    if (opened instanceof SocketProbe) this.#probe = opened
    const processes = options.enabled ? ProcessProbe.open() : ProcessProbe.notWanted(...OFF)
    if (processes instanceof ProcessProbe) this.#processes = processes
    this.probes = [
      ...(opened instanceof SocketProbe ? opened.probes : opened),
      processes instanceof ProcessProbe ? processes.status : processes,
      ...(this.#tracefs ? [this.#tracefs.status] : []),
    ]
    this.ready = this.probes.some((probe) => probe.name === 'sys_exit' && probe.attached)
  }

  now(): number {
    return this.#clock.at(readClocks())
  }

  drain(handler: (event: SocketEvent) => void, maxEvents: number): number {
    const now = Date.now()
    if (Math.abs(now - this.#followed) >= FOLLOW_MS) {
      this.#followed = now
      this.#clock.follow(readClocks())
    }
    return this.#probe?.drain(handler, maxEvents) ?? 0
  }

  setVerdict(connId: number, verdict: Verdict): void {
    this.#probe?.setVerdict(connId, verdict)
  }

  totals(handler: (totals: SocketTotals) => void): void {
    this.#probe?.totals(handler)
  }

  threads(): ThreadSamples | undefined {
    return this.#processes?.read()
  }

  lost(): { events: number; bytes: number } {
    return this.#probe?.lost() ?? { events: 0, bytes: 0 }
  }

  uncaptured(): Uncaptured {
    return this.#probe?.uncaptured() ?? { unixCalls: 0, unixBytes: 0, compatCalls: 0, unreadBytes: 0 }
  }

  close(): void {
    this.#probe?.close()
    this.#probe = undefined
    this.#processes?.close()
    this.#processes = undefined
    this.#tracefs?.release()
    this.#tracefs = undefined
  }
}

const OFF = ['capture is off', 'Start with --capture=true.'] as const

function notWanted(): ProbeStatus[] {
  return (Object.keys(PROGRAMS) as ProgramName[]).map((name) => failed(name, PROGRAMS[name], ...OFF))
}

/** Loads and attaches the probes. Never throws: `ready` and `probes` say what there is. */
export function openKernel(options: KernelOptions): Kernel {
  return new OpenKernel(options)
}
