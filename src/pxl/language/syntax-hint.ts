/** What may be wrong at a place that Python's grammar can't read. */
export function syntaxHint(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - 200), at).trimEnd()
  if (at >= text.trimEnd().length)
    return 'A quote that was opened is not closed, or the statement ends too early.'
  if (/\b(def\s+\w+\s*\([^()]*\))$/.test(before))
    return 'A function head ends with a colon: def name(arguments):'
  if (/[\w)\]}'"]$/.test(before)) return 'Is a comma, an operator or a closing bracket missing before it?'
  return 'Check brackets, quotes, commas and indentation here and on the line before.'
}
