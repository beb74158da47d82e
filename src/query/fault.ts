/** Unexpected errors: the message for users and the entry for the log. */
import { NixieError } from '../errors'

const REPORT = 'This is a defect in Nixie: please report it with the script or request.'
/** Messages of the JavaScript engine when a text, an array or the stack gets too large. */
const OUT_OF_MEMORY = /out of memory|array length|string length|allocat|too large|call stack/i

/**
 * A thrown value as a NixieError. The engine's own message goes to the log: it names no line of a script and doesn't
 * help users.
 */
export function faultOf(cause: unknown): NixieError {
  if (cause instanceof NixieError) return cause
  const error = cause instanceof Error ? cause : new Error(String(cause))
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) {
    const hint = 'Ask for a shorter time range, filter earlier, keep fewer columns.'
    return new NixieError('limit_exceeded', 'The query needs more memory than it can have', hint)
  }
  console.error(error.stack ?? error.message)
  const [, place] = /([\w.-]+\.[jt]sx?:\d+)/.exec(error.stack ?? '') ?? []
  return new NixieError(
    'internal',
    `A part of Nixie failed (${error.name}${place ? ` in ${place}` : ''})`,
    REPORT,
  )
}
