/** The frames of a recording, in memory until it is over: nothing is written before its secrets are replaced. */
import { crc32 } from 'node:zlib'
import {
  F64_BYTES,
  FRAME_BYTES,
  type FrameKind,
  frameKind,
  frameNumber,
  type Header,
  MAGIC,
  MAX_FRAME,
  PREFIX_BYTES,
  VERSION,
} from './format'

const STEP = 1 << 20

export interface TapeFrame {
  readonly kind: FrameKind
  /** In place: what is changed here is changed on the tape. */
  readonly bytes: Uint8Array
}

export class Tape {
  readonly #buffer: ArrayBuffer
  readonly #maxBytes: number
  #view: DataView
  #used = 0
  #frames = 0
  #isFull = false

  /** `maxBytes`: most that all frames may take; it is taken as they come. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#buffer = new ArrayBuffer(0, { maxByteLength: maxBytes })
    this.#view = new DataView(this.#buffer)
  }

  /** Something did not fit: nothing is recorded any more. */
  get isFull(): boolean {
    return this.#isFull
  }

  get bytes(): number {
    return this.#used
  }

  get frames(): number {
    return this.#frames
  }

  /** Appends a copy. After the first frame that did not fit, no other frame is added. */
  add(kind: FrameKind, bytes: Uint8Array): void {
    const end = this.#used + FRAME_BYTES + bytes.length
    if (this.#isFull || end > this.#maxBytes || bytes.length > MAX_FRAME) {
      this.#isFull = true
      return
    }
    if (end > this.#buffer.byteLength) {
      this.#buffer.resize(Math.min(this.#maxBytes, Math.max(end, this.#buffer.byteLength + STEP)))
      this.#view = new DataView(this.#buffer)
    }
    this.#view.setUint32(this.#used, frameNumber(kind), true)
    this.#view.setUint32(this.#used + 4, bytes.length, true)
    new Uint8Array(this.#buffer).set(bytes, this.#used + FRAME_BYTES)
    this.#used = end
    this.#frames++
  }

  addNumbers(kind: FrameKind, numbers: readonly number[]): void {
    const bytes = new Uint8Array(numbers.length * F64_BYTES)
    const view = new DataView(bytes.buffer)
    for (const [i, number] of numbers.entries()) view.setFloat64(i * F64_BYTES, number, true)
    this.add(kind, bytes)
  }

  *[Symbol.iterator](): Generator<TapeFrame> {
    for (let at = 0; at < this.#used; ) {
      const length = this.#view.getUint32(at + 4, true)
      const kind = frameKind(this.#view.getUint32(at, true))!
      yield { kind, bytes: new Uint8Array(this.#buffer, at + FRAME_BYTES, length) }
      at += FRAME_BYTES + length
    }
  }

  /** The whole file, in parts. */
  *file(header: Header): Generator<Uint8Array> {
    const text = Buffer.from(JSON.stringify(header))
    const prefix = Buffer.alloc(PREFIX_BYTES)
    prefix.write(MAGIC, 'latin1')
    prefix.writeUInt32LE(VERSION, 8)
    prefix.writeUInt32LE(text.length, 12)
    const frames = new Uint8Array(this.#buffer, 0, this.#used)
    const end = Buffer.alloc(FRAME_BYTES + 8)
    end.writeUInt32LE(frameNumber('end'), 0)
    end.writeUInt32LE(8, 4)
    end.writeUInt32LE(this.#frames, FRAME_BYTES)
    const sum = [prefix, text, frames].reduce((crc, part) => crc32(part, crc), 0)
    end.writeUInt32LE(sum, FRAME_BYTES + 4)
    yield* [prefix, text, frames, end]
  }
}
