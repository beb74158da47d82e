/** How large one value may get: a query that joins a text to itself doubles it each time. */
import { NixieError } from '../../../errors'

/** Characters of the longest text that a function makes. */
export const LONGEST_TEXT = 2 << 20
/** Most characters of the arguments together: some functions write them several times as long, as escapes. */
const LONGEST_ARGUMENTS = 2 * LONGEST_TEXT

export const tooLong = (length: number): NixieError =>
  new NixieError(
    'limit_exceeded',
    `A text of ${(length / 2 ** 20).toFixed(1)} MiB would be made, where ${LONGEST_TEXT >> 20} MiB are the most`,
    'Cut the text first: px.substring(text, 0, 1000).',
  )

/** Throws `limit_exceeded` when a function's arguments are too long. */
export function checkArguments(args: readonly unknown[]): void {
  let length = 0
  for (const arg of args) if (typeof arg === 'string') length += arg.length
  if (length > LONGEST_ARGUMENTS) throw tooLong(length)
}

/** Throws `limit_exceeded` for a result that is longer than texts may be. */
export function checkResult(result: unknown): void {
  if (typeof result === 'string' && result.length > LONGEST_TEXT) throw tooLong(result.length)
}
