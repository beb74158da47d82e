/** A text with a name; turns offsets into lines and columns for errors. */
import { type ErrorCode, NixieError } from '../errors'

export class Source {
  readonly name: string
  readonly text: string

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
  }

  /** Line and column of an offset; both count from 1, columns in UTF-16 units. */
  position(offset: number): { line: number; column: number } {
    const end = Math.min(offset, this.text.length)
    let line = 1
    let start = 0
    for (let i = this.text.indexOf('\n'); i >= 0 && i < end; i = this.text.indexOf('\n', i + 1)) {
      line++
      start = i + 1
    }
    return { line, column: end - start + 1 }
  }

  error(code: ErrorCode, offset: number, message: string, hint = ''): NixieError {
    return new NixieError(code, message, hint, this.position(offset))
  }
}
