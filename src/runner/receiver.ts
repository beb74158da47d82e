/** Main's end of a stream: hands on bytes as they are read, and tells the query thread how many more it may send. */
import type { NixieError } from '../errors'
import { CREDIT } from './byte-sink'
import type { StreamDone } from './messages'
import type { ResultStream, StreamEnd, StreamFormat, Warning } from './runner'

export class Receiver {
  readonly #format: StreamFormat
  readonly #shared: Int32Array
  readonly #cancel: () => void
  readonly #chunks: Uint8Array[] = []
  readonly #opened = Promise.withResolvers<ResultStream>()
  readonly #end = Promise.withResolvers<StreamEnd>()
  #isOpen = false
  #ended = false
  #error: NixieError | undefined
  /** The reader waits for it. */
  #wake: () => void = () => {}

  /** `cancel`: whoever reads has gone. */
  constructor(format: StreamFormat, shared: SharedArrayBuffer, cancel: () => void) {
    this.#format = format
    this.#shared = new Int32Array(shared)
    this.#cancel = cancel
    // Who reads the body alone must not end the process with the other promise.
    this.#end.promise.catch(() => {})
  }

  /** With the first bytes, or with the end of an answer that has none. */
  get opened(): Promise<ResultStream> {
    return this.#opened.promise
  }

  chunk(bytes: Uint8Array, warnings: readonly Warning[]): void {
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
      { pull: (controller) => this.#pull(controller), cancel: () => this.#cancel() },
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
      Atomics.add(this.#shared, CREDIT, chunk.length)
      Atomics.notify(this.#shared, CREDIT)
      controller.enqueue(chunk)
    } else if (this.#error) controller.error(this.#error)
    else controller.close()
  }
}
