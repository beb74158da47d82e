/** The bytes of one direction that wait for the rest of their message, and when they were moved. */
import type { Input, Unread } from '../protocols/protocol'

/** Many connections wait with a few bytes each. */
const FIRST_CAPACITY = 128
/** When one incomplete message has more events than this, some share their times. */
const MAX_MARKS = 1024

/** A view of the stream's head: either one event's payload, or what is buffered. Reused for every call. */
export class StreamInput implements Input {
  bytes: Uint8Array = new Uint8Array(0)
  pos = 0
  end = 0
  ended = false
  unread: Unread | undefined
  /** When `bytes` were moved, or the buffer that has their times. */
  #timeNs = 0
  #buffer: ByteStream | undefined
  /** Bytes of the side before `end`. */
  #passed: number | undefined

  direct(bytes: Uint8Array, timeNs: number, ended: boolean, passed?: number): this {
    this.bytes = bytes
    this.pos = 0
    this.end = bytes.length
    this.ended = ended
    this.#timeNs = timeNs
    this.#buffer = undefined
    this.#passed = passed
    return this
  }

  buffered(buffer: ByteStream, timeNs: number, ended: boolean, passed?: number): this {
    this.bytes = buffer.bytes
    this.pos = buffer.start
    this.end = buffer.end
    this.ended = ended
    this.#timeNs = timeNs
    this.#buffer = buffer
    this.#passed = passed
    return this
  }

  timeAt(pos: number): number {
    return this.#buffer && this.#buffer.start < this.#buffer.end ? this.#buffer.timeAt(pos) : this.#timeNs
  }

  passedAt(pos: number): number | undefined {
    return this.#passed === undefined ? undefined : (this.#passed - (this.end - pos)) >>> 0
  }

  /** Drops the view, so that a payload isn't kept alive. */
  release(): void {
    this.bytes = EMPTY
    this.#buffer = undefined
  }
}

export const EMPTY = new Uint8Array(0)

export class ByteStream implements Unread {
  bytes: Uint8Array = EMPTY
  /** `bytes[start..end)` waits. */
  start = 0
  end = 0
  /** When the first bytes that wait were moved. */
  #firstNs = 0
  /**
   * For later bytes: index into `bytes`, time, index, time, … Undefined while there are none: streams are many, and most have nothing, or
   * bytes of one event.
   */
  #marks: number[] | undefined

  get length(): number {
    return this.end - this.start
  }

  append(bytes: Uint8Array, timeNs: number): void {
    this.#reserve(bytes.length)
    if (this.start === this.end) this.#firstNs = timeNs
    else this.#mark(this.end, timeNs)
    this.bytes.set(bytes, this.end)
    this.end += bytes.length
  }

  #mark(position: number, timeNs: number): void {
    this.#marks ??= []
    if (this.#marks.length === 2 * MAX_MARKS) this.#marks.length -= 2
    this.#marks.push(position, timeNs)
  }

  timeAt(pos: number): number {
    const marks = this.#marks
    if (!marks || pos < marks[0]!) return this.#firstNs
    let low = 0
    let high = marks.length / 2 - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (marks[2 * middle]! <= pos) low = middle
      else high = middle - 1
    }
    return marks[2 * low + 1]!
  }

  /** Everything before `pos` (an index into `bytes`) was used. */
  consume(pos: number): void {
    this.start = pos
    if (this.start === this.end) this.clear()
  }

  clear(): void {
    this.start = 0
    this.end = 0
    this.#firstNs = 0
    this.#marks = undefined
    this.bytes = EMPTY
  }

  #reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return
    const length = this.length
    const target =
      2 * (length + more) <= this.bytes.length
        ? this.bytes
        : new Uint8Array(Math.max(FIRST_CAPACITY, 2 * (length + more)))
    if (target === this.bytes) target.copyWithin(0, this.start, this.end)
    else target.set(this.bytes.subarray(this.start, this.end))
    this.bytes = target
    this.#shift(this.start)
    this.start = 0
    this.end = length
  }

  /** Keeps the marks of what is left: the last one at or before the new start still dates it. */
  #shift(by: number): void {
    const marks = this.#marks
    if (by === 0 || !marks) return
    this.#firstNs = this.timeAt(by)
    let first = 0
    while (first < marks.length && marks[first]! <= by) first += 2
    const left = marks.slice(first)
    for (let i = 0; i < left.length; i += 2) left[i]! -= by
    this.#marks = left.length > 0 ? left : undefined
  }
}
