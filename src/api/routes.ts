/** Every route of the API. Adding one here serves it and documents it. */
import type { Context } from 'hono'
import { NixieError } from '../errors'
import { DEFAULT_LIMITS, type RunRequest } from '../runner/runner'
import { didYouMean } from '../suggest'
import { answer, FORMATS, type Format, WARNINGS_HEADER } from './answers'
import { checkScript, completeScript } from './editor-routes'
import { makeLink } from './links-route'
import { METRICS_TYPE, metricsText } from './metrics'
import { listNodes } from './nodes-route'
import { BODY_LIMIT, readQueryBody } from './query-body'
import {
  type Parameter,
  type Query,
  type Route,
  readFormat,
  readInteger,
  readShape,
  readSwitch,
  type Served,
} from './route'
import { changeSettings } from './settings-route'
import type { Status } from './status'

/** Of a stream, which holds none of them; JSON is made of all of them at once. */
const MAX_ROWS = 100_000_000
const MAX_JSON_ROWS = 1_000_000
const rowRange = (format: Format) => ({ min: 1, max: format === 'json' ? MAX_JSON_ROWS : MAX_ROWS })
const TABLE_ROWS = 100

const pathParameter = (description: string, example: string): Parameter => ({
  in: 'path',
  description,
  schema: { type: 'string' },
  example,
})

const FORMAT: Parameter = {
  in: 'query',
  description: 'Form of the answer; wins over the Accept header',
  schema: { type: 'string', enum: Object.keys(FORMATS) },
}
const SHAPE: Parameter = {
  in: 'query',
  description: 'With JSON: an object per row, or an array per column',
  schema: { type: 'string', enum: ['rows', 'columns'], default: 'rows' },
}
const TABLE: Parameter = {
  in: 'query',
  description: 'Only this result table; CSV and Arrow hold one, so they need it when there are several',
  schema: { type: 'string' },
}
const ROW_LIMIT: Parameter = {
  in: 'query',
  description: `Most rows per result table; with JSON up to ${MAX_JSON_ROWS}`,
  schema: { type: 'integer', minimum: 1, maximum: MAX_ROWS, default: DEFAULT_LIMITS.rows },
}

const aSwitch = (description: string): Parameter => ({
  in: 'query',
  description,
  schema: { type: 'string', enum: ['0', '1'], default: '0' },
})

const aLink =
  'Cells that link to a view as objects (in CSV and Arrow as their JSON): {"label", "script", "args"}; else they are their labels'
const EXCEL = aSwitch('With CSV: text that a spreadsheet would take for a formula begins with an apostrophe')
const RUN_PARAMETERS = {
  format: FORMAT,
  shape: SHAPE,
  excel: EXCEL,
  table: TABLE,
  limit: ROW_LIMIT,
  links: aSwitch(aLink),
  schema: aSwitch('Only compile: the tables with their columns (`Schema`)'),
  explain: aSwitch('Only plan: the steps that would run, as data and as text (`Explanation`)'),
}
/** Names of query parameters that are no arguments of a script, unless `arg.` stands before them. */
export const TAKEN_NAMES: readonly string[] = Object.keys(RUN_PARAMETERS)
const ARGUMENTS =
  'Every other query parameter is an argument of the script: ?start_time=-5m. One whose name is taken by a ' +
  `parameter here (${TAKEN_NAMES.join(', ')}) is written with the prefix arg.: ?arg.limit=10. ` +
  'NDJSON, CSV and Arrow are sent while the query runs. What fails after the first byte is a last line ' +
  '{"error": …} in NDJSON; a connection that is cut short in CSV and Arrow. ' +
  `JSON holds the warnings of a script; elsewhere they are a JSON text in the header ${WARNINGS_HEADER}.`
const RUN_ANSWERS = {
  [FORMATS.json]: 'RunAnswer',
  [FORMATS.ndjson]: 'text',
  [FORMATS.csv]: 'text',
  [FORMATS.arrow]: 'bytes',
} as const
const JSON_ONLY = FORMATS.json

