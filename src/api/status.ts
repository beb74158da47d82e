/** What `GET /api/status` says: is it capturing, what is kept, what was lost. */
import type { Config } from '../config'
import { COUNTER_NAMES, COUNTERS, type Counters } from '../health/counters'
import type { ProbeStatus } from '../health/probe-status'

export interface TableStatus {
  readonly name: string
  readonly rows: number
  /** Compressed bytes on disk. */
  readonly bytes: number
  /** Seconds between the oldest and the newest row. */
  readonly span: number
  /** Epoch nanoseconds as text; null when the table is empty. */
  readonly oldest: string | null
  readonly newest: string | null
  /** How far back the table reaches, in words; see `promiseWords`. */
  readonly promise: string
}

/** Events, messages and rows that are not in the store although they happened. */
export interface Losses {
  readonly ring: number
  readonly missed: number
  readonly gaps: number
  readonly parse: number
  readonly shed: number
  readonly gone: number
  /** Of processes. */
  readonly names: number
}

export interface ClusterStatus {
  /** Every kind of object has been listed at least once. */
  readonly synced: boolean
  /** Living objects by kind. */
  readonly objects: Readonly<Record<string, number>>
  /** Kinds that can't be followed at the moment, and why. */
  readonly errors: Readonly<Record<string, string>>
}

export interface CaptureStatus {
  /** A thread captures; its probes may be refused all the same. */
  readonly running: boolean
  /** Why rows are missing at the moment, in words. */
  readonly error?: string
  /** Since the capture thread last gave a sign of life, in which no row came in; 0 while it does. */
  readonly silentSeconds: number
  /** The longest time of the last minute in which it did not look at the ring. */
  readonly longestAbsenceMs: number
  /** Of it, the thread was ready to run and the kernel ran others. */
  readonly longestAbsenceQueuedMs: number
}

export interface Status {
  readonly version: string
  /** Capture runs and data of sockets arrives. */
  readonly ready: boolean
  readonly host: string
  /** The number of this agent, with which its upids begin. Two nodes with the same one are copies that nothing tells apart. */
  readonly asid: number
  /** Kernel release. */
  readonly kernel: string
  /** Epoch milliseconds. */
  readonly startedMs: number
  readonly uptimeSeconds: number
  /** Settings as they run; paths of secrets only, never their content. */
  readonly config: Config
  readonly probes: readonly ProbeStatus[]
  readonly capture: CaptureStatus
  readonly tables: readonly TableStatus[]
  readonly store: {
    readonly path: string
    readonly bytes: number
    readonly budgetBytes: number
    readonly retentionSeconds: number
    /** Why rows are refused at the moment, and what to do. */
    readonly error?: string
    /** Why what is stored can't be read at the moment, and what to do; `tables` is empty then. */
    readonly unreadable?: string
  }
  /** What is known of the cluster; absent outside of one. */
  readonly kubernetes?: ClusterStatus
  readonly losses: Losses
  readonly counters: Counters
  /** Resident memory in bytes. */
  readonly rss: number
}

export interface CaptureState {
  readonly word: string
  readonly mood: 'good' | 'warn' | 'bad'
}

/** How capture is, in a word or two. `losing`: whether rows are lost just now; by default whether any ever was. */
export function captureState(status: Status, losing?: boolean): CaptureState {
  const { silentSeconds } = status.capture
  if (silentSeconds > 0) return { word: `no rows for ${durationWords(silentSeconds)}`, mood: 'bad' }
  if (status.store.error !== undefined) return { word: 'rows are not stored', mood: 'bad' }
  if (status.store.unreadable !== undefined) return { word: 'the store cannot be read', mood: 'bad' }
  if (!status.ready) return { word: 'not capturing', mood: 'bad' }
  const lossy = losing ?? Object.values(status.losses).some((n) => n > 0)
  return lossy ? { word: 'capturing, with losses', mood: 'warn' } : { word: 'capturing', mood: 'good' }
}

/** The sums of the counters that declare a loss. */
export function lossesOf(counters: Readonly<Partial<Counters>>): Losses {
  const losses = { ring: 0, missed: 0, gaps: 0, parse: 0, shed: 0, gone: 0, names: 0 }
  for (const name of COUNTER_NAMES) {
    const { loss } = COUNTERS[name]
    if (loss) losses[loss] += counters[name] ?? 0
  }
  return losses
}

const UNITS = [
  ['d', 86400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const

/** Seconds in the two largest units that say something: `17 h 20 m`, `45 s`. */
export function durationWords(seconds: number): string {
  let rest = Math.floor(Math.max(0, seconds))
  const parts: string[] = []
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ') || '0 s'
}

/** How far back a table reaches; `budgetBound`: rows younger than the retention were expired to keep the disk budget. */
export function promiseWords(span: number, retentionSeconds: number, budgetBound: boolean): string {
  if (!budgetBound) return `${durationWords(span)} kept`
  return `${durationWords(span)} kept of ${durationWords(retentionSeconds)}: the disk budget is full`
}
