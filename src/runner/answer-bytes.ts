/** Sends bytes from the query thread to the main thread. It sends as many as are read there, and a few more. */
import { NixieError } from '../errors'
import { Deadline } from '../query/deadline'
import type { Warning } from './runner'

/** Words of the memory that both threads share, one Int32 each. */
export const CANCELLED = 0
/** Bytes that may still be posted; it may fall below 0 by one chunk. */
export const CREDIT = 1
export const SHARED_BYTES = 8

/** Bytes that wait in the main thread at most, but for the last chunk. */
export const INITIAL_CREDIT = 1 << 20
/** The same for a short answer. It holds the whole answer, so that its thread waits for no reader. */
export const ANSWER_CREDIT = 8 << 20
const CHUNK = 64 << 10
/** A reader that takes nothing for this long counts as gone. */
export const STALL_MS = 30_000
/**
 * A reader with a lower rate than this also counts as gone. Otherwise a few bytes now and then could hold the thread
 * for ever.
 */
export const SLOWEST_BYTES_PER_MS = 16
/** What a stream may work from its first bytes on. */
export const FLOWING_DEADLINE_MS = 600_000

export class AnswerBytes {
  /** Known before the first byte is. */
  warnings: readonly Warning[] = []
  readonly #shared: Int32Array
  readonly #post: (chunk: Uint8Array) => void
  readonly #encoder = new TextEncoder()
  readonly #stallMs: number
  #pending = ''
  readonly #deadline: Deadline
  #posted = 0

  /**
   * @param deadline of the run: paused while this waits for the reader
   * @param stallMs the patience with a reader, see `STALL_MS`
   */
  constructor(
    shared: Int32Array,
    post: (chunk: Uint8Array) => void,
    deadline = new Deadline(Number.POSITIVE_INFINITY),
    stallMs = STALL_MS,
  ) {
    this.#shared = shared
    this.#stallMs = stallMs
    this.#deadline = deadline
    this.#post = post
  }

  text(text: string): void {
    this.#pending += text
    if (this.#pending.length >= CHUNK) this.flush()
  }

  texts(parts: Iterable<string>): void {
    for (const part of parts) this.text(part)
  }

  bytes(bytes: Uint8Array): void {
    this.flush()
    if (bytes.length === 0) return
    this.#deadline.pause(() => this.#waitForCredit())
    Atomics.sub(this.#shared, CREDIT, bytes.length)
    this.#posted += bytes.length
    this.#post(bytes)
  }

  flush(): void {
    if (this.#pending === '') return
    const bytes = this.#encoder.encode(this.#pending)
    this.#pending = ''
    this.bytes(bytes)
  }

  #waitForCredit(): void {
    const started = performance.now()
    const patienceMs = Math.min(
      this.#stallMs,
      this.#stallMs + this.#posted / SLOWEST_BYTES_PER_MS - this.#deadline.pausedMs,
    )
    for (;;) {
      if (Atomics.load(this.#shared, CANCELLED) !== 0) {
        throw new NixieError('cancelled', 'The query was cancelled')
      }
      const credit = Atomics.load(this.#shared, CREDIT)
      if (credit > 0) break
      const left = started + patienceMs - performance.now()
      if (left <= 0) {
        const slow = `The client read no rows for ${this.#stallMs / 1000} s, or fewer than ${SLOWEST_BYTES_PER_MS} kB/s`
        throw new NixieError('cancelled', slow)
      }
      Atomics.wait(this.#shared, CREDIT, credit, Math.min(left, 1000))
    }
  }
}
