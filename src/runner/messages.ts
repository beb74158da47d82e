/** What passes between the main thread and a query thread. */
import type { ErrorShape } from '../errors'
import type { ResultTable, RunRequest, RunResult, TableSummary } from './runner'

export interface TableRequest {
  readonly name: string
  readonly startTime?: string
  readonly endTime?: string
  readonly limit: number
}

export type Task =
  | { readonly kind: 'run'; readonly request: RunRequest }
  | { readonly kind: 'table'; readonly request: TableRequest }
  | { readonly kind: 'tables' }

export type TaskResult = RunResult | ResultTable | readonly TableSummary[]

export type ToWorker =
  | { readonly kind: 'open'; readonly dataDir: string }
  | {
      readonly kind: 'task'
      readonly id: number
      readonly task: Task
      /** One Int32: not 0 when whoever asked has gone. */
      readonly cancelled: SharedArrayBuffer
    }

export type FromWorker =
  | { readonly id: number; readonly result: TaskResult }
  | { readonly id: number; readonly error: ErrorShape }
