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
const orNull = (type: string, description: string): Schema => ({ type: [type, 'null'], description })
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
  type: ['string', 'number', 'boolean', 'null', 'object'],
  description:
    'With links=1, a cell that links to a view is an object. Times (TIME64NS) are nanoseconds since the epoch as a string; so are integers beyond ±2^53. A upid is asid:pid:start_time.',
}

const ORIGIN: Schema = {
  type: 'string',
  enum: ['own', 'override'],
  description: "Of the folder of --scripts-dir, perhaps in place of the library's; absent: of the library",
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
        file: string("The file of the script's folder that is meant; absent for its text"),
      },
      ['line', 'column', 'file'],
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
  Schema: object({
    tables: list(object({ name: string(), columns: list(ref('Column')) })),
    warnings: list(ref('Warning')),
  }),
  Explanation: object({
    outputs: list(object({ name: string(), step: integer('Id of the step that gives its rows') })),
    steps: list(
      object({
        id: integer('From 1 on; the inputs of a step have smaller ones'),
        op: string('scan, filter, project, aggregate, join, …'),
        detail: string(),
        columns: { ...list(string()), description: 'Names of the columns that go out' },
        inputs: { ...list(integer()), description: 'Ids of the steps that it reads' },
      }),
    ),
    text: string('The steps as an indented tree'),
    warnings: list(ref('Warning')),
  }),
  RunAnswer: {
    oneOf: [ref('RunResult'), ref('Schema'), ref('Explanation')],
    description: 'A `RunResult`; with schema=1 a `Schema`, with explain=1 an `Explanation`',
  },
  Diagnostics: object({
    diagnostics: list(
      object({
        severity: { type: 'string', enum: ['error', 'warning'] },
        message: string(),
        hint: string('What to do about it; may be empty'),
        line: integer('From 1 on, as all four; the end is exclusive'),
        column: integer(),
        endLine: integer(),
        endColumn: integer(),
      }),
    ),
  }),
  Completion: object({
    from: integer('Offset of the text that an item replaces'),
    to: integer(),
    items: list(
      object(
        {
          label: string(),
          kind: string('table, column, function, aggregate, argument, method, …'),
          type: string('A data type with its unit, or a signature'),
          help: string(),
          insert: string('What is put there; the label when absent'),
        },
        ['type', 'insert'],
      ),
    ),
  }),
  TableRows: object({ tables: list(ref('ResultTable')) }),
  Tables: object({
    tables: list(
      object({
        name: string(),
        description: string(),
        columns: list(
          object(
            {
              name: string(),
              type: DATA_TYPE,
              semantic: string(),
              pattern: string(),
              description: string(),
              extra: boolean(
                'Not in Pixie: a script that shows the whole table leaves it out unless it names it',
              ),
            },
            ['extra'],
          ),
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
      object(
        { name: string(), origin: ORIGIN, short: string(), long: string(), variables: list(ref('Variable')) },
        ['origin'],
      ),
    ),
  }),
  Script: object(
    {
      name: string(),
      origin: ORIGIN,
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
    },
    ['origin'],
  ),
  Status: object(
    {
      version: string(),
      ready: boolean('Capture runs and data of sockets arrives'),
      host: string(),
      asid: integer('The number of this agent, with which its upids begin'),
      kernel: string(),
      startedMs: integer('Epoch milliseconds'),
      uptimeSeconds: number(),
      config: { type: 'object', description: 'Settings as they run' },
      probes: list(
        object({
          source: string('The source of rows that it feeds'),
          name: string(),
          purpose: string(),
          required: boolean('Nixie does not capture without it'),
          attached: boolean(),
          error: string(),
          hint: string(),
        }),
      ),
      capture: object(
        {
          running: boolean('A thread captures'),
          error: string('Why rows are missing at the moment'),
          silentSeconds: number('Since its last sign of life, in which no row came in; 0 while it gives any'),
          longestAbsenceMs: number('Longest time of the last minute in which it did not look at the ring'),
          longestAbsenceQueuedMs: number(
            'Of it, time in which it was ready to run and the machine ran other programs',
          ),
        },
        ['error'],
      ),
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
      store: object(
        {
          path: string(),
          bytes: integer(),
          budgetBytes: integer(),
          retentionSeconds: number(),
          error: string('Why rows are refused at the moment, and what to do'),
          unreadable: string('Why what is stored cannot be read at the moment, and what to do'),
        },
        ['error', 'unreadable'],
      ),
      kubernetes: object({
        synced: boolean('Every kind of object has been listed at least once'),
        objects: { type: 'object', additionalProperties: integer(), description: 'Living objects by kind' },
        errors: {
          type: 'object',
          additionalProperties: string(),
          description: "Kinds that can't be followed",
        },
      }),
      losses: object({
        ring: integer(),
        missed: integer(),
        gaps: integer(),
        parse: integer(),
        shed: integer(),
        gone: integer(),
        names: integer(),
      }),
      counters: object(
        Object.fromEntries(Object.entries(COUNTERS).map(([name, { help }]) => [name, number(help)])),
      ),
      rss: integer('Resident memory in bytes'),
    },
    ['kubernetes'],
  ),
  Store: object({
    tables: list(
      object({
        name: string(),
        rows: integer(),
        chunks: integer(),
        bytes: integer('Compressed, on disk'),
        bytesPerRow: number(),
        oldest: epoch,
        newest: epoch,
        spanSeconds: number('From the oldest to the newest row'),
        bytesPerSecond: number('Of the last 24 hours, or since the oldest row'),
        keepsSeconds: orNull('number', 'What retention and budget keep at that rate'),
      }),
    ),
    fileBytes: integer('The file without its log'),
    walBytes: integer('Its log'),
    budgetBytes: orNull('integer', 'Most bytes that it may take'),
    retentionSeconds: orNull('number', 'How long rows are kept'),
    writeAmplification: orNull('number', 'Bytes written for each byte appended'),
  }),
  Nodes: object({
    nodes: list(
      object({
        name: string(),
        address: string('Of the pod of Nixie there; empty when there is none, and for a lone node'),
        version: string("Empty when it can't be asked"),
        ready: boolean('It captures'),
        own: boolean('The one that answers'),
        reason: string("Why it can't be asked, or captures nothing; empty when all is well"),
      }),
    ),
  }),
  Health: object({ ready: boolean(), reason: string('Why not; empty when ready') }),
  RunningSettings: object({ bodyLimit: integer('Bytes kept of each message body') }),
  Link: object({
    path: string('To be opened once, on this server'),
    seconds: integer('How long it opens'),
  }),
  OpenApi: { type: 'object', description: 'This document' },
} as const satisfies Record<string, Schema>

export type SchemaName = keyof typeof SCHEMAS
