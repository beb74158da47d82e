/** A Runner over literal tables, for tests of what only shows results: the real one needs a store and a thread. */

import { NixieError } from '../../src/errors'
import { type Completion, check, complete, type Diagnostic } from '../../src/pxl/editor/editor'
import type { TableSchema } from '../../src/pxl/values/table-schema'
import type {
  Cell,
  Explained,
  ResultColumn,
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
} from '../../src/runner/runner'
import { readView } from '../../src/scripts/bundle'
import { answerText } from './answer-text'
import { EXPLAINED, STORE, streamOf } from './recording-runner'

export function resultTable(
  name: string,
  columns: readonly ResultColumn[],
  rows: readonly (readonly Cell[])[],
): ResultTable {
  return {
    name,
    columns,
    values: columns.map((_, i) => rows.map((row) => row[i]!)),
    rows: rows.length,
    truncated: false,
  }
}

export interface LiteralScript extends ScriptInfo {
  /** What a run gives; throws a NixieError to fail. */
  readonly give: (args: Readonly<Record<string, string>>) => readonly ResultTable[]
}

interface Literal {
  readonly scripts: readonly LiteralScript[]
  readonly tables?: readonly TableSummary[]
  readonly newest?: ResultTable
  /** What text from the scratch pad gives. */
  readonly giveText?: (text: string) => readonly ResultTable[]
}

/** Epoch nanoseconds. */
const NOW = 1_800_000_000_000_000_000n

export class LiteralRunner implements Runner {
  /** Every request, in order. */
  readonly requests: RunRequest[] = []
  readonly #literal: Literal

  constructor(literal: Literal) {
    this.#literal = literal
  }

  get #schemas(): readonly TableSchema[] {
    return (this.#literal.tables ?? []) as readonly TableSchema[]
  }

  async #run(request: RunRequest): Promise<RunResult> {
    this.requests.push(request)
    const script = this.#literal.scripts.find((s) => s.name === request.script)
    const given = request.args ?? {}
    if (!script) return this.#result('', {}, this.#literal.giveText?.(request.text ?? '') ?? [])
    for (const name of Object.keys(given)) {
      if (!script.variables.some((v) => v.name === name))
        throw new NixieError('unknown_argument', `${script.name} has no argument '${name}'`, 'Leave it out.')
    }
    const defaults = script.variables.map((v) => [v.name, v.defaultValue ?? ''])
    const args = { ...Object.fromEntries(defaults), ...given }
    return this.#result(script.name, args, script.give(args))
  }

  async stream(
    request: RunRequest | { readonly rowsOf: TableRequest },
    output: StreamOutput,
  ): Promise<ResultStream> {
    const answer = 'rowsOf' in request ? { tables: [await this.#table()] } : await this.#run(request)
    return streamOf(answerText(answer, output), answer)
  }

  async schema(request: RunRequest): Promise<Schema> {
    const { tables, warnings } = await this.#run(request)
    return { tables: tables.map(({ name, columns }) => ({ name, columns })), warnings }
  }

  async explain(): Promise<Explained> {
    return EXPLAINED
  }

  async check(text: string, view: string | undefined): Promise<readonly Diagnostic[]> {
    if (view !== undefined) readView(view)
    return check(text, { tables: this.#schemas, nowNs: NOW })
  }

  async complete(text: string, offset: number): Promise<Completion> {
    return complete(text, offset, { tables: this.#schemas, nowNs: NOW })
  }

  async scripts(): Promise<readonly ScriptInfo[]> {
    return this.#literal.scripts
  }

  async #table(): Promise<ResultTable> {
    return this.#literal.newest ?? resultTable('', [], [])
  }

  async script(name: string): Promise<ScriptInfo | undefined> {
    return (await this.scripts()).find((script) => script.name === name)
  }

  async tables(): Promise<readonly TableSummary[]> {
    return this.#literal.tables ?? []
  }

  async store(): Promise<StoreReport> {
    return STORE
  }

  async close(): Promise<void> {}

  #result(script: string, args: Record<string, string>, tables: readonly ResultTable[]): RunResult {
    const rowsOut = tables.reduce((sum, table) => sum + table.rows, 0)
    const stats = {
      compileMs: 1,
      execMs: 2,
      rowsRead: rowsOut,
      bytesRead: rowsOut * 500,
      chunksRead: 1,
      rowsOut,
    }
    return { script, args, tables, warnings: [], stats }
  }
}
