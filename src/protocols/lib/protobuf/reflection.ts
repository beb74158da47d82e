/**
 * Answers of a server's reflection service, as they pass (grpc/reflection/v1/reflection.proto):
 *
 *     ServerReflectionResponse  file_descriptor_response 4
 *     FileDescriptorResponse    file_descriptor_proto 1      ; repeated
 *     message                 = flags (8) length (32) content
 */
import { forEachField } from './wire'

const PATHS = new Set([
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
])
export const isReflection = (path: string): boolean => PATHS.has(path)

const PREFIX = 5
/** Larger answers are passed over. */
const MAX_MESSAGE = 256 << 10
const FIRST_ROOM = 4096

export class ReflectionReader {
  readonly #takes: (file: Uint8Array) => void
  readonly #inflated: (content: Uint8Array, limit: number) => Uint8Array | undefined
  #bytes = new Uint8Array(FIRST_ROOM)
  #length = 0
  /** Bytes of a message that is too large which are still to come. */
  #passed = 0
  #isLost = false

  /** `inflated` undoes the coding of a message; `takes` is given each FileDescriptorProto. */
  constructor(
    takes: (file: Uint8Array) => void,
    inflated: (content: Uint8Array, limit: number) => Uint8Array | undefined,
  ) {
    this.#takes = takes
    this.#inflated = inflated
  }

  get held(): number {
    return this.#bytes.length
  }

  /** Bytes are missing: where the next message begins isn't known. */
  misses(): void {
    this.#isLost = true
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end && !this.#isLost) {
      if (this.#passed > 0) {
        const passed = Math.min(this.#passed, end - at)
        this.#passed -= passed
        at += passed
        continue
      }
      const wanted = this.#length < PREFIX ? PREFIX : PREFIX + this.#contentLength()
      const taken = Math.min(wanted - this.#length, end - at)
      this.#keep(bytes, at, at + taken)
      at += taken
      if (this.#length >= PREFIX) this.#mayEnd()
    }
  }

  #contentLength(): number {
    const [, a, b, c, d] = this.#bytes
    return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0
  }

  #mayEnd(): void {
    const length = this.#contentLength()
    if (length > MAX_MESSAGE) {
      this.#passed = length
      this.#length = 0
    } else if (this.#length === PREFIX + length) {
      this.#read(this.#bytes.subarray(PREFIX, this.#length))
      this.#length = 0
    }
  }

  #read(content: Uint8Array): void {
    const isCoded = (this.#bytes[0]! & 1) === 1
    const message = isCoded ? this.#inflated(content, MAX_MESSAGE) : content
    if (!message) return
    forEachField(message, (number, _, __, answer) => {
      if (number !== 4 || !answer) return
      forEachField(answer, (part, ___, ____, file) => {
        if (part === 1 && file) this.#takes(file)
      })
    })
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start
    if (needed > this.#bytes.length) {
      const wider = new Uint8Array(Math.min(PREFIX + MAX_MESSAGE, Math.max(needed, 2 * this.#bytes.length)))
      wider.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = wider
    }
    this.#bytes.set(bytes.subarray(start, end), this.#length)
    this.#length += end - start
  }
}