async function run(
  c: Context,
  query: Query,
  asked: RunRequest,
  { runner, streams }: Served,
): Promise<Response> {
  const request = readSwitch(query, 'links') ? { ...asked, links: true } : asked
  const format = readFormat(c, query)
  const shape = readShape(query)
  const { table } = query.declared
  const { signal } = c.req.raw
  const rows = readInteger(query, 'limit', rowRange(format))
  const limits: RunRequest['limits'] = rows === undefined ? {} : { rows }
  if (readSwitch(query, 'explain')) return c.json(await runner.explain(request, signal))
  if (readSwitch(query, 'schema')) {
    const { tables, warnings } = await runner.run({ ...request, schemaOnly: true }, signal)
    return c.json({ tables: tables.map(({ name, columns }) => ({ name, columns })), warnings })
  }
  const excel = readSwitch(query, 'excel')
  const output = { format, shape, excel, ...(table !== undefined && { table }) }
  return answer(c, runner, { ...request, limits }, output, streams)
}

const scriptName = (c: Context) => `${c.req.param('ns')}/${c.req.param('name')}`

const SCRIPT_PATH = {
  ns: pathParameter('Namespace of the script', 'px'),
  name: pathParameter('Name of the script', 'http_data'),
}

const runScript: Route = {
  method: 'get',
  path: '/api/run/:ns/:name',
  id: 'runScript',
  summary: 'Run a script of the library',
  description: ARGUMENTS,
  parameters: { ...SCRIPT_PATH, ...RUN_PARAMETERS },
  takesArguments: true,
  answers: RUN_ANSWERS,
  handle: (c, query, deps) => run(c, query, { script: scriptName(c), args: query.args }, deps),
}

const runText: Route = {
  method: 'post',
  path: '/api/query',
  id: 'runText',
  summary: 'Run PxL text',
  description: `The body is the script's text, of any content type but JSON (at most ${BODY_LIMIT} bytes). ${ARGUMENTS}`,
  parameters: RUN_PARAMETERS,
  takesArguments: true,
  body: {
    'text/plain': { schema: { type: 'string' } },
    [JSON_ONLY]: {
      schema: {
        type: 'object',
        properties: {
          query: { type: 'string' },
          args: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
          view: {
            type: ['string', 'object'],
            description: 'The vis.json that goes with the script: its functions are called',
          },
          name: { type: 'string', description: 'What the script is called in the answer and in errors' },
        },
        required: ['query'],
        additionalProperties: false,
      },
    },
  },
  answers: RUN_ANSWERS,
  handle: async (c, query, deps) => {
    const body = readQueryBody(await c.req.text(), c.req.header('content-type') ?? '')
    return run(c, query, { ...body, args: { ...query.args, ...body.args } }, deps)
  },
}

const tables: Route = {
  method: 'get',
  path: '/api/tables',
  id: 'listTables',
  summary: 'Tables with their columns and what they hold',
  parameters: {},
  answers: { [JSON_ONLY]: 'Tables' },
  handle: async (c, _query, { runner }) => c.json({ tables: await runner.tables(c.req.raw.signal) }),
}

const time = (description: string): Parameter => ({
  in: 'query',
  description: `${description}: relative (-5m), epoch nanoseconds or a date`,
  schema: { type: 'string' },
  example: '-5m',
})

const tableRows: Route = {
  method: 'get',
  path: '/api/tables/:name',
  id: 'readTable',
  summary: 'The newest rows of a table',
  parameters: {
    name: pathParameter('Name of the table', 'http_events'),
    start_time: time('Rows from here on'),
    end_time: time('Rows up to here'),
    limit: {
      in: 'query',
      description: `Most rows; with JSON up to ${MAX_JSON_ROWS}`,
      schema: { type: 'integer', minimum: 1, maximum: MAX_ROWS, default: TABLE_ROWS },
    },
    format: FORMAT,
    shape: SHAPE,
    excel: EXCEL,
  },
  answers: { ...RUN_ANSWERS, [JSON_ONLY]: 'TableRows' },
  handle: async (c, query, { runner, streams }) => {
    const format = readFormat(c, query)
    const shape = readShape(query)
    const { start_time: startTime, end_time: endTime } = query.declared
    const rowsOf = {
      name: c.req.param('name')!,
      ...(startTime !== undefined && { startTime }),
      ...(endTime !== undefined && { endTime }),
      limit: readInteger(query, 'limit', rowRange(format)) ?? TABLE_ROWS,
    }
    return answer(c, runner, { rowsOf }, { format, shape, excel: readSwitch(query, 'excel') }, streams)
  },
}

