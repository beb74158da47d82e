/** Reads request bodies in JSON. All functions throw NixieError `bad_request`; `hint` says what to send. */
import { messageOf, NixieError } from '../errors'
import { type Fields, isObject, isTooDeep, MAX_DEPTH } from '../json'

export const badBody = (message: string, hint: string) => new NixieError('bad_request', message, hint)

/** The body as an object. */
export function readObject(body: string, hint: string): Fields {
  if (isTooDeep(body)) throw badBody(`The body is nested deeper than ${MAX_DEPTH} levels`, hint)
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (cause) {
    throw badBody(`The body is not JSON: ${messageOf(cause)}`, hint)
  }
  if (isObject(value)) return value
  throw badBody('The body is not a JSON object', hint)
}

/** The same; throws when the object has any other field. */
export function readFields(body: string, known: readonly string[], hint: string): Fields {
  const fields = readObject(body, hint)
  const unknown = Object.keys(fields).find((name) => !known.includes(name))
  if (unknown === undefined) return fields
  throw badBody(`The body has an unknown field '${unknown.slice(0, 64)}'`, hint)
}

/** A field that must be there, as a text. */
export function textField(fields: Fields, name: string, hint: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw badBody(`The body's field '${name}' is not a text`, hint)
}

/** A view as text, from text or from the document itself. */
export function viewText(view: unknown, hint: string): string | undefined {
  if (view === undefined || typeof view === 'string') return view
  if (typeof view === 'object' && view !== null) return JSON.stringify(view)
  throw badBody("The body's field 'view' is neither a text nor an object", hint)
}
