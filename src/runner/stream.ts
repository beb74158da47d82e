/** A run in the query thread that sends its rows as bytes while it runs. */
import { toCells } from '../query/cells'
import { execute, type ResultSet } from '../query/engine'
import type { Plan } from '../query/plan'
import type { Batch, Vector } from '../records/batch'
import type { AnswerBytes } from './answer-bytes'
import { answerJson, type CellSource, chosenTables, csvHeader, csvRows, ndjsonLines } from './formats/text'
import type { StreamDone, Task } from './messages'
import {
  executeContext,
  factsOf,
  type Prepared,
  prepare,
  type Ran,
  type RunContext,
  runPrepared,
  tablePlan,
} from './run-script'
import { DEFAULT_LIMITS, type ResultColumn, type StreamOutput, type TableRequest } from './runner'

/** Writes the rows of one format. */
interface Writer {
  begin(): void
  rows(table: { readonly name: string; readonly columns: readonly ResultColumn[] }, batch: Batch): void
  end(): void
}

const part = (columns: readonly ResultColumn[], batch: Batch) => ({
  columns,
  values: toCells(batch),
  rows: batch.rows,
  truncated: false,
})

async function writerOf(
  { format, excel }: StreamOutput,
  columns: readonly ResultColumn[],
  out: AnswerBytes,
): Promise<Writer> {
  if (format === 'arrow') {
    // The library is loaded on first use, since few clients ask for Arrow.
    const { ArrowWriter } = await import('./formats/arrow')
    const arrow = new ArrowWriter(columns)
    return {
      begin: () => out.bytes(arrow.start),
      rows: (_, batch) => {
        for (const part of arrow.batches(batch)) out.bytes(part)
      },
      end: () => out.bytes(arrow.end),
    }
  }
  if (format === 'csv') {
    return {
      begin: () => out.text(csvHeader(columns, excel)),
      rows: (table, batch) => out.texts(csvRows(part(table.columns, batch), excel)),
      end: () => {},
    }
  }
  return {
    begin: () => {},
    rows: (table, batch) => out.texts(ndjsonLines([{ name: table.name, ...part(table.columns, batch) }])),
    end: () => {},
  }
}

/** Throws a NixieError: before anything is written when the request is at fault. */
export async function streamTask(
  { request, output }: Omit<Task<'stream'>, 'kind'>,
  context: RunContext,
  out: AnswerBytes,
): Promise<StreamDone> {
  const prepared = 'rowsOf' in request ? preparedTable(request.rowsOf, context) : prepare(request, context)
  const plan: Plan = { outputs: chosenTables(prepared.plan.outputs, output) }
  out.warnings = prepared.warnings
  if (output.format === 'json') return streamJson({ ...prepared, plan }, output, context, out)
  const described = plan.outputs.map(({ name, node }) => ({ name, columns: node.columns }))
  const writer = await writerOf(output, described[0]?.columns ?? [], out)
  // The first bytes wait for the first rows, so that an earlier failure is an error and not a broken answer.
  let begun = false
  const begin = () => {
    if (begun) return
    begun = true
    writer.begin()
  }
  const ran = execute(plan, {
    ...executeContext(prepared.limits, context),
    emit: (place, batch) => {
      begin()
      writer.rows(described[place]!, batch)
    },
  })
  begin()
  writer.end()
  out.flush()
  return doneOf(prepared, ran)
}

type Preparation = Pick<Prepared, 'plan' | 'warnings' | 'limits'>

/** The limit of a request for a table's rows is what was asked for: nothing is cut. */
function preparedTable(request: TableRequest, context: RunContext): Preparation {
  const limits = { ...DEFAULT_LIMITS, rows: request.limit }
  return { plan: tablePlan(request, context), warnings: [], limits }
}

/** One document needs to know first what it holds; its cells are made when they are written. */
function streamJson(
  prepared: Preparation | Prepared,
  { shape }: StreamOutput,
  context: RunContext,
  out: AnswerBytes,
): StreamDone {
  const ran = runPrepared(prepared, context)
  const facts = 'args' in prepared ? factsOf(prepared, ran) : {}
  out.texts(answerJson({ ...facts, tables: ran.tables.map(cellSource) }, shape))
  out.flush()
  return doneOf(prepared, ran)
}

function partOf(vector: Vector, start: number, end: number): Vector {
  switch (vector.type) {
    case 'STRING':
    case 'UINT128':
      return { ...vector, codes: vector.codes.subarray(start, end) }
    case 'BOOLEAN':
      return { ...vector, values: vector.values.subarray(start, end) }
    default:
      return { ...vector, values: vector.values.subarray(start, end) }
  }
}

const cellSource = ({ batch, ...table }: ResultSet): CellSource => ({
  ...table,
  cells: (i, start, end) =>
    toCells({ rows: end - start, columns: [partOf(batch.columns[i]!, start, end)] })[0]!,
})

const doneOf = ({ warnings }: Preparation, { tables }: Pick<Ran, 'tables'>): StreamDone => ({
  warnings,
  rows: tables.reduce((sum, table) => sum + table.rows, 0),
  truncated: tables.filter((table) => table.truncated).map((table) => table.name),
})
