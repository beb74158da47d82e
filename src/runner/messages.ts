/** What passes between the main thread and a query thread. */
import type { ErrorShape } from '../errors'
import type { Completion, Diagnostic } from '../pxl/editor/editor'
import type { Bundle } from '../scripts/bundle'
import type {
  Explained,
  ResultTable,
  RunRequest,
  RunResult,
  StoreReport,
  StreamEnd,
  StreamOutput,
  TableRequest,
  TableSummary,
  Warning,
} from './runner'

export type Task =
  | { readonly kind: 'run'; readonly request: RunRequest }
  | {
      readonly kind: 'stream'
      readonly request: RunRequest | { readonly rowsOf: TableRequest }
      readonly output: StreamOutput
    }
  | { readonly kind: 'explain'; readonly request: RunRequest }
  | { readonly kind: 'check'; readonly text: string; readonly view: string | undefined }
  | { readonly kind: 'complete'; readonly text: string; readonly offset: number }
  | { readonly kind: 'table'; readonly request: TableRequest }
  | { readonly kind: 'tables' }
  | { readonly kind: 'store' }

export interface StreamDone extends StreamEnd {
  readonly warnings: readonly Warning[]
}

export type TaskResult =
  | RunResult
  | StreamDone
  | Explained
  | readonly Diagnostic[]
  | Completion
  | ResultTable
  | readonly TableSummary[]
  | StoreReport

export type ToWorker =
  | {
      readonly kind: 'open'
      readonly dataDir: string
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
      readonly task: Task
      /** Epoch milliseconds: what 'now' is. */
      readonly nowMs: number
      /** See `byte-sink.ts`: not 0 when whoever asked has gone, and the bytes that may be posted. */
      readonly shared: SharedArrayBuffer
    }

export type FromWorker =
  | { readonly id: number; readonly result: TaskResult }
  | { readonly id: number; readonly error: ErrorShape }
  /** The next bytes of a stream. */
  | { readonly id: number; readonly chunk: Uint8Array; readonly warnings: readonly Warning[] }
