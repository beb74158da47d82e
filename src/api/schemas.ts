/** JSON schemas of the answers, as `/openapi.json` gives them. */
import { COUNTERS } from '../health/counters'

type Schema = Readonly<Record<string, unknown>>

const string = (description?: string): Schema => ({ type: 'string', ...(description && { description }) })
const integer = (description?: string): Schema => ({
  type: 'integer',
  minimum: 0,
  ...(description && { description }),
})
const number = (description?: string): Schema => ({ type: 'number', ...(description && { description }) })
const boolean = (description?: string): Schema => ({ type: 'boolean', ...(description && { description }) })
const list = (items: Schema): Schema => ({ type: 'array', items })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const epoch: Schema = { type: ['string', 'null'], pattern: '^-?\\d+$', description: 'Epoch nanoseconds' }

/** Every property is required unless its name is in `optional`. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

const DATA_TYPE: Schema = {
  type: 'string',
  enum: ['BOOLEAN', 'INT64', 'UINT128', 'FLOAT64', 'STRING', 'TIME64NS'],
}
const CELL: Schema = {
  type: ['string', 'number', 'boolean', 'null'],
  description:
    'Times (TIME64NS) are nanoseconds since the epoch as a string; so are integers beyond ±2^53. A upid is asid:pid:start_time.',
}

export const SCHEMAS = {
  Error: object({
    error: object(
      {
        code: string('Stable; for programs'),
        message: string('For people'),
        hint: string('What to do about it; may be empty'),
        line: { type: 'integer', minimum: 1, description: 'Of the script text' },
        column: { type: 'integer', minimum: 1 },
      },
      ['line', 'column'],
    ),
  }),
  Column: object({ name: string(), type: DATA_TYPE, semantic: string('What the value means: ST_BYTES, …') }),
  ResultTable: object(
    {
      name: string(),
      columns: list(ref('Column')),
      truncated: boolean('The row limit cut it'),
      rows: list({ type: 'object', additionalProperties: CELL }),
      count: integer('Rows, with shape=columns'),
      values: { ...list(list(CELL)), description: 'One array per column, with shape=columns' },
    },
    ['rows', 'count', 'values'],
  ),
  Warning: object(
    { message: string(), line: { type: 'integer', minimum: 1 }, column: { type: 'integer', minimum: 1 } },
    ['line', 'column'],
  ),
  RunResult: object({
    script: string('Name of the script; empty for text'),
    args: { type: 'object', additionalProperties: string(), description: 'Every argument as it ran' },
    tables: list(ref('ResultTable')),
    warnings: list(ref('Warning')),
    stats: object({
      compileMs: number(),
      execMs: number(),
      rowsRead: integer(),
      bytesRead: integer(),
      chunksRead: integer(),
      rowsOut: integer(),
    }),
  }),
  TableRows: object({ tables: list(ref('ResultTable')) }),
  Tables: object({
    tables: list(
      object({
        name: string(),
        description: string(),
        columns: list(
          object({
            name: string(),
            type: DATA_TYPE,
            semantic: string(),
            pattern: string(),
            description: string(),
          }),
        ),
        rows: integer(),
        bytes: integer('Compressed, on disk'),
        oldest: epoch,
        newest: epoch,
        span: number('Seconds between the oldest and the newest row'),
      }),
    ),
  }),
  Variable: object(
    {
      name: string(),
      type: string('PX_STRING, PX_INT64, PX_POD, …'),
      defaultValue: string(),
      description: string(),
      validValues: list(string()),
    },
    ['defaultValue', 'validValues'],
  ),
  Scripts: object({
    scripts: list(
      object({ name: string(), short: string(), long: string(), variables: list(ref('Variable')) }),
    ),
  }),
  Script: object({
    name: string(),
    short: string(),
    long: string(),
    variables: list(ref('Variable')),
    widgets: list(
      object({
        name: string(),
        position: object({ x: number(), y: number(), w: number(), h: number() }),
        table: string('The result table that it shows'),
        displaySpec: { type: 'object' },
      }),
    ),
    text: string('PxL'),
  }),
  Status: object({
    version: string(),
    ready: boolean('Capture runs and data of sockets arrives'),
    host: string(),
    kernel: string(),
    startedMs: integer('Epoch milliseconds'),
    uptimeSeconds: number(),
    config: { type: 'object', description: 'Settings as they run' },
    probes: list(
      object({ name: string(), purpose: string(), attached: boolean(), error: string(), hint: string() }),
    ),
    capture: object({ running: boolean(), error: string() }, ['error']),
    tables: list(
      object({
        name: string(),
        rows: integer(),
        bytes: integer('Compressed, on disk'),
        span: number('Seconds between the oldest and the newest row'),
        oldest: epoch,
        newest: epoch,
        promise: string('How far back the table reaches, in words'),
      }),
    ),
    store: object({
      path: string(),
      bytes: integer(),
      budgetBytes: integer(),
      retentionSeconds: number(),
    }),
    losses: object({ ring: integer(), gaps: integer(), parse: integer(), shed: integer() }),
    counters: object(
      Object.fromEntries(Object.entries(COUNTERS).map(([name, { help }]) => [name, number(help)])),
    ),
    rss: integer('Resident memory in bytes'),
  }),
  Health: object({ ready: boolean(), reason: string('Why not; empty when ready') }),
  RunningSettings: object({ bodyLimit: integer('Bytes kept of each message body') }),
  OpenApi: { type: 'object', description: 'This document' },
} as const satisfies Record<string, Schema>

export type SchemaName = keyof typeof SCHEMAS
