/**
 * The contract of a source of rows: sockets, what processes use, profiles, … Each is a folder with an object of this type in
 * it and a line in `index.ts`. All run on the capture thread.
 */
import type { Config } from '../config'
import type { Pressure } from '../health/budget'
import type { Counters } from '../health/counters'
import type { Kernel, ProbeStatus } from '../kernel/kernel'
import type { Processes } from '../metadata'
import type { ProtocolSettings, Sink } from '../protocols/protocol'
import type { Entity } from '../records/entities'
import type { Table } from '../records/table'

/** What a source is given when it is opened. */
export interface SourceContext {
  readonly kernel: Kernel
  /** Where its rows go; times are nanoseconds since the kernel's clock base. */
  readonly sink: Sink
  /** Takes the rows of what is still under way when `underWay` asks for them; they replace those of the time before. */
  readonly liveSink: Sink
  readonly processes: Processes
  readonly counters: Counters
  readonly processor: Processor
  readonly config: Pick<Config, 'listen' | 'ringBytes' | 'waitingLimit' | 'cpuBudget'>
  /** Read at every use: changes take effect at once. */
  readonly settings: ProtocolSettings
  /** The probes of all sources. */
  probes(): readonly ProbeStatus[]
}

/** What the capture thread uses of the machine's processors. */
export interface Processor {
  /** Processors that reading events may take on average at the moment; Infinity: no limit. */
  readonly allowedEventCores: number
  /** Others want them. */
  readonly isBusy: boolean
  /** What it takes, as last measured, over half a second. */
  readonly eventCores: number
  /** What it has saved, of what it may save: at most 1, negative in debt. */
  readonly balance: number
}

export const UNLIMITED: Processor = {
  allowedEventCores: Number.POSITIVE_INFINITY,
  isBusy: false,
  eventCores: 0,
  balance: 1,
}

export interface RowSource {
  /** As `probe_status.source_connector` has it. */
  readonly name: string
  /** The tables that it fills. */
  readonly tables: readonly Table[]
  /**
   * Its rows are samples of counters, a few each second: they wait for some seconds and are stored together, unless a query is
   * about to begin. A small chunk costs as much as a large one.
   */
  readonly isSampled?: true
  /** Never throws: what can't be had is said by a probe. */
  open(context: SourceContext): OpenSource
}

export interface Intake {
  readonly pressure: Pressure
}

export interface OpenSource {
  /** What it has in the kernel; none where it reads files only. May change while it is open. */
  readonly probes: readonly ProbeStatus[]
  /** How much of what happens it has the kernel bring; absent: all. */
  readonly intake?: Intake
  /** So much waits in its rings that it should be taken soon; absent: never. */
  readonly isFilling?: boolean
  /** Takes at most so many events that wait in its rings; returns how many. Called many times a second. */
  drain?(maxEvents: number): number
  /** Time is about to decide something: it is to be drained again soon, whether there are events or not. */
  readonly isWaiting?: boolean
  /** Called once a second, with the capture clock. What it throws is told as a probe and costs this second's rows of it. */
  tick(nowNs: number): void
  /** Appends to `liveSink` what is under way. Called when rows are about to be stored. */
  underWay?(nowNs: number): void
  /** The process is full, and collecting doesn't help: gives up some of what it holds, counted, in a few milliseconds. */
  giveUpMemory?(): void
  /** What main has learnt of the cluster. */
  learn?(entities: readonly Entity[]): void
  /** Its last rows; then it lets go of what it has in the kernel. */
  close(nowNs: number): void
}
