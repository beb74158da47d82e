/** Python's string and number literals. */

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
}

const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|\r\n|[\s\S])/g

/** The value of a string literal, prefix and quotes included; undefined when it isn't a whole one. */
export function stringValue(literal: string): string | undefined {
  const match = /^([rRuUbB]{0,2})("""|'''|"|')/.exec(literal)
  if (!match) return undefined
  const prefix = match[1]!
  const quote = match[2]!
  const start = prefix.length + quote.length
  if (literal.length < start + quote.length || !literal.endsWith(quote)) return undefined
  const body = literal.slice(start, literal.length - quote.length)
  return /r/i.test(prefix) ? body : body.replace(ESCAPE, valueOfEscape)
}

function valueOfEscape(whole: string, code: string): string {
  const simple = SIMPLE_ESCAPES[code]
  if (simple !== undefined) return simple
  if (code === '\r\n') return ''
  if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8))
  if (code.length > 1) {
    const point = Number.parseInt(code.slice(1), 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  }
  // Python keeps the backslash of an escape that it doesn't know.
  return whole
}

/** The value of a number literal; undefined when PxL has no such number (complex, beyond 64 bits). */
export function numberValue(
  literal: string,
  negative = false,
): { kind: 'int'; value: bigint } | { kind: 'float'; value: number } | undefined {
  const text = literal.replaceAll('_', '')
  if (/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|\d+)$/i.test(text)) {
    if (text.length > 70) return undefined
    const size = BigInt(/^0\d/.test(text) ? text.replace(/^0+(?=\d)/, '') : text)
    const value = negative ? -size : size
    return BigInt.asIntN(64, value) === value ? { kind: 'int', value } : undefined
  }
  const value = Number(text)
  return /^[\d.]/.test(text) && Number.isFinite(value)
    ? { kind: 'float', value: negative ? -value : value }
    : undefined
}
