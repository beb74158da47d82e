/** Finds in the log of a program that ended the reason why it ended. */

/** The reason from the end of the log: Nixie's own error with its hint, else the text in one line. */
export function lastWords(log: string): { readonly reason: string; readonly hint: string | undefined } {
  const lines = log.trim().split('\n')
  const at = lines.findLastIndex((line) => line.startsWith('error: '))
  if (at < 0) return { reason: lines.join('; '), hint: undefined }
  const hint = lines.slice(at).find((line) => line.startsWith('hint: '))
  return { reason: lines[at]!.slice('error: '.length), hint: hint?.slice('hint: '.length) }
}
