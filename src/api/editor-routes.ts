/** What an editor asks about a script that is being written. */
import { messageOf, NixieError } from '../errors'
import type { Route } from './route'

const bad = (message: string, hint: string) => new NixieError('bad_request', message, hint)

/** The fields of a JSON body. @throws NixieError `bad_request` for anything else than an object of these fields. */
async function readFields(
  body: Promise<string>,
  known: readonly string[],
  example: string,
): Promise<Readonly<Record<string, unknown>>> {
  const hint = `Send JSON: ${example}`
  let value: unknown
  try {
    value = JSON.parse(await body)
  } catch (cause) {
    throw bad(`The body is not JSON: ${messageOf(cause)}`, hint)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('The body is not a JSON object', hint)
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) throw bad(`The body has an unknown field '${unknown.slice(0, 64)}'`, hint)
  const { text } = value as { text?: unknown }
  if (typeof text !== 'string') throw bad("The body's field 'text' is not a text", hint)
  return value as Readonly<Record<string, unknown>>
}

const TEXT = { type: 'string', description: 'PxL' }
const VIEW = { type: ['string', 'object'], description: 'The vis.json that goes with it' }

/** A view as text, from text or from the document itself. */
export function viewText(view: unknown, hint: string): string | undefined {
  if (view === undefined || typeof view === 'string') return view
  if (typeof view === 'object' && view !== null) return JSON.stringify(view)
  throw bad("The body's field 'view' is neither a text nor an object", hint)
}

const CHECK_EXAMPLE = '{"text": "import px"}'

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
  answers: { 'application/json': 'Diagnostics' },
  handle: async (c, _query, { runner }) => {
    const fields = await readFields(c.req.text(), ['text', 'view'], CHECK_EXAMPLE)
    const view = viewText(fields.view, `Send JSON: ${CHECK_EXAMPLE}`)
    return c.json({ diagnostics: await runner.check(fields.text as string, view, c.req.raw.signal) })
  },
}

const COMPLETE_EXAMPLE = '{"text": "import px\\npx.", "line": 2, "column": 4} or {"text": …, "offset": 13}'

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

function place({ text, offset, line, column }: Readonly<Record<string, unknown>>): number {
  const hint = `Send JSON: ${COMPLETE_EXAMPLE}`
  const whole = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least
  const length = (text as string).length
  if (offset !== undefined) {
    if (line !== undefined || column !== undefined) throw bad('The body has an offset and a line', hint)
    if (whole(offset, 0) && (offset as number) <= length) return offset as number
    throw bad(`The body's field 'offset' is not a whole number up to ${length}`, hint)
  }
  if (!whole(line, 1) || !whole(column, 1)) {
    throw bad('The body has neither an offset nor a line and a column, which count from 1', hint)
  }
  const found = offsetOf(text as string, line as number, column as number)
  if (found === undefined) throw bad(`The text has no line ${line}`, hint)
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
  answers: { 'application/json': 'Completion' },
  handle: async (c, _query, { runner }) => {
    const fields = await readFields(c.req.text(), ['text', 'offset', 'line', 'column'], COMPLETE_EXAMPLE)
    return c.json(await runner.complete(fields.text as string, place(fields), c.req.raw.signal))
  },
}
