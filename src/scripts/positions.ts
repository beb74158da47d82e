/** Where a text stops being JSON or YAML: the parsers at hand say what is wrong, not where. */

export interface Position {
  /** Both count from 1. */
  readonly line: number
  readonly column: number
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON allows none in a string
  /[\t\n\r ]*(?:([{}[\],:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)\b))/y

/** What may come next, by what has come. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'end'

/** The first place where the text can't be JSON; undefined when it is. */
export function jsonErrorAt(text: string): Position | undefined {
  const open: string[] = []
  let expected: Expected = 'value'
  let at = 0
  const closed = (): Expected => (open.length === 0 ? 'end' : 'comma')
  const start = () => at + /^[\t\n\r ]*/.exec(text.slice(at, at + 10_000))![0].length
  while (start() < text.length) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)
    if (!token) return positionAt(text, start())
    const next = after(token, expected, open, closed)
    if (!next) return positionAt(text, start())
    expected = next
    at = TOKEN.lastIndex
  }
  return expected === 'end' ? undefined : positionAt(text, text.length)
}

function after(
  [, mark, quoted, plain]: RegExpExecArray,
  expected: Expected,
  open: string[],
  closed: () => Expected,
): Expected | undefined {
  const wantsValue = expected === 'value' || expected === 'value or ]'
  if (quoted !== undefined && (expected === 'key' || expected === 'key or }')) return 'colon'
  if (quoted !== undefined || plain !== undefined) return wantsValue ? closed() : undefined
  switch (mark) {
    case '{':
    case '[':
      if (!wantsValue) return undefined
      open.push(mark)
      return mark === '{' ? 'key or }' : 'value or ]'
    case ':':
      return expected === 'colon' ? 'value' : undefined
    case ',':
      if (expected !== 'comma') return undefined
      return open.at(-1) === '{' ? 'key' : 'value'
    default: {
      const own = mark === '}' ? '{' : '['
      const empty = mark === '}' ? 'key or }' : 'value or ]'
      if (open.at(-1) !== own || (expected !== 'comma' && expected !== empty)) return undefined
      open.pop()
      return closed()
    }
  }
}

/** The line from which on no beginning of the text is YAML. */
export function yamlErrorAt(text: string): Position {
  const lines = text.split('\n')
  let last = lines.length
  for (; last > 1; last--) {
    try {
      Bun.YAML.parse(lines.slice(0, last - 1).join('\n'))
      break
    } catch {}
  }
  return { line: last, column: 1 }
}
