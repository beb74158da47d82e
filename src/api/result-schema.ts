/** What a run answers in JSON. */
import { DATA_TYPES } from '../records/types'
import type { Explained, ResultColumn, RunStats, Warning } from '../runner/runner'
import {
  boolean,
  component,
  integer,
  list,
  mapOf,
  number,
  object,
  oneOf,
  optional,
  raw,
  type Static,
  schemaOf,
  string,
} from './schema'

export const DATA_TYPE = oneOf(DATA_TYPES)
/** What a value means: ST_BYTES, … */
export const semantic = (description?: string) =>
  raw<ResultColumn['semantic']>(
    description === undefined ? { type: 'string' } : { type: 'string', description },
  )

const CELL = raw<string | number | boolean | null | object>({
  type: ['string', 'number', 'boolean', 'null', 'object'],
  description:
    'With links=1, a cell that links to a view is an object. Times (TIME64NS) are nanoseconds since the epoch as a string; so are integers beyond ±2^53. A upid is asid:pid:start_time.',
})

const Column = component(
  'Column',
  schemaOf<ResultColumn>()(
    object({ name: string(), type: DATA_TYPE, semantic: semantic('What the value means: ST_BYTES, …') }),
  ),
)

const ResultTable = component(
  'ResultTable',
  object({
    name: string(),
    columns: list(Column),
    truncated: boolean('The row limit cut it'),
    rows: optional(list(mapOf(CELL))),
    count: optional(integer('Rows, with shape=columns')),
    values: optional(list(list(CELL), 'One array per column, with shape=columns')),
  }),
)

const Warnings = list(
  component(
    'Warning',
    schemaOf<Warning>()(
      object({
        message: string(),
        line: optional(integer(undefined, 1)),
        column: optional(integer(undefined, 1)),
      }),
    ),
  ),
)

const RunResult = component(
  'RunResult',
  object({
    script: string('Name of the script; empty for text'),
    args: mapOf(string(), 'Every argument as it ran'),
    tables: list(ResultTable),
    warnings: Warnings,
    stats: schemaOf<RunStats>()(
      object({
        compileMs: number(),
        execMs: number(),
        rowsRead: integer(),
        bytesRead: integer(),
        chunksRead: integer(),
        rowsOut: integer(),
      }),
    ),
  }),
)

const Schema = component(
  'Schema',
  object({ tables: list(object({ name: string(), columns: list(Column) })), warnings: Warnings }),
)
export type SchemaAnswer = Static<typeof Schema>

const Explanation = component(
  'Explanation',
  schemaOf<Explained>()(
    object({
      outputs: list(object({ name: string(), step: integer('Id of the step that gives its rows') })),
      steps: list(
        object({
          id: integer('From 1 on; the inputs of a step have smaller ones'),
          op: raw<Explained['steps'][number]['op']>({
            type: 'string',
            description: 'scan, filter, project, aggregate, join, …',
          }),
          detail: string(),
          columns: list(string(), 'Names of the columns that go out'),
          inputs: list(integer(), 'Ids of the steps that it reads'),
        }),
      ),
      text: string('The steps as an indented tree'),
      warnings: Warnings,
    }),
  ),
)

export const RunAnswer = component(
  'RunAnswer',
  raw<Static<typeof RunResult> | SchemaAnswer | Explained>({
    oneOf: [RunResult, Schema, Explanation],
    description: 'A `RunResult`; with schema=1 a `Schema`, with explain=1 an `Explanation`',
  }),
)

export const TableRows = component('TableRows', object({ tables: list(ResultTable) }))
