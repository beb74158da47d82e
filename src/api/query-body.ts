/** The body of `POST /api/query`: PxL text as it stands, or JSON `{query, args?, view?, name?}`. */
import { messageOf, NixieError } from '../errors'
import { viewText } from './editor-routes'

export interface QueryBody {
  readonly text: string
  readonly args: Readonly<Record<string, string>>
  readonly view?: string
  readonly name?: string
}

export const BODY_LIMIT = 1 << 20

const HINT = 'Send PxL text, or JSON: {"query": "…", "args": {"name": "value"}}.'
const bad = (message: string) => new NixieError('bad_request', message, HINT)
const FIELDS = ['query', 'args', 'view', 'name']

/** @throws NixieError `bad_request` when the body is empty or its JSON has another form. */
export function readQueryBody(body: string, contentType: string): QueryBody {
  const parsed = /^application\/json\b/i.test(contentType) ? fromJson(body) : { text: body, args: {} }
  if (parsed.text.trim() === '') throw bad('There is no script in the body')
  return parsed
}

function fromJson(body: string): QueryBody {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (cause) {
    throw bad(`The body is not JSON: ${messageOf(cause)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('The body is not a JSON object')
  }
  for (const key of Object.keys(value)) {
    if (!FIELDS.includes(key)) throw bad(`The body has an unknown field '${key.slice(0, 64)}'`)
  }
  const { query, args = {}, name, view } = value as Readonly<Record<string, unknown>>
  if (typeof query !== 'string') throw bad("The body's field 'query' is not a text")
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw bad("The body's field 'args' is not an object")
  }
  if (name !== undefined && typeof name !== 'string') throw bad("The body's field 'name' is not a text")
  const viewed = viewText(view, HINT)
  return {
    text: query,
    args: Object.fromEntries(Object.entries(args).map(argument)),
    ...(viewed !== undefined && { view: viewed }),
    ...(name !== undefined && { name }),
  }
}

function argument([name, value]: [string, unknown]): [string, string] {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return [name, String(value)]
  }
  throw bad(`Argument '${name.slice(0, 64)}' is not a text, a number, true or false`)
}
