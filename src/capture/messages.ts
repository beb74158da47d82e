/** The messages between main and the capture thread. */
import type { Config } from '../config'
import type { ErrorShape } from '../errors'
import type { BudgetState } from '../health/budget'
import type { Counters } from '../health/counters'
import type { ProbeStatus } from '../kernel/kernel'
import type { ProtocolSettings } from '../protocols/protocol'
import type { Entity } from '../records/entities'
import type { Table } from '../records/table'
import type { Damage } from '../store/store'

/** Settings that main may change while capture runs. */
export type RunningSettings = Pick<ProtocolSettings, 'bodyLimit' | 'redact'>

export type ToCapture =
  | {
      readonly kind: 'start'
      readonly config: Config
      /** Carries signs of life; see `pulse.ts`. */
      readonly pulse: SharedArrayBuffer
      /** The last thread was ended, and closed nothing. */
      readonly again: boolean
    }
  | { readonly kind: 'settings'; readonly settings: Partial<RunningSettings> }
  /** Entities that main has learnt of in the cluster, for the store. */
  | { readonly kind: 'entities'; readonly entities: readonly Entity[] }
  /** Chunks that queries found damaged in the store. */
  | { readonly kind: 'damaged'; readonly found: readonly Damage[] }
  /** Store everything captured so far; answered by `flushed`. */
  | { readonly kind: 'flush' }
  | { readonly kind: 'stop' }

/** Sent once after start and then each second. */
export interface CaptureReport {
  readonly ready: boolean
  readonly probes: readonly ProbeStatus[]
  readonly counters: Counters
  readonly settings: RunningSettings
  /** Bytes that the store takes, and its budget. */
  readonly fileBytes: number
  readonly budgetBytes: number
  /** The longest time of the last minute in which the thread did not look at the ring. */
  readonly longestAbsenceMs: number
  /** The part of it in which the thread was ready to run and the kernel ran others. */
  readonly longestAbsenceQueuedMs: number
  /** Of it, the thread neither ran nor was ready to. */
  readonly longestAbsenceBlockedMs: number
  readonly budget: BudgetState
  /** Why rows are being shed at the moment. */
  readonly storeError?: ErrorShape
}

export type FromCapture =
  /** `probes`: those that changed since the last report, if any did. */
  | {
      readonly kind: 'report'
      readonly report: Omit<CaptureReport, 'probes'>
      readonly probes?: readonly ProbeStatus[]
    }
  /** The tables that it stores rows of, and those without any; sent once, before the first report. */
  | { readonly kind: 'tables'; readonly tables: readonly Table[] }
  | { readonly kind: 'warning'; readonly message: string }
  /** The store can't be opened: no rows can be kept. */
  | { readonly kind: 'refused'; readonly error: ErrorShape }
  | { readonly kind: 'flushed' }
  | { readonly kind: 'stopped' }
