/** What main and the capture thread say to each other. */
import type { Config } from '../config'
import type { ErrorShape } from '../errors'
import type { BudgetState } from '../health/budget'
import type { Counters } from '../health/counters'
import type { ProbeStatus } from '../kernel/kernel'
import type { ProtocolSettings } from '../protocols/protocol'
import type { Entity } from '../records/entities'
import type { Damage } from '../store/store'

/** What main may change while capture runs. */
export type RunningSettings = Pick<ProtocolSettings, 'bodyLimit' | 'redact'>

export type ToCapture =
  | {
      readonly kind: 'start'
      readonly config: Config
      /** For signs of life; see `pulse.ts`. */
      readonly pulse: SharedArrayBuffer
      /** After a thread that was ended, which closed nothing. */
      readonly again: boolean
    }
  | { readonly kind: 'settings'; readonly settings: Partial<RunningSettings> }
  /** What main has learnt about the cluster, for the store. */
  | { readonly kind: 'entities'; readonly entities: readonly Entity[] }
  /** What queries found damaged in the store. */
  | { readonly kind: 'damaged'; readonly found: readonly Damage[] }
  /** Store what was captured up to now; answered by `flushed`. */
  | { readonly kind: 'flush' }
  | { readonly kind: 'stop' }

/** Sent once after start and then each second. */
export interface CaptureReport {
  readonly ready: boolean
  readonly probes: readonly ProbeStatus[]
  readonly counters: Counters
  readonly settings: RunningSettings
  /** Bytes that the store takes, and may take. */
  readonly fileBytes: number
  readonly budgetBytes: number
  /** The longest time of the last minute in which the thread did not look at the ring. */
  readonly longestAbsenceMs: number
  /** Of it, the thread was ready to run and the kernel ran others. */
  readonly longestAbsenceQueuedMs: number
  readonly budget: BudgetState
  /** Why rows are being shed at the moment. */
  readonly storeError?: ErrorShape
}

export type FromCapture =
  | { readonly kind: 'report'; readonly report: CaptureReport }
  | { readonly kind: 'warning'; readonly message: string }
  /** The store can't be opened: nothing can be kept. */
  | { readonly kind: 'refused'; readonly error: ErrorShape }
  | { readonly kind: 'flushed' }
  | { readonly kind: 'stopped' }
