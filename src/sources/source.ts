/**
 * The contract of a source of rows: sockets, resources of processes, profiles, … Each is a folder with an object of this type in
 * it and a line in `index.ts`. All run on the capture thread.
 */
import type { Config } from '../config'
import type { Pressure } from '../health/budget'
import type { Counters } from '../health/counters'
import type { CheckResult } from '../kernel/capabilities'
import type { Kernel, ProbeStatus } from '../kernel/kernel'
import type { Processes } from '../metadata'
import type { ProtocolSettings, Sink } from '../protocols/protocol'
import type { Entity } from '../records/entities'
import type { Table } from '../records/table'
import type { UnreadTls } from '../streams/unread-tls'

/** Given to a source when it is opened. */
export interface SourceContext {
  readonly kernel: Kernel
  /** Takes its rows; times are nanoseconds since the kernel's clock base. */
  readonly sink: Sink
  /** Takes the rows of exchanges that still run, when `underWay` asks for them; they replace the ones appended before. */
  readonly liveSink: Sink
  readonly processes: Processes
  readonly counters: Counters
  readonly processor: Processor
  readonly config: Config
  /** Read it at every use: changes take effect at once. */
  readonly settings: ProtocolSettings
  /** Processes whose TLS nothing reads: the sockets tell them, and why is found where the libraries are. */
  readonly unread: UnreadTls
  /** The probes of all sources. */
  probes(): readonly ProbeStatus[]
}

/** The capture thread's use of the machine's processors. */
export interface Processor {
  /** Processors that reading events may take on average now; Infinity: no limit. */
  readonly allowedEventCores: number
  /** The same while no other program wants them: the budget's. */
  readonly mostEventCores: number
  /** Other programs want the processors. */
  readonly isBusy: boolean
  /** Processors that it takes, as last measured, over a quarter of a second. */
  readonly eventCores: number
  /** Its savings as a part of the most that it can save: at most 1, negative in debt. */
  readonly balance: number
  /** Its savings in seconds of a processor. */
  readonly savedSeconds: number
}

export const UNLIMITED: Processor = {
  allowedEventCores: Number.POSITIVE_INFINITY,
  mostEventCores: Number.POSITIVE_INFINITY,
  isBusy: false,
  eventCores: 0,
  balance: 1,
  savedSeconds: Number.POSITIVE_INFINITY,
}

export interface RowSource {
  /** As `probe_status.source_connector` has it. */
  readonly name: string
  /** The tables that it fills. */
  readonly tables: readonly Table[]
  /**
   * Its rows are samples of counters, a few each second: they wait for some seconds and are stored together, unless a query
   * begins. A small chunk costs as much as a large one.
   */
  readonly isSampled?: true
  /** What of a process that runs can be read here; absent: that is the same for all. Never throws. */
  checkProcess?(pid: number): CheckResult[]
  /** Never throws: a probe tells what isn't available. */
  open(context: SourceContext): OpenSource
}

export interface Intake {
  readonly pressure: Pressure
}

export interface OpenSource {
  /** Its programs in the kernel; none if it reads files only. May change while it is open. */
  readonly probes: readonly ProbeStatus[]
  /** Which part of the events it lets the kernel capture; absent: all. */
  readonly intake?: Intake
  /** Whether so much waits in its rings that it should be drained soon; absent: never. */
  readonly isFilling?: boolean
  /** Takes at most so many events from its rings; returns how many. Called many times a second. */
  drain?(maxEvents: number): number
  /** Passing time will decide something soon: drain it again, whether there are events or not. */
  readonly isWaiting?: boolean
  /**
   * Called once a second, with the capture clock. An error becomes a probe's status and costs its rows of this second. One that may take
   * more than some milliseconds calls `lookBetween` between its parts, which looks at the rings, and drains the sources if it is time.
   */
  tick(nowNs: number, lookBetween?: () => void): void
  /** Appends the exchanges that still run to `liveSink`. Called when rows are about to be stored. */
  underWay?(nowNs: number): void
  /** The process's memory is full, and garbage collection doesn't help: gives up a part of what it holds, counted, in a few milliseconds. */
  giveUpMemory?(): void
  /** Takes what main has learnt of the cluster. */
  learn?(entities: readonly Entity[]): void
  /** Appends its last rows, then unloads its programs. */
  close(nowNs: number): void
}
