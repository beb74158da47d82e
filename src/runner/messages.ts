/** What passes between the main thread and a query thread. */
import type { ErrorShape } from '../errors'
import type { Completion, Diagnostic } from '../pxl/editor/editor'
import type { Table } from '../records/table'
import type { Bundle } from '../scripts/bundle'
import type { Damage } from '../store/store'
import type {
  Explained,
  RunRequest,
  Schema,
  StoreReport,
  StreamOutput,
  StreamRequest,
  TableSummary,
  Warning,
} from './runner'

export interface StreamDone {
  readonly rows: number
  /** Names of the tables that the row limit cut. */
  readonly truncated: readonly string[]
  readonly warnings: readonly Warning[]
}

/** Kind of task → what is asked, and what the answer is. */
interface Tasks {
  readonly stream: {
    readonly asked: { readonly request: StreamRequest; readonly output: StreamOutput }
    readonly answer: StreamDone
  }
  readonly schema: { readonly asked: { readonly request: RunRequest }; readonly answer: Schema }
  readonly explain: { readonly asked: { readonly request: RunRequest }; readonly answer: Explained }
  readonly check: {
    readonly asked: { readonly text: string; readonly view: string | undefined }
    readonly answer: readonly Diagnostic[]
  }
  readonly complete: {
    readonly asked: { readonly text: string; readonly offset: number }
    readonly answer: Completion
  }
  readonly tables: { readonly asked: object; readonly answer: readonly TableSummary[] }
  readonly store: { readonly asked: object; readonly answer: StoreReport }
}

export type TaskKind = keyof Tasks
export type Task<K extends TaskKind> = { readonly kind: K } & Tasks[K]['asked']
export type AnyTask = { readonly [K in TaskKind]: Task<K> }[TaskKind]
export type TaskResult<K extends TaskKind = TaskKind> = Tasks[K]['answer']

export type ToWorker =
  | {
      readonly kind: 'open'
      readonly dataDir: string
      readonly tables: readonly Table[]
      /** What this machine is called; '' is its host name. */
      readonly nodeName: string
      /** The user's own scripts; they win over those of the library. */
      readonly scripts: readonly Bundle[]
      /** See `memory-share.ts`: the memory of all threads, and this one's slot in it. */
      readonly memory: SharedArrayBuffer
      readonly slot: number
    }
  | {
      readonly kind: 'task'
      readonly id: number
      readonly task: AnyTask
      /** Epoch milliseconds: what 'now' is. */
      readonly nowMs: number
      /** See `answer-bytes.ts`: not 0 when the client has gone; and the bytes that may be posted. */
      readonly shared: SharedArrayBuffer
    }

export type FromWorker =
  | { readonly id: number; readonly result: TaskResult }
  | { readonly id: number; readonly error: ErrorShape }
  /** Chunks that the task found damaged; the answer comes after it. */
  | { readonly id: number; readonly damage: readonly Damage[] }
  /** The next bytes of a stream. */
  | { readonly id: number; readonly chunk: Uint8Array; readonly warnings: readonly Warning[] }
