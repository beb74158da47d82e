/** A Runner over literal tables: real shapes, no store. For tests of what stands on a Runner. */
import { NixieError } from '../../src/errors'
import type { Completion, Diagnostic } from '../../src/pxl/editor/editor'
import type {
  Explained,
  ResultStream,
  ResultTable,
  Runner,
  RunRequest,
  RunResult,
  Schema,
  ScriptInfo,
  StoreReport,
  StreamOutput,
  TableRequest,
  TableSummary,
  Warning,
} from '../../src/runner/runner'
import { answerText } from './answer-text'

export const HTTP_EVENTS: ResultTable = {
  name: 'http_events',
  columns: [
    { name: 'time_', type: 'TIME64NS', semantic: 'ST_NONE' },
    { name: 'pod', type: 'STRING', semantic: 'ST_POD_NAME' },
    { name: 'req_path', type: 'STRING', semantic: 'ST_NONE' },
    { name: 'resp_status', type: 'INT64', semantic: 'ST_HTTP_RESP_STATUS' },
    { name: 'resp_body_size', type: 'INT64', semantic: 'ST_BYTES' },
    { name: 'latency', type: 'INT64', semantic: 'ST_DURATION_NS' },
    { name: 'big', type: 'INT64', semantic: 'ST_NONE' },
    { name: 'ok', type: 'BOOLEAN', semantic: 'ST_NONE' },
    { name: 'share', type: 'FLOAT64', semantic: 'ST_PERCENT' },
  ],
  values: [
    ['1790000000000000001', '1790000000250000000', '1790000001000000000'],
    ['nginx', 'nginx', 'api "v2", blue'],
    ['/', '/a,b\r\n<script>alert(1)</script>', '/\u001b[31mred\u202e\u009b0m'],
    [200, 404, 500],
    [34, 2048, 5_000_000],
    [1_250_000, 90_000, 3_000_000_000],
    ['9007199254740993', 1, -2],
    [true, false, true],
    [0.5, Number.NaN, 1],
  ],
  rows: 3,
  truncated: false,
}

export const COUNTS: ResultTable = {
  name: 'counts',
  columns: [{ name: 'n', type: 'INT64', semantic: 'ST_NONE' }],
  values: [[3]],
  rows: 1,
  truncated: true,
}

export const HTTP_DATA: ScriptInfo = {
  name: 'px/http_data',
  short: 'HTTP requests',
  long: 'The most recent HTTP requests of this node.',
  viewText: '{}',
  variables: [
    { name: 'start_time', type: 'PX_STRING', defaultValue: '-5m', description: 'From when on' },
    {
      name: 'destination_filter',
      type: 'PX_STRING',
      defaultValue: '',
      description: 'Part of the name',
      validValues: ['nginx', 'api'],
    },
  ],
  widgets: [
    {
      name: 'Table',
      position: { x: 0, y: 0, w: 12, h: 3 },
      table: 'http_events',
      displaySpec: { '@type': 'types.px.dev/px.vispb.Table' },
    },
  ],
  text: 'import px\npx.display(px.DataFrame("http_events"))\n',
}

const SUMMARY: TableSummary = {
  name: 'http_events',
  description: 'HTTP requests with their responses',
  columns: [
    {
      name: 'time_',
      type: 'TIME64NS',
      semantic: 'ST_NONE',
      pattern: 'METRIC_COUNTER',
      description: 'When',
    },
  ],
  rows: 3,
  bytes: 120,
  oldest: '1790000000000000001',
  newest: '1790000001000000000',
  span: 1,
}

const DIAGNOSTIC: Diagnostic = {
  severity: 'error',
  message: "px has no function 'nope'",
  hint: '',
  line: 2,
  column: 8,
  endLine: 2,
  endColumn: 12,
}

export const EXPLAINED: Explained = {
  outputs: [{ name: 'http_events', step: 1 }],
  steps: [{ id: 1, op: 'scan', detail: 'http_events', columns: ['time_'], inputs: [] }],
  text: 'http_events\n  scan http_events\n',
  warnings: [],
}

export const STORE: StoreReport = {
  tables: [
    {
      name: 'http_events',
      rows: 3000,
      damagedRows: 20,
      chunks: 4,
      bytes: 120_000,
      bytesPerRow: 40,
      oldest: '1790000000000000001',
      newest: '1790003600000000001',
      spanSeconds: 3600,
      bytesPerSecond: 33.3,
      keepsSeconds: 86_400,
    },
    {
      name: 'dns_events',
      rows: 0,
      damagedRows: 0,
      chunks: 0,
      bytes: 0,
      bytesPerRow: 0,
      oldest: null,
      newest: null,
      spanSeconds: 0,
      bytesPerSecond: 0,
      keepsSeconds: null,
    },
  ],
  fileBytes: 200_000,
  walBytes: 4096,
  budgetBytes: 1 << 30,
  retentionSeconds: 86_400,
  writeAmplification: 1.5,
}

