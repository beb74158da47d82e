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

/** Far more than any document of ours has. */
export const MAX_DEPTH = 200

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Whether arrays and objects of a JSON text stand in each other deeper than `MAX_DEPTH`: what goes through such a value
 * runs out of stack, and takes long for it. To be asked before it is parsed.
 */
export function isTooDeep(text: string): boolean {
  let depth = 0
  let inText = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inText && code === BACKSLASH) i++
    else if (code === QUOTE) inText = !inText
    else if (!inText && (code === 0x5b || code === 0x7b) && ++depth > MAX_DEPTH) return true
    else if (!inText && (code === 0x5d || code === 0x7d)) depth--
  }
  return false
}
