/**
 * A method and the content behind it, as their frames come: a header with the size of the body, and bodies that add up to it. On its
 * channel nothing stands between them; frames of other channels do.
 */
import { KeptBytes } from '../lib/kept-bytes'
import type { Args, ContentHead } from './arguments'
import type { Method } from './methods'
import type { Contents, Said } from './request'

/** Of a frame beside its payload. */
const FRAME_BYTES = 8
/** The shortest method with a content, and the shortest header, as frames. */
const LEAST_METHOD = 17
const LEAST_HEADER = 22

const NOTHING = new Uint8Array(0)

type Begun = Pick<Said, 'method' | 'args' | 'startNs' | 'isCut'>

export class Content {
  readonly method: Method
  readonly args: Args
  readonly startNs: number
  /** By which the server will confirm it; 0: it won't, or that isn't known. */
  readonly number: number
  isCut: boolean
  /** Frames that came of it. */
  frames = 1
  #properties: Args = {}
  /** -1: its header isn't there yet. */
  #size = -1
  #received = 0
  #kept: KeptBytes | undefined
  #bytes: Uint8Array | undefined
  /** How much of what is kept came before a hole in which a part of the body may be. */
  #sure: number | undefined

  constructor({ method, args, startNs, isCut }: Begun, number: number) {
    this.method = method
    this.args = args
    this.startNs = startNs
    this.isCut = isCut
    this.number = number
  }

  get held(): number {
    return this.#kept?.held ?? 0
  }

  get hasHeader(): boolean {
    return this.#size >= 0
  }

  get isWhole(): boolean {
    return this.#received === this.#size
  }

  header({ size, properties }: ContentHead, isCut: boolean): void {
    this.frames++
    this.#size = size
    this.#properties = properties
    this.isCut ||= isCut
  }

  /** A part of the body, of `size` bytes, of which `bytes` are there; false: it has no such part. */
  body(bytes: Uint8Array, size: number, limit: number): boolean {
    if (this.#size < 0 || size > this.#size - this.#received) return false
    this.frames++
    this.#received += size
    const isCut = bytes.length < size
    if (this.isWhole && !this.#kept && !isCut) {
      this.#bytes = bytes
      return true
    }
    this.#kept ??= new KeptBytes(Math.min(limit, this.#size))
    this.#kept.add(bytes, 0, bytes.length)
    if (isCut && !this.#kept.isFull) {
      this.#kept.close()
      this.isCut = true
    }
    return true
  }

  /**
   * So many bytes of its side are missing, somewhere behind what came of it. False: the rest of it and the beginning of another one
   * on its channel may lie in there, so that what follows may be of the other one.
   */
  passes(bytes: number): boolean {
    const left = this.hasHeader ? this.#size - this.#received + FRAME_BYTES : LEAST_HEADER
    if (bytes >= left + LEAST_METHOD + (this.hasHeader ? LEAST_HEADER : 0)) return false
    this.#sure ??= this.#kept?.length ?? 0
    return true
  }

  /** What is there of it when it ends; the bytes are valid until the next call of the conversation. */
  get contents(): Contents {
    const all = this.#bytes ?? this.#kept?.bytes ?? NOTHING
    const bytes = this.isWhole || this.#sure === undefined ? all : all.subarray(0, this.#sure)
    return { properties: this.#properties, size: Math.max(0, this.#size), bytes }
  }
}