/** Text as a stream, `chunk` bytes at once. */
export function streamOf(
  parts: Iterable<string>,
  { warnings = [], tables }: { warnings?: readonly Warning[]; tables: readonly ResultTable[] },
  chunk = 4096,
): ResultStream {
  const bytes = new TextEncoder().encode([...parts].join(''))
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) controller.close()
      else controller.enqueue(bytes.slice(at, at + chunk))
      at += chunk
    },
  })
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  return { warnings, body, end: Promise.resolve({ rows, truncated: [] }) }
}

/** Answers `px/http_data` and any text; keeps what it was asked. */
export class RecordingRunner implements Runner {
  readonly asked: RunRequest[] = []
  readonly signals: (AbortSignal | undefined)[] = []
  readonly edited: object[] = []
  readonly tableCalls: { name: string; startTime?: string; endTime?: string; limit: number }[] = []
  result: readonly ResultTable[] = [HTTP_EVENTS]
  /** Thrown by the next runs. */
  failure: unknown
  /** Runs wait for it, or for their signal. */
  wait: Promise<void> | undefined

  async #run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    this.asked.push(request)
    this.signals.push(signal)
    if (this.wait) await this.wait
    if (this.failure !== undefined) throw this.failure
    if (request.script !== undefined && request.script !== HTTP_DATA.name) {
      throw new NixieError(
        'unknown_script',
        `There is no script '${request.script}'`,
        `Did you mean '${HTTP_DATA.name}'?`,
      )
    }
    for (const name of Object.keys(request.args ?? {})) {
      if (request.script !== undefined && !HTTP_DATA.variables.some((variable) => variable.name === name)) {
        throw new NixieError(
          'unknown_argument',
          `${HTTP_DATA.name} has no argument '${name}'`,
          'It has start_time, destination_filter.',
        )
      }
    }
    return {
      script: request.script ?? '',
      args: { start_time: '-5m', ...request.args },
      tables: this.result,
      warnings: [{ message: 'Column x is not used', line: 2, column: 3 }],
      stats: { compileMs: 1.5, execMs: 2.25, rowsRead: 30, bytesRead: 400, chunksRead: 1, rowsOut: 3 },
    }
  }

  async stream(
    request: RunRequest | { readonly rowsOf: TableRequest },
    output: StreamOutput,
    signal?: AbortSignal,
  ): Promise<ResultStream> {
    const answer =
      'rowsOf' in request
        ? { tables: [await this.#table(request.rowsOf.name, request.rowsOf)], warnings: [] }
        : await this.#run(request, signal)
    return streamOf(answerText('rowsOf' in request ? { tables: answer.tables } : answer, output), answer)
  }

  async schema(request: RunRequest): Promise<Schema> {
    const { tables, warnings } = await this.#run(request)
    return { tables: tables.map(({ name, columns }) => ({ name, columns })), warnings }
  }

  async explain(request: RunRequest): Promise<Explained> {
    this.asked.push(request)
    return EXPLAINED
  }

  async check(text: string, view: string | undefined): Promise<readonly Diagnostic[]> {
    this.edited.push({ text, view })
    return [DIAGNOSTIC]
  }

  async complete(text: string, offset: number): Promise<Completion> {
    this.edited.push({ text, offset })
    return { from: offset, to: offset, items: [{ label: 'head', kind: 'method', help: 'The first rows.' }] }
  }

  async scripts(): Promise<readonly ScriptInfo[]> {
    return [HTTP_DATA]
  }

  async #table(
    name: string,
    options: { startTime?: string; endTime?: string; limit: number },
  ): Promise<ResultTable> {
    this.tableCalls.push({ name, ...options })
    if (name !== HTTP_EVENTS.name) {
      throw new NixieError('unknown_table', `There is no table '${name}'`, 'There is: http_events.')
    }
    if (options.startTime === 'yesterdayish') {
      throw new NixieError('bad_time_range', "'yesterdayish' is not a time", 'Write -5m.')
    }
    return HTTP_EVENTS
  }

  async script(name: string): Promise<ScriptInfo | undefined> {
    return (await this.scripts()).find((script) => script.name === name)
  }

  async tables(): Promise<readonly TableSummary[]> {
    return [SUMMARY]
  }

  async store(): Promise<StoreReport> {
    return STORE
  }

  async close(): Promise<void> {}
}
