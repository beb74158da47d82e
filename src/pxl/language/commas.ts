/**
 * Pixie's parser takes a call whose keyword arguments stand on lines of their own without a comma between them, and
 * scripts rely on it. Python's grammar doesn't, so the comma is put there before parsing: in place of the line break
 * (or of the comment before it), so that no offset moves.
 */

const OPERAND_END = /[\w)\]}'"]/
const KEYWORD_ARGUMENT = /[A-Za-z_]\w*[ \t]*=(?!=)/y
/** Words that look like the end of an operand and aren't one. */
const OPERATOR_WORD = /(?:^|\W)(?:and|or|not|in|is|if|else|lambda)$/

/** The same text, of the same length, with the missing commas added. */
export function putCommas(text: string): string {
  const scanner = new Scanner(text)
  const places = scanner.places()
  if (places.length === 0) return text
  const chars = text.split('')
  for (const { at, end } of places) {
    for (let i = at; i < end; i++) if (chars[i] !== '\n' && chars[i] !== '\r') chars[i] = ' '
    chars[at] = ','
  }
  return chars.join('')
}

/** Where the quote or bracket stands that the text never closes. */
export function unclosed(text: string): number | undefined {
  const scanner = new Scanner(text)
  scanner.places()
  return scanner.unclosed
}

class Scanner {
  readonly #text: string
  /** Offsets of the brackets that are open. */
  readonly #open: number[] = []
  #openQuote: number | undefined
  /** End of the last token that isn't space or comment, and the first line break behind it (-1: none yet). */
  #last = 0
  #lineBreak = -1

  constructor(text: string) {
    this.#text = text
  }

  /** The first quote that is never closed, else the innermost such bracket; undefined when all are. */
  get unclosed(): number | undefined {
    return this.#openQuote ?? this.#open.at(-1)
  }

  /** Where a comma belongs: the range from the first character behind the operand to the end of its line. */
  places(): { at: number; end: number }[] {
    const text = this.#text
    const places: { at: number; end: number }[] = []
    let i = 0
    while (i < text.length) {
      const c = text[i]!
      if (c === '\n' && this.#lineBreak < 0) this.#lineBreak = i
      if (/\s/.test(c)) {
        i++
        continue
      }
      if (c === '#') {
        i = this.#lineEnd(i)
        continue
      }
      if (this.#missesComma(i)) places.push({ at: this.#last, end: this.#lineBreak })
      i = c === '"' || c === "'" ? this.#string(i) : i + 1
      if (c === '(' || c === '[' || c === '{') this.#open.push(i - 1)
      else if (c === ')' || c === ']' || c === '}') this.#open.pop()
      this.#last = i
      this.#lineBreak = -1
    }
    return places
  }

  /** A keyword argument starts at `at`, on a new line of a call, right behind an operand. */
  #missesComma(at: number): boolean {
    if (this.#lineBreak < 0 || this.#text[this.#open.at(-1) ?? -1] !== '(') return false
    const text = this.#text
    if (!OPERAND_END.test(text[this.#last - 1] ?? '')) return false
    if (OPERATOR_WORD.test(text.slice(Math.max(0, this.#last - 8), this.#last))) return false
    KEYWORD_ARGUMENT.lastIndex = at
    return KEYWORD_ARGUMENT.test(text)
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from)
    return end < 0 ? this.#text.length : end
  }

  /** Behind the literal that starts at `from`, or at the end of its line when it is not closed. */
  #string(from: number): number {
    const text = this.#text
    const quote = text[from]!
    const close = text.startsWith(quote.repeat(3), from) ? quote.repeat(3) : quote
    let i = from + close.length
    while (i < text.length && !text.startsWith(close, i)) {
      if (close.length === 1 && text[i] === '\n') {
        this.#openQuote ??= from
        return i
      }
      i += text[i] === '\\' ? 2 : 1
    }
    if (i >= text.length) this.#openQuote ??= from
    return Math.min(i + close.length, text.length)
  }
}
