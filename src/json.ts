/** JSON as it comes from elsewhere: of unknown form until it was looked at. */

export type Fields = Readonly<Record<string, unknown>>

/** An object with named fields; an array is none. */
export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object that a text holds; undefined for any other text. */
export function objectIn(text: string): Fields | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
