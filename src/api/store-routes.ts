/** What is stored: the tables, and what they take. */
import type { StoreReport, TableSummary } from '../runner/runner'
import { DATA_TYPE, semantic } from './result-schema'
import type { Route } from './route'
import {
  component,
  EPOCH_NS,
  integer,
  list,
  number,
  numberOrNull,
  object,
  optional,
  raw,
  schemaOf,
  string,
} from './schema'

const Tables = component(
  'Tables',
  object({
    tables: list(
      schemaOf<TableSummary>()(
        object({
          name: string(),
          description: string(),
          columns: list(
            object({
              name: string(),
              type: DATA_TYPE,
              semantic: semantic(),
              pattern: string(),
              description: string(),
              extra: optional(
                raw<true>({
                  type: 'boolean',
                  description:
                    'Not in Pixie: a script that shows the whole table leaves it out unless it names it',
                }),
              ),
            }),
          ),
          rows: integer(),
          bytes: integer('Compressed, on disk'),
          oldest: EPOCH_NS,
          newest: EPOCH_NS,
          span: number('Seconds between the oldest and the newest row'),
        }),
      ),
    ),
  }),
)

const Store = component(
  'Store',
  schemaOf<StoreReport>()(
    object({
      tables: list(
        object({
          name: string(),
          rows: integer('Without those of damaged chunks'),
          damagedRows: integer('Lost: a query, or upkeep, found their chunk damaged'),
          chunks: integer(),
          bytes: integer('Compressed, on disk'),
          bytesPerRow: number(),
          oldest: EPOCH_NS,
          newest: EPOCH_NS,
          spanSeconds: number('From the oldest to the newest row'),
          bytesPerSecond: number('Of the last 24 hours, or since the oldest row'),
          keepsSeconds: numberOrNull('What retention and budget keep at that rate'),
        }),
      ),
      fileBytes: integer('The file without its log'),
      walBytes: integer('Its log'),
      budgetBytes: numberOrNull('Most bytes that it may take', 'integer'),
      retentionSeconds: numberOrNull('How long rows are kept'),
      writeAmplification: numberOrNull('Bytes written for each byte appended'),
    }),
  ),
)

export const listTables: Route = {
  method: 'get',
  path: '/api/tables',
  id: 'listTables',
  summary: 'Tables with their columns and what they hold',
  parameters: {},
  answers: { 'application/json': Tables },
  handle: async (c, _query, { runner }) => c.json({ tables: await runner.tables(c.req.raw.signal) }),
}

export const readStore: Route = {
  method: 'get',
  path: '/api/store',
  id: 'readStore',
  summary: 'What is stored of each table, what it takes, and how long it will be kept',
  parameters: {},
  answers: { 'application/json': Store },
  handle: async (c, _query, { runner }) => c.json(await runner.store(c.req.raw.signal)),
}
