/** A string of known length that may come in pieces, and the line break behind it (Redis, Memcached). */
import type { Input } from '../protocol'
import { bodyText } from './body-text'
import { KeptBytes } from './kept-bytes'

const LF = 10
const CR = 13
const LINE_BREAK = 2

/** The kept beginning of a string of `size` bytes; `…` stands for the rest. */
export function contentText(bytes: Uint8Array, size: number): string {
  const text = bodyText(bytes, size)
  return bytes.length < size && !text.startsWith('<binary ') ? `${text}…` : text
}

export class Content {
  readonly size: number
  readonly #kept: KeptBytes
  /** Bytes that are still to come, the line break too. */
  #left: number

  /** `limit`: bytes that are kept at most. */
  constructor(size: number, limit: number) {
    this.size = size
    this.#kept = new KeptBytes(Math.min(size, limit))
    this.#left = size + LINE_BREAK
  }

  get held(): number {
    return this.#kept.held
  }

  get bytes(): Uint8Array {
    return this.#kept.bytes
  }

  /** Bytes still to come, the line break too. */
  get left(): number {
    return this.#left
  }

  /** Bytes still to come that won't be kept. */
  get unwanted(): number {
    return this.#kept.isFull ? Math.max(0, this.#left - LINE_BREAK) : 0
  }

  /** Takes what is there; undefined: no line break follows. */
  read(input: Input): 'whole' | 'need-more' | undefined {
    const { bytes, pos, end } = input
    const content = Math.min(end - pos, this.#left - LINE_BREAK)
    if (content > 0) {
      this.#kept.add(bytes, pos, pos + content)
      input.pos += content
      this.#left -= content
    }
    while (this.#left > 0 && this.#left <= LINE_BREAK) {
      if (input.pos === end) return 'need-more'
      if (bytes[input.pos] !== (this.#left === LINE_BREAK ? CR : LF)) return undefined
      input.pos++
      this.#left--
    }
    return this.#left === 0 ? 'whole' : 'need-more'
  }

  /** `bytes` of it are missing; false when more are missing than it has. */
  pass(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#kept.close()
    this.#left -= bytes
    return true
  }
}
