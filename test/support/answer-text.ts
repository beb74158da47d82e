import {
  type Answer,
  answerJson,
  cellSource,
  chosenTables,
  csvLines,
  ndjsonLines,
} from '../../src/runner/formats/text'
import type { StreamOutput } from '../../src/runner/runner'

/** A whole answer as text: what a stream of it gives. */
export function* answerText(answer: Answer, output: StreamOutput): Generator<string> {
  const tables = chosenTables(answer.tables, output)
  switch (output.format) {
    case 'csv':
      return yield* csvLines(tables[0]!, output.excel)
    case 'ndjson':
      return yield* ndjsonLines(tables)
    default:
      return yield* answerJson({ ...answer, tables: tables.map(cellSource) }, output.shape)
  }
}
