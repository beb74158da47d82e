/** Reads a recording: bounded in memory, linear in time, and each fault is told with its place in the file. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { messageOf, NixieError } from '../errors'
import { isObject, isTooDeep } from '../json'
import {
  FRAME_BYTES,
  type FrameKind,
  frameKind,
  type Header,
  MAGIC,
  MAX_FRAME,
  MAX_HEADER,
  PREFIX_BYTES,
  VERSION,
} from './format'
import { faultOf } from './layout'

/** A longer file was not made by `nixie record`. */
export const MAX_FILE = 1 << 30
const BLOCK = 256 << 10
const MAX_ASID = 2 ** 32
const AGAIN = 'Record it again with nixie record.'

export interface Frame {
  readonly kind: Exclude<FrameKind, 'end'>
  /** In the file, of the frame. */
  readonly at: number
  /** Valid until the next frame is read. */
  readonly bytes: Uint8Array
}

/** The file ends too soon; what comes before is whole. */
class Cut extends NixieError {}

export class RecordingFile {
  readonly header: Header
  readonly #path: string
  readonly #fd: number
  #block: Buffer = Buffer.alloc(BLOCK)
  /** What was read and not yet taken is block[start..end). */
  #start = 0
  #end = 0
  /** In the file, of `start`. */
  #at = 0
  #crc = 0
  #cut: NixieError | undefined

  /** @throws NixieError when it can't be read, or is no recording of this version */
  constructor(path: string) {
    this.#path = path
    this.#fd = opened(path)
    try {
      this.header = this.#readHeader()
    } catch (cause) {
      this.close()
      throw cause
    }
  }

  /** An error of this file. `at`: where in it. */
  fault(what: string, at: number, hint = AGAIN): NixieError {
    return new NixieError('bad_request', `${this.#path}: ${what}, at byte ${at}`, hint)
  }

  /** Where the file was cut, if it was; known when all frames were read. */
  get cut(): NixieError | undefined {
    return this.#cut
  }

  /** All whole frames but the last, which is checked. @throws NixieError where the file is damaged */
  *frames(): Generator<Frame> {
    try {
      yield* this.#wholeFrames()
    } catch (cause) {
      if (!(cause instanceof Cut)) throw cause
      this.#cut = cause
    }
  }

  *#wholeFrames(): Generator<Frame> {
    for (let count = 0; ; count++) {
      const at = this.#at
      const sum = this.#crc
      const head = this.#take(FRAME_BYTES, 'a frame')
      const number = head.readUInt32LE(0)
      const length = head.readUInt32LE(4)
      const kind = frameKind(number)
      if (kind === undefined) throw this.fault(`there is no kind of frame ${number}`, at)
      if (length > MAX_FRAME)
        throw this.fault(`a frame of ${length} bytes, which is more than ${MAX_FRAME}`, at)
      const bytes = this.#take(length, `a frame of ${length} bytes`)
      if (kind !== 'end') {
        yield { kind, at, bytes }
        continue
      }
      this.#checkEnd(bytes, at, count, sum)
      return
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #checkEnd(bytes: Buffer, at: number, frames: number, sum: number): void {
    if (bytes.length !== 8) throw this.fault(`the last frame has ${bytes.length} bytes instead of 8`, at)
    const told = bytes.readUInt32LE(0)
    if (told !== frames) throw this.fault(`it has ${frames} frames and should have ${told}`, at)
    if (bytes.readUInt32LE(4) !== sum)
      throw this.fault('the check sum of what is before is wrong: it was damaged or changed', at)
    if (this.#has(1)) throw this.fault('there is something behind the last frame', this.#at)
  }

  #readHeader(): Header {
    const prefix = this.#take(PREFIX_BYTES, 'the beginning')
    if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC)
      throw this.fault('this is no recording of Nixie', 0, 'Give a file that nixie record made.')
    const version = prefix.readUInt32LE(8)
    if (version !== VERSION) {
      const what = `a recording of version ${version}, and this Nixie reads version ${VERSION}`
      throw this.fault(what, 8, 'Replay it with the Nixie that recorded it, or record it again.')
    }
    const length = prefix.readUInt32LE(12)
    if (length > MAX_HEADER)
      throw this.fault(`a header of ${length} bytes, which is more than ${MAX_HEADER}`, 12)
    const text = this.#take(length, 'the header').toString('utf8')
    const header = parsed(text)
    this.#check(header, isTooDeep(text) ? 'it is nested too deeply' : faultOfHeader(header))
    return header
  }

  #check(_: Unchecked, fault: string | undefined): asserts _ is Header {
    if (fault !== undefined) throw this.fault(`the header can't be used: ${fault}`, PREFIX_BYTES)
  }

  /** The next bytes. @throws NixieError when the file ends before */
  #take(bytes: number, what: string): Buffer {
    if (!this.#has(bytes)) {
      const place = this.#at + this.#end - this.#start
      const { shape } = this.fault(
        `the file ends within ${what} that begins at byte ${this.#at}: it was cut`,
        place,
      )
      throw new Cut(shape.code, shape.message, shape.hint)
    }
    const taken = this.#block.subarray(this.#start, this.#start + bytes)
    this.#crc = crc32(taken, this.#crc)
    this.#start += bytes
    this.#at += bytes
    return taken
  }

  /** Whether so many bytes are there; then they are in the block. */
  #has(bytes: number): boolean {
    if (this.#end - this.#start >= bytes) return true
    const block = bytes > this.#block.length ? Buffer.alloc(bytes + BLOCK) : this.#block
    this.#block.copy(block, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#block = block
    while (this.#end < bytes) {
      const read = readSync(this.#fd, block, this.#end, block.length - this.#end, null)
      if (read === 0) return false
      this.#end += read
    }
    return true
  }
}

function opened(path: string): number {
  let wrong: string | undefined
  try {
    // To open a pipe would wait for who writes to it.
    const stat = statSync(path)
    wrong = !stat.isFile() ? 'is no file' : stat.size > MAX_FILE ? 'is larger than 1 GiB' : undefined
    if (wrong === undefined) return openSync(path, 'r')
  } catch (cause) {
    wrong = `can't be read: ${messageOf(cause)}`
  }
  throw new NixieError('bad_request', `${path} ${wrong}`, 'Give a file that nixie record made.')
}

/** What a header may be, as far as it is looked at before it is used. */
type Unchecked = Partial<Header> | undefined

function parsed(text: string): Unchecked {
  try {
    return isTooDeep(text) ? undefined : (JSON.parse(text) as Unchecked)
  } catch {
    return undefined
  }
}

/** What is wrong with a header; undefined when all is there that replay needs. */
function faultOfHeader(header: Unchecked): string | undefined {
  if (!isObject(header)) return 'it is no JSON object'
  const { clock, asid, listen, layout } = header
  if (typeof clock?.timeBase !== 'string' || !/^\d{1,19}$/.test(clock.timeBase))
    return 'the base of its clock is missing'
  const numbers = [clock.high, clock.low, clock.startNs]
  if (!numbers.every((number) => Number.isSafeInteger(number))) return 'its clock is incomplete'
  if (!Number.isSafeInteger(asid) || asid! < 0 || asid! >= MAX_ASID)
    return 'the number of its node is missing'
  if (typeof listen !== 'string' || listen.length > 256) return 'the address of its Nixie is missing'
  return faultOf(layout)
}

/** The frame's f64. */
export const numbersOf = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(i * 8, true))
}
