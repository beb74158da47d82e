/** The body of `POST /api/query`: PxL text as it stands, or JSON `{query, args?, view?, name?}`. */
import type { NixieError } from '../errors'
import { isObject } from '../json'
import { badBody, readFields, textField, viewText } from './json-body'

export interface QueryBody {
  readonly text: string
  readonly args: Readonly<Record<string, string>>
  readonly view?: string
  readonly name?: string
}

export const BODY_LIMIT = 1 << 20

const HINT = 'Send PxL text, or JSON: {"query": "…", "args": {"name": "value"}}.'
const bad = (message: string): NixieError => badBody(message, HINT)
/** More than any script takes. */
const MOST_ARGUMENTS = 256
const LONGEST_NAME = 256
const FIELDS = ['query', 'args', 'view', 'name']

/** @throws NixieError `bad_request` when the body is empty or its JSON has another form. */
export function readQueryBody(body: string, contentType: string): QueryBody {
  const parsed = /^application\/json\b/i.test(contentType) ? fromJson(body) : { text: body, args: {} }
  if (parsed.text.trim() === '') throw bad('There is no script in the body')
  return parsed
}

function fromJson(body: string): QueryBody {
  const fields = readFields(body, FIELDS, HINT)
  const query = textField(fields, 'query', HINT)
  const { args = {}, name, view } = fields
  if (!isObject(args)) throw bad("The body's field 'args' is not an object")
  if (Object.keys(args).length > MOST_ARGUMENTS)
    throw bad(`The body's field 'args' has more than ${MOST_ARGUMENTS} arguments`)
  if (name !== undefined && typeof name !== 'string') throw bad("The body's field 'name' is not a text")
  if (name !== undefined && name.length > LONGEST_NAME)
    throw bad(`The body's field 'name' is longer than ${LONGEST_NAME} characters`)
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
