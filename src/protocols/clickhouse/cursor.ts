/**
 * A place in one side's bytes, and steps that read what may not be there yet. A step is a generator: it yields what `read` of the conversation
 * returns, and goes on when more bytes are there.
 *
 *     varint: seven bits a byte, the lowest first, the highest bit set on all but the last        string: its length as a varint, and its bytes
 */
import { KeptBytes } from '../lib/kept-bytes'
import { type Input, invalid, type Read } from '../protocol'

export type Steps<T> = Generator<Read, T, void>

const MAX_VARINT = 9
/** A text, or a value, is longer in no known client. */
const MAX_TEXT = 1 << 30
const MISSING = -1
const WRONG = -2

export class Cursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  #input: Input | undefined

  set(input: Input): void {
    this.#input = input
    this.bytes = input.bytes
    this.at = input.pos
    this.end = input.end
  }

  /** When the last byte that was read was moved. */
  get timeNs(): number {
    return this.#input!.timeAt(Math.max(this.#input!.pos, this.at - 1))
  }

  /** When the next one was. */
  get nextNs(): number {
    return this.#input!.timeAt(this.at)
  }

  get left(): number {
    return this.end - this.at
  }

  /** -1: not all of it is there. -2: it is too long. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < MAX_VARINT; i++) {
      if (this.at + i >= this.end) return MISSING
      const byte = this.bytes[this.at + i]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.at += i + 1
        return value
      }
      scale *= 128
    }
    return WRONG
  }

  u32(at = this.at): number {
    const { bytes } = this
    return bytes[at]! + bytes[at + 1]! * 256 + bytes[at + 2]! * 65_536 + bytes[at + 3]! * 16_777_216
  }
}

export function* wrong(reason: string): Steps<never> {
  for (;;) yield invalid(reason)
}

export function* varint(cursor: Cursor): Steps<number> {
  for (;;) {
    const value = cursor.varint()
    if (value >= 0) return value
    if (value === WRONG) return yield* wrong('a number of ClickHouse that is too long')
    yield 'need-more'
  }
}

/** Waits for so many bytes. */
export function* needs(cursor: Cursor, bytes: number): Steps<void> {
  while (cursor.left < bytes) yield 'need-more'
}

export function* byte(cursor: Cursor): Steps<number> {
  yield* needs(cursor, 1)
  return cursor.bytes[cursor.at++]!
}

/** A number of 64 bits, as far as a double holds it. */
export function* u64(cursor: Cursor): Steps<number> {
  yield* needs(cursor, 8)
  const value = cursor.u32() + cursor.u32(cursor.at + 4) * 2 ** 32
  cursor.at += 8
  return value
}

export function* skip(cursor: Cursor, bytes: number): Steps<void> {
  if (cursor.left >= bytes) cursor.at += bytes
  else yield { skip: bytes }
}

export interface Text {
  /** Its kept beginning. */
  readonly bytes: Uint8Array
  readonly size: number
}

/** A string, of which so many bytes are kept. */
export function* text(cursor: Cursor, limit: number): Steps<Text> {
  const size = yield* varint(cursor)
  if (size > MAX_TEXT) return yield* wrong('a text of ClickHouse that is too long')
  const kept = new KeptBytes(Math.min(size, limit))
  for (let left = size; left > 0; ) {
    yield* needs(cursor, 1)
    const taken = Math.min(left, cursor.left)
    kept.add(cursor.bytes, cursor.at, cursor.at + taken)
    cursor.at += taken
    left -= taken
    if (!kept.isFull) continue
    yield* skip(cursor, left)
    break
  }
  return { bytes: kept.bytes, size }
}
