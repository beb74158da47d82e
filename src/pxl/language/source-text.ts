/** A text with a name; turns offsets into lines and columns for errors. */
import { type ErrorCode, NixieError } from '../../errors'

export class SourceText {
  readonly name: string
  readonly text: string
  /** Offsets at which lines start: every expression asks for its place. */
  #starts: number[] | undefined

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
  }

  /** Line and column of an offset; both count from 1, columns in UTF-16 units. */
  position(offset: number): { line: number; column: number } {
    this.#starts ??= startsOfLines(this.text)
    const end = Math.min(offset, this.text.length)
    let low = 0
    let high = this.#starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#starts[middle]! <= end) low = middle
      else high = middle
    }
    return { line: low + 1, column: end - this.#starts[low]! + 1 }
  }

  error(code: ErrorCode, offset: number, message: string, hint = ''): NixieError {
    return new NixieError(code, message, hint, this.position(offset))
  }
}

function startsOfLines(text: string): number[] {
  const starts = [0]
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return starts
}
