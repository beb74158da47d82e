/** Running a script: what is asked, what comes back. The query thread implements it; api, cli and ui use it. */
import type { Warning } from '../pxl/compile'
import type { Completion, Diagnostic } from '../pxl/editor/editor'
import type { Limits } from '../query/budget'
import type { Cell } from '../query/cells'
import type { Explanation } from '../query/explain'
import type { TypedColumn } from '../query/plan'
import type { DataType, SemanticType } from '../records/types'
import type { ScriptVariable } from '../scripts/bundle'

export type { Cell, ScriptVariable, Warning }

export interface RunRequest {
  /** A script of the library (`px/http_data`), or … */
  readonly script?: string
  /** … PxL text, perhaps with the text of the vis.json that goes with it, and a name for it. */
  readonly text?: string
  readonly view?: string
  readonly name?: string
  /** Values of the script's variables by name, as text. */
  readonly args?: Readonly<Record<string, string>>
  /** Cells that link to a view are objects, as text: `{"label", "script", "args"}`. Else they are their labels. */
  readonly links?: boolean
  readonly limits?: Partial<Limits>
}

export const DEFAULT_LIMITS: Limits = { rows: 10_000, memoryBytes: 128 << 20, deadlineMs: 30_000 }

export type ResultColumn = Pick<TypedColumn, 'name' | 'type' | 'semantic'>

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

export interface RunResult {
  readonly script: string
  /** Every variable with the value it ran with. */
  readonly args: Readonly<Record<string, string>>
  readonly tables: readonly ResultTable[]
  readonly warnings: readonly Warning[]
  readonly stats: RunStats
}

/** A widget of vis.json, as it stands there (`displaySpec` untouched), and the result table that it shows. */
export interface Widget {
  readonly name: string
  readonly position: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly table: string
  readonly displaySpec: Readonly<Record<string, unknown>>
}

/** A script as lists have it. */
export interface ScriptSummary {
  /** Of the user's own folder, perhaps in place of one of the library; absent: of the library. */
  readonly origin?: 'own' | 'override'
  readonly name: string
  readonly short: string
  readonly long: string
  readonly variables: readonly ScriptVariable[]
}

export interface ScriptInfo extends ScriptSummary {
  readonly widgets: readonly Widget[]
  readonly text: string
  /** vis.json as it stands. */
  readonly viewText?: string
}

/** The rows that `GET /api/tables/NAME` gives: the newest, newest first. */
export interface TableRequest {
  readonly name: string
  readonly startTime?: string
  readonly endTime?: string
  readonly limit: number
}

/** `json` is one document by row or by column; the others come as the rows do. */
export type StreamFormat = 'json' | 'ndjson' | 'csv' | 'arrow'

export interface StreamOutput {
  readonly format: StreamFormat
  /** Of JSON; by row when absent. */
  readonly shape?: 'rows' | 'columns'
  /** CSV for a spreadsheet: text that it would take for a formula begins with an apostrophe. */
  readonly excel?: boolean
  /** Who asks reads all of a short answer as soon as it comes, so that it may wait beside any number of others. */
  readonly isReadAtOnce?: true
  /** Only this result table. CSV and Arrow hold one: without a name the result must have only one. */
  readonly table?: string
}

/** A run, or the newest rows of a table. */
export type StreamRequest = RunRequest | { readonly rowsOf: TableRequest }

/** The answer is one short document, which pages and programs wait for. Any other answer lasts as long as it is read. */
export function isAnswer(request: StreamRequest, { format }: StreamOutput): boolean {
  const rows = 'rowsOf' in request ? request.rowsOf.limit : (request.limits?.rows ?? DEFAULT_LIMITS.rows)
  return format === 'json' && rows <= DEFAULT_LIMITS.rows
}

export interface ResultStream {
  readonly warnings: readonly Warning[]
  /**
   * Bytes as they are made; those not yet read are bounded. An error after the first byte: NDJSON ends with a line
   * `{"error": …}`, the other formats end in an error. Cancelling it ends the run.
   */
  readonly body: ReadableStream<Uint8Array>
  /** Resolves when all has been made; rejects when the body fails, with NDJSON too. */
  readonly end: Promise<unknown>
}

export interface Explained extends Explanation {
  readonly warnings: readonly Warning[]
}

/** The tables that a run would give. */
export interface Schema {
  readonly tables: readonly Pick<ResultTable, 'name' | 'columns'>[]
  readonly warnings: readonly Warning[]
}

/** All reject with a NixieError. Aborting cancels what was asked. `result.ts` reads a whole result from a stream. */
export interface Runner {
  /** Resolves with the first bytes. */
  stream(request: StreamRequest, output: StreamOutput, signal?: AbortSignal): Promise<ResultStream>
  /** Only compiles. */
  schema(request: RunRequest, signal?: AbortSignal): Promise<Schema>
  /** What the run would do. */
  explain(request: RunRequest, signal?: AbortSignal): Promise<Explained>
  /** Errors in a text; with a view, also in the calls that it makes. */
  check(text: string, view: string | undefined, signal?: AbortSignal): Promise<readonly Diagnostic[]>
  /** What can stand at an offset of a text, in UTF-16 units. */
  complete(text: string, offset: number, signal?: AbortSignal): Promise<Completion>
  scripts(): Promise<readonly ScriptSummary[]>
  /** Undefined when there is none of that name. */
  script(name: string): Promise<ScriptInfo | undefined>
  tables(signal?: AbortSignal): Promise<readonly TableSummary[]>
  /** What the store holds and how long it will keep it. */
  store(signal?: AbortSignal): Promise<StoreReport>
  close(): Promise<void>
}

/** The store's summary, fit for JSON. */
export interface StoreReport {
  readonly tables: readonly {
    readonly name: string
    /** Without `damagedRows`: those of chunks that were found damaged. */
    readonly rows: number
    readonly damagedRows: number
    readonly chunks: number
    /** Compressed, on disk. */
    readonly bytes: number
    readonly bytesPerRow: number
    /** Epoch nanoseconds as text. */
    readonly oldest: string | null
    readonly newest: string | null
    readonly spanSeconds: number
    /** Of the last 24 hours. */
    readonly bytesPerSecond: number
    /** What retention and budget keep at that rate; null without one. */
    readonly keepsSeconds: number | null
  }[]
  readonly fileBytes: number
  readonly walBytes: number
  readonly budgetBytes: number | null
  readonly retentionSeconds: number | null
  /** Bytes written for each byte appended. */
  readonly writeAmplification: number | null
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
    /** Pixie's table has no such column. */
    extra?: true
  }[]
  readonly rows: number
  readonly bytes: number
  /** Epoch nanoseconds as text, and seconds between oldest and newest row. */
  readonly oldest: string | null
  readonly newest: string | null
  readonly span: number
}
