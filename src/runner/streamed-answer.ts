/** Main's end of a stream: hands on bytes as they are read, and tells the query thread how many more it may send. */
import type { NixieError } from '../errors'
import { CREDIT } from './answer-bytes'
import type { StreamDone } from './messages'
import type { ResultStream, StreamFormat, Warning } from './runner'

export class StreamedAnswer {
  readonly #format: StreamFormat
  readonly #shared: Int32Array
  readonly #cancel: () => void
  readonly #read: () => void
  readonly #chunks: Uint8Array[] = []
  readonly #opened = Promise.withResolvers<ResultStream>()
  readonly #end = Promise.withResolvers<Omit<StreamDone, 'warnings'>>()
  /** Bytes that came, and those that were read. */
  received = 0
  taken = 0
  #isOpen = false
  #ended = false
  #error: NixieError | undefined
  /** Resolves the read that waits. */
  #wake: () => void = () => {}

  /**
   * @param cancel called when the reader has gone
   * @param read called once when nothing waits here any more: all was read or given up
   */
  constructor(
    format: StreamFormat,
    shared: SharedArrayBuffer,
    cancel: () => void,
    read: () => void = () => {},
  ) {
    this.#format = format
    this.#shared = new Int32Array(shared)
    this.#cancel = cancel
    let isRead = false
    this.#read = () => {
      if (!isRead) read()
      isRead = true
    }
    // A caller that awaits only the body must not get an unhandled rejection from the other promise.
    this.#end.promise.catch(() => {})
  }

  /** With the first bytes, or with the end of an answer that has none. */
  get opened(): Promise<ResultStream> {
    return this.#opened.promise
  }

  chunk(bytes: Uint8Array, warnings: readonly Warning[]): void {
    this.received += bytes.length
    this.#chunks.push(bytes)
    this.#open(warnings)
    this.#wake()
  }

  done({ warnings, ...end }: StreamDone): void {
    this.#ended = true
    this.#end.resolve(end)
    this.#open(warnings)
    this.#wake()
  }

  fail(error: NixieError): void {
    if (this.#ended) return
    this.#ended = true
    this.#end.reject(error)
    if (!this.#isOpen) {
      this.#opened.reject(error)
      this.#read()
      return
    }
    if (this.#format === 'ndjson') {
      this.#chunks.push(new TextEncoder().encode(`${JSON.stringify({ error: error.shape })}\n`))
    } else this.#error = error
    this.#wake()
  }

  #open(warnings: readonly Warning[]): void {
    if (this.#isOpen) return
    this.#isOpen = true
    // Nothing is asked for ahead of the reader: the credit is the only buffer.
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.#left() },
      { highWaterMark: 0 },
    )
    this.#opened.resolve({ warnings, body, end: this.#end.promise })
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const chunk = this.#chunks.shift()
    if (chunk) {
      this.taken += chunk.length
      Atomics.add(this.#shared, CREDIT, chunk.length)
      Atomics.notify(this.#shared, CREDIT)
      controller.enqueue(chunk)
      return
    }
    this.#read()
    if (this.#error) controller.error(this.#error)
    else controller.close()
  }

  /** Gives up the unread bytes when the reader takes too long. */
  expire(error: NixieError): void {
    if (this.#chunks.length === 0) return
    this.#chunks.length = 0
    this.#error = error
    this.#ended = true
    this.#end.reject(error)
    this.#read()
    this.#cancel()
    this.#wake()
  }

  /** The reader has gone. */
  #left(): void {
    this.#chunks.length = 0
    this.#read()
    this.#cancel()
  }
}
