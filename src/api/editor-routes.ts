/** What an editor asks about a script that is being written. */
import type { Fields } from '../json'
import type { Runner } from '../runner/runner'
import { badBody, readFields, textField, viewText } from './json-body'
import type { Route } from './route'
import { component, integer, list, object, oneOf, optional, raw, schemaOf, string } from './schema'

const TEXT = { type: 'string', description: 'PxL' }
const VIEW = { type: ['string', 'object'], description: 'The vis.json that goes with it' }

type Checked = Awaited<ReturnType<Runner['check']>>[number]
type Completed = Awaited<ReturnType<Runner['complete']>>

const Diagnostics = component(
  'Diagnostics',
  object({
    diagnostics: list(
      schemaOf<Checked>()(
        object({
          severity: oneOf(['error', 'warning']),
          message: string(),
          hint: string('What to do about it; may be empty'),
          line: integer('From 1 on, as all four; the end is exclusive'),
          column: integer(),
          endLine: integer(),
          endColumn: integer(),
        }),
      ),
    ),
  }),
)

const Completion = component(
  'Completion',
  schemaOf<Completed>()(
    object({
      from: integer('Offset of the text that an item replaces'),
      to: integer(),
      items: list(
        object({
          label: string(),
          kind: raw<Completed['items'][number]['kind']>({
            type: 'string',
            description: 'table, column, function, aggregate, argument, method, …',
          }),
          type: optional(string('A data type with its unit, or a signature')),
          help: string(),
          insert: optional(string('What is put there; the label when absent')),
        }),
      ),
    }),
  ),
)

const CHECK_HINT = 'Send JSON: {"text": "import px"}'

export const checkScript: Route = {
  method: 'post',
  path: '/api/pxl/check',
  id: 'checkScript',
  summary: 'What is wrong with a script, without running it',
  parameters: {},
  body: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { text: TEXT, view: VIEW },
        required: ['text'],
        additionalProperties: false,
      },
    },
  },
  answers: { 'application/json': Diagnostics },
  handle: async (c, _query, { runner }) => {
    const fields = readFields(await c.req.text(), ['text', 'view'], CHECK_HINT)
    const text = textField(fields, 'text', CHECK_HINT)
    const view = viewText(fields.view, CHECK_HINT)
    return c.json({ diagnostics: await runner.check(text, view, c.req.raw.signal) })
  },
}

const COMPLETE_HINT =
  'Send JSON: {"text": "import px\\npx.", "line": 2, "column": 4} or {"text": …, "offset": 13}'

const bad = (message: string) => badBody(message, COMPLETE_HINT)

/** The offset of a place; of a column behind a line's end, that end. */
function offsetOf(text: string, line: number, column: number): number | undefined {
  let start = 0
  for (let i = 1; i < line; i++) {
    start = text.indexOf('\n', start) + 1
    if (start === 0) return undefined
  }
  const end = text.indexOf('\n', start)
  return Math.min(start + column - 1, end < 0 ? text.length : end)
}

const isWhole = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least

function place(text: string, { offset, line, column }: Fields): number {
  if (offset !== undefined) {
    if (line !== undefined || column !== undefined) throw bad('The body has an offset and a line')
    if (isWhole(offset, 0) && offset <= text.length) return offset
    throw bad(`The body's field 'offset' is not a whole number up to ${text.length}`)
  }
  if (!isWhole(line, 1) || !isWhole(column, 1)) {
    throw bad('The body has neither an offset nor a line and a column, which count from 1')
  }
  const found = offsetOf(text, line, column)
  if (found === undefined) throw bad(`The text has no line ${line}`)
  return found
}

const FROM_ONE = { type: 'integer', minimum: 1 }

export const completeScript: Route = {
  method: 'post',
  path: '/api/pxl/complete',
  id: 'completeScript',
  summary: 'What can stand at a place of a script: tables, columns, functions, arguments',
  description: 'The place is an offset in UTF-16 units, or a line and a column that count from 1.',
  parameters: {},
  body: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          text: TEXT,
          offset: { type: 'integer', minimum: 0 },
          line: FROM_ONE,
          column: FROM_ONE,
        },
        required: ['text'],
        additionalProperties: false,
      },
    },
  },
  answers: { 'application/json': Completion },
  handle: async (c, _query, { runner }) => {
    const fields = readFields(await c.req.text(), ['text', 'offset', 'line', 'column'], COMPLETE_HINT)
    const text = textField(fields, 'text', COMPLETE_HINT)
    return c.json(await runner.complete(text, place(text, fields), c.req.raw.signal))
  },
}
