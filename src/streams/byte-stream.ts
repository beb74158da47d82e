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

  direct(bytes: Uint8Array, timeNs: number, ended: boolean): this {
    this.bytes = bytes
    this.pos = 0
    this.end = bytes.length
    this.ended = ended
    this.#timeNs = timeNs
    this.#buffer = undefined
    return this
  }

  buffered(buffer: ByteStream, timeNs: number, ended: boolean): this {
    this.bytes = buffer.bytes
    this.pos = buffer.start
    this.end = buffer.end
    this.ended = ended
    this.#timeNs = timeNs
    this.#buffer = buffer
    return this
  }

  timeAt(pos: number): number {
    return this.#buffer && this.#buffer.start < this.#buffer.end ? this.#buffer.timeAt(pos) : this.#timeNs
  }

  /** Drops the view, so that a payload isn't kept alive. */
  release(): void {
    this.bytes = EMPTY
    this.#buffer = undefined
  }
}

export const EMPTY = new Uint8Array(0)

/** From `positions[i]` on (indices into a stream's bytes) bytes were moved at `times[i]`. */
interface Marks {
  readonly positions: number[]
  readonly times: number[]
}

export class ByteStream implements Unread {
  bytes: Uint8Array = EMPTY
  /** `bytes[start..end)` waits. */
  start = 0
  end = 0
  /** Undefined while nothing waits: streams are many, and most have nothing. */
  #marks: Marks | undefined

  get length(): number {
    return this.end - this.start
  }

  append(bytes: Uint8Array, timeNs: number): void {
    this.#reserve(bytes.length)
    this.#marks ??= { positions: [], times: [] }
    const { positions, times } = this.#marks
    if (positions.length === MAX_MARKS) {
      positions.pop()
      times.pop()
    }
    positions.push(this.end)
    times.push(timeNs)
    this.bytes.set(bytes, this.end)
    this.end += bytes.length
  }

  timeAt(pos: number): number {
    if (!this.#marks) return 0
    const { positions, times } = this.#marks
    let low = 0
    let high = positions.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (positions[middle]! <= pos) low = middle
      else high = middle - 1
    }
    return times[low] ?? 0
  }

  /** Everything before `pos` (an index into `bytes`) was used. */
  consume(pos: number): void {
    this.start = pos
    if (this.start === this.end) this.clear()
  }

  clear(): void {
    this.start = 0
    this.end = 0
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
    if (by === 0 || !this.#marks) return
    const { positions, times } = this.#marks
    let first = 0
    while (first + 1 < positions.length && positions[first + 1]! <= by) first++
    this.#marks = {
      positions: positions.slice(first).map((position) => Math.max(0, position - by)),
      times: times.slice(first),
    }
  }
}