const scripts: Route = {
  method: 'get',
  path: '/api/scripts',
  id: 'listScripts',
  summary: 'Scripts of the library',
  parameters: {},
  answers: { [JSON_ONLY]: 'Scripts' },
  handle: async (c, _query, { runner }) => {
    const all = await runner.scripts()
    return c.json({
      scripts: all.map(({ origin, name, short, long, variables }) => ({
        name,
        ...(origin && { origin }),
        short,
        long,
        variables,
      })),
    })
  },
}

const script: Route = {
  method: 'get',
  path: '/api/scripts/:ns/:name',
  id: 'readScript',
  summary: 'One script: its text, its variables, its widgets',
  parameters: SCRIPT_PATH,
  answers: { [JSON_ONLY]: 'Script' },
  handle: async (c, _query, { runner }) => {
    const name = scriptName(c)
    const all = await runner.scripts()
    const found = all.find((info) => info.name === name)
    if (!found) {
      const hint = didYouMean(
        name,
        all.map((info) => info.name),
      )
      throw new NixieError(
        'unknown_script',
        `There is no script '${name}'`,
        `${hint}GET /api/scripts lists them.`,
      )
    }
    return c.json(found)
  },
}

const store: Route = {
  method: 'get',
  path: '/api/store',
  id: 'readStore',
  summary: 'What is stored of each table, what it takes, and how long it will be kept',
  parameters: {},
  answers: { [JSON_ONLY]: 'Store' },
  handle: async (c, _query, { runner }) => c.json(await runner.store(c.req.raw.signal)),
}

const status: Route = {
  method: 'get',
  path: '/api/status',
  id: 'readStatus',
  summary: 'What is captured, kept and lost',
  parameters: {},
  answers: { [JSON_ONLY]: 'Status' },
  handle: async (c, _query, deps) => c.json(await deps.status()),
}

const metrics: Route = {
  method: 'get',
  path: '/metrics',
  id: 'readMetrics',
  summary: "Nixie's own counters for Prometheus",
  parameters: {},
  answers: { [METRICS_TYPE]: 'text' },
  handle: async (c, _query, deps) =>
    c.body(metricsText(await deps.status()), 200, { 'Content-Type': METRICS_TYPE }),
}

/** Why nothing is captured, in words; empty when all is well. */
export function notReadyReason(status: Status): string {
  if (status.ready) return ''
  if (!status.config.capture) return 'Capture is switched off'
  if (status.capture.error) return status.capture.error
  if (status.store.unreadable) return status.store.unreadable
  const failures = status.probes.filter((probe) => !probe.attached)
  const failed = failures.find((probe) => probe.required) ?? failures[0]
  if (failed) return `${failed.name}: ${failed.error}. ${failed.hint}`.trim()
  return 'Capture is still starting'
}

const healthz: Route = {
  method: 'get',
  path: '/healthz',
  open: true,
  id: 'readHealth',
  summary: 'Whether Nixie answers, and whether it captures; answered to everyone',
  parameters: {},
  answers: { [JSON_ONLY]: 'Health' },
  handle: async (c, _query, deps) => {
    const now = await deps.status()
    return c.json({ ready: now.ready, reason: notReadyReason(now) })
  },
}

const readyz: Route = {
  method: 'get',
  path: '/readyz',
  open: true,
  id: 'readReadiness',
  summary: 'Whether Nixie captures, by the status; answered to everyone',
  parameters: {},
  answers: { [JSON_ONLY]: 'Health' },
  alsoAnswers: { 503: 'Nothing is captured, or not yet' },
  handle: async (c, _query, deps) => {
    const now = await deps.status()
    return c.json({ ready: now.ready, reason: notReadyReason(now) }, now.ready ? 200 : 503)
  },
}

export const ROUTES: readonly Route[] = [
  runScript,
  runText,
  tables,
  tableRows,
  scripts,
  script,
  checkScript,
  completeScript,
  store,
  status,
  changeSettings,
  makeLink,
  listNodes,
  metrics,
  healthz,
  readyz,
]
