/** Running a script: what is asked, what comes back. The query thread implements it; api, cli and ui use it. */
import type { ErrorShape } from '../errors'
import type { DataType, SemanticType } from '../records/types'

export interface RunRequest {
  /** A script of the library (`px/http_data`), or … */
  readonly script?: string
  /** … PxL text, perhaps with the vis.json that goes with it. */
  readonly text?: string
  readonly view?: string
  /** Values of the script's variables by name, as text. */
  readonly args?: Readonly<Record<string, string>>
  /** Only compile: the tables' columns, no rows. */
  readonly schemaOnly?: boolean
  readonly limits?: Partial<Limits>
}

export interface Limits {
  /** Rows per result table. */
  readonly rows: number
  /** Bytes of vectors alive at once, by accounting. */
  readonly memoryBytes: number
  readonly deadlineMs: number
}

export const DEFAULT_LIMITS: Limits = { rows: 10_000, memoryBytes: 256 << 20, deadlineMs: 30_000 }

export interface ResultColumn {
  readonly name: string
  readonly type: DataType
  readonly semantic: SemanticType
}

/** JSON-ready cells: an integer that a double can't hold is a string, so is a time (nanoseconds since the epoch). */
export type Cell = string | number | boolean | null

export interface ResultTable {
  readonly name: string
  readonly columns: readonly ResultColumn[]
  /** One array per column. */
  readonly values: readonly (readonly Cell[])[]
  readonly rows: number
  /** The row limit cut it. */
  readonly truncated: boolean
}

export interface RunStats {
  readonly compileMs: number
  readonly execMs: number
  readonly rowsRead: number
  readonly bytesRead: number
  readonly chunksRead: number
  readonly rowsOut: number
}

export interface Warning {
  readonly message: string
  readonly line?: number
  readonly column?: number
}

export interface RunResult {
  readonly script: string
  /** Every variable with the value it ran with. */
  readonly args: Readonly<Record<string, string>>
  readonly tables: readonly ResultTable[]
  readonly warnings: readonly Warning[]
  readonly stats: RunStats
}

export interface ScriptVariable {
  readonly name: string
  /** PX_STRING, PX_INT64, PX_POD, … */
  readonly type: string
  readonly defaultValue?: string
  readonly description: string
  readonly validValues?: readonly string[]
}

/** A widget of vis.json, as it stands there (`displaySpec` untouched), and the result table that it shows. */
export interface Widget {
  readonly name: string
  readonly position: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly table: string
  readonly displaySpec: Readonly<Record<string, unknown>>
}

export interface ScriptInfo {
  readonly name: string
  readonly short: string
  readonly long: string
  readonly variables: readonly ScriptVariable[]
  readonly widgets: readonly Widget[]
  readonly text: string
}

export interface Runner {
  /** Rejects with a NixieError. Aborting cancels the run. */
  run(request: RunRequest, signal?: AbortSignal): Promise<RunResult>
  scripts(): Promise<readonly ScriptInfo[]>
  /** Newest rows of one table, without PxL. */
  table(name: string, options: { startTime?: string; endTime?: string; limit: number }): Promise<ResultTable>
  tables(): Promise<readonly TableSummary[]>
  close(): Promise<void>
}

export interface TableSummary {
  readonly name: string
  readonly description: string
  readonly columns: readonly {
    name: string
    type: DataType
    semantic: SemanticType
    pattern: string
    description: string
  }[]
  readonly rows: number
  readonly bytes: number
  /** Epoch nanoseconds as text, and seconds between oldest and newest row. */
  readonly oldest: string | null
  readonly newest: string | null
  readonly span: number
}

/** How an error crosses the thread. */
export type RunFailure = { readonly error: ErrorShape }
