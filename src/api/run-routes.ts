/** Routes that answer with rows: of a script, a text, a table. */
import type { Context } from 'hono'
import { WARNINGS_HEADER } from '../runner/remote'
import { DEFAULT_LIMITS, type RunRequest } from '../runner/runner'
import { answer, FORMATS, type Format } from './answers'
import { BODY_LIMIT, readQueryBody } from './query-body'
import { RunAnswer, TableRows } from './result-schema'
import {
  type Parameter,
  pathParameter,
  type Query,
  type Route,
  readFormat,
  readInteger,
  readShape,
  readSwitch,
  SCRIPT_PATH,
  type Served,
  scriptName,
} from './route'

/** Most rows of a stream, which keeps none in memory. A JSON answer is made of all rows at once and allows fewer. */
const MAX_ROWS = 100_000_000
const MAX_JSON_ROWS = 1_000_000
const rowRange = (format: Format) => ({ min: 1, max: format === 'json' ? MAX_JSON_ROWS : MAX_ROWS })
const TABLE_ROWS = 100

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
  'CSV shows control characters, but for tabs and ends of lines, as escapes (\\u001b); JSON, NDJSON and Arrow have the exact text. ' +
  `JSON holds the warnings of a script; elsewhere they are a JSON text in the header ${WARNINGS_HEADER}.`
const RUN_ANSWERS = {
  [FORMATS.json]: RunAnswer,
  [FORMATS.ndjson]: 'text',
  [FORMATS.csv]: 'text',
  [FORMATS.arrow]: 'bytes',
} as const

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
    const { tables, warnings } = await runner.schema(request, signal)
    return c.json({ tables, warnings })
  }
  const excel = readSwitch(query, 'excel')
  const output = { format, shape, excel, ...(table !== undefined && { table }) }
  return answer(c, runner, { ...request, limits }, output, streams)
}

export const runScript: Route = {
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

export const runText: Route = {
  method: 'post',
  path: '/api/query',
  id: 'runText',
  summary: 'Run PxL text',
  description: `The body is the script's text, of any content type but JSON (at most ${BODY_LIMIT} bytes). ${ARGUMENTS}`,
  parameters: RUN_PARAMETERS,
  takesArguments: true,
  body: {
    'text/plain': { schema: { type: 'string' } },
    [FORMATS.json]: {
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

const time = (description: string): Parameter => ({
  in: 'query',
  description: `${description}: relative (-5m), epoch nanoseconds or a date`,
  schema: { type: 'string' },
  example: '-5m',
})

export const tableRows: Route = {
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
  answers: { ...RUN_ANSWERS, [FORMATS.json]: TableRows },
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
