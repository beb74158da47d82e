import { objectIn } from '../../../json'

/** Names in lower case. */
export type Headers = ReadonlyMap<string, string>

/** Of the JSON object that a row has. */
export function headersOf(text: string): Headers {
  const fields = Object.entries(objectIn(text) ?? {})
  return new Map(
    fields.flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])),
  )
}
