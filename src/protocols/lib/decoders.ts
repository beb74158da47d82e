/**
 * The runtime's decoders, a step at a time. node:zlib's own functions either decode everything or throw, and its streams
 * are asynchronous; the native object behind a stream takes an input and an output buffer and stops at the end of
 * either. It is not a public interface: the runtime's version is exact, and tests check each decoder
 * for what is used here. Where it is missing there is no decoder, and bodies are shown by their size.
 */
import zlib from 'node:zlib'

/** One stream of a coding; `state` is [free output, unread input] in bytes after each write. */
interface Native {
  init(...parameters: readonly unknown[]): unknown
  reset(): void
  close(): void
  onerror: (message: string, code: number, name: string) => void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputBytes: number,
    output: Uint8Array,
    outputAt: number,
    outputBytes: number,
  ): void
}

/** The result of a step; `failed`: the input is damaged, or needs more memory than allowed. */
export interface Step {
  read: number
  written: number
  failed: boolean
}

export interface Decoder {
  /** Most input of one step: so few bytes that no step takes long, whatever they are. */
  readonly stepBytes: number
  /** Begins a body; false when the runtime has no such decoder. */
  begin(): boolean
  /** Decodes at most `stepBytes` of `input[at..end)` into `output[outputAt..outputEnd)`. The result is valid until the next step. */
  step(
    input: Uint8Array,
    at: number,
    end: number,
    output: Uint8Array,
    outputAt: number,
    outputEnd: number,
  ): Step
  /** Frees the memory of the body. */
  end(): void
}

/** RFC 9659: nobody needs a larger window of zstd in HTTP. */
const ZSTD_WINDOW_LOG = 23
const ZLIB_WINDOW_BITS = 15
const UNSET = 0xffffffff

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush, ZSTD_d_windowLogMax } = zlib.constants
const { GUNZIP, INFLATE, INFLATERAW, BROTLI_DECODE, ZSTD_DECOMPRESS } = zlib.constants

interface Coding {
  readonly stepBytes: number
  readonly flush: number
  /** `reset` frees the memory of the body and keeps the parameters. */
  readonly resets: boolean
  open(state: Uint32Array): Native | undefined
}

class NativeDecoder implements Decoder {
  readonly stepBytes: number
  readonly #coding: Coding
  readonly #state = new Uint32Array(2)
  readonly #step: Step = { read: 0, written: 0, failed: false }
  #native: Native | undefined

  constructor(coding: Coding) {
    this.#coding = coding
    this.stepBytes = coding.stepBytes
  }

  begin(): boolean {
    this.#native ??= this.#open()
    this.#step.failed = false
    return this.#native !== undefined
  }

  step(
    input: Uint8Array,
    at: number,
    end: number,
    output: Uint8Array,
    outputAt: number,
    outputEnd: number,
  ): Step {
    const step = this.#step
    const bytes = Math.min(end - at, this.stepBytes)
    this.#native!.writeSync(this.#coding.flush, input, at, bytes, output, outputAt, outputEnd - outputAt)
    // A failed write leaves the state of the last one.
    step.written = step.failed ? 0 : outputEnd - outputAt - this.#state[0]!
    step.read = step.failed ? 0 : bytes - this.#state[1]!
    return step
  }

  end(): void {
    // Brotli's `reset` doesn't forget an error.
    if (this.#coding.resets && !this.#step.failed) {
      this.#native?.reset()
    } else {
      this.#native?.close()
      this.#native = undefined
    }
  }

  #open(): Native | undefined {
    const native = this.#coding.open(this.#state)
    if (native) {
      native.onerror = () => {
        this.#step.failed = true
      }
    }
    return native
  }
}

/** Makes the native object behind the streams of `create`. */
function nativesOf(create: () => object): (mode: number) => Native | undefined {
  let Class: (new (mode: number) => Native) | undefined
  return (mode) => {
    Class ??= nativeClass(create())
    return Class && new Class(mode)
  }
}

function nativeClass(stream: object): (new (mode: number) => Native) | undefined {
  const native = Reflect.get(stream, '_handle')
  if (typeof native?.writeSync !== 'function' || typeof native.reset !== 'function') return undefined
  native.close()
  return native.constructor
}

const noCallback = () => {}
const zlibNative = nativesOf(() => zlib.createGunzip())
const brotliNative = nativesOf(() => zlib.createBrotliDecompress())
const zstdNative = nativesOf(() => zlib.createZstdDecompress())

/** `isAlone`: it is for one stream only, which may go on behind a dictionary. */
function zlibCoding(mode: number, isAlone = false, dictionary?: Uint8Array): Coding {
  return {
    stepBytes: 1024,
    flush: Z_SYNC_FLUSH,
    resets: !isAlone,
    open(state) {
      const native = zlibNative(mode)
      native?.init(ZLIB_WINDOW_BITS, 0, 0, 0, state, noCallback, dictionary)
      return native
    },
  }
}

const brotli: Coding = {
  stepBytes: 128,
  flush: BROTLI_OPERATION_FLUSH,
  resets: true,
  open(state) {
    const native = brotliNative(BROTLI_DECODE)
    native?.init(new Uint32Array(0), state, noCallback)
    return native
  },
}

function zstdCoding(): Coding {
  const parameters = new Uint32Array(ZSTD_d_windowLogMax + 1).fill(UNSET)
  parameters[ZSTD_d_windowLogMax] = ZSTD_WINDOW_LOG
  return {
    stepBytes: 1024,
    flush: ZSTD_e_flush,
    // Its `reset` forgets the largest window.
    resets: false,
    open(state) {
      const native = zstdNative(ZSTD_DECOMPRESS)
      native?.init(parameters, undefined, state, noCallback)
      return native
    },
  }
}

export const gunzip: Decoder = new NativeDecoder(zlibCoding(GUNZIP))
export const inflateZlib: Decoder = new NativeDecoder(zlibCoding(INFLATE))
export const inflateRaw: Decoder = new NativeDecoder(zlibCoding(INFLATERAW))
/** For a stream that comes in parts, and goes on behind `dictionary`, the last 32 KiB of what was decoded before. Its memory is freed with its end. */
export const inflateRawBehind = (dictionary: Uint8Array): Decoder =>
  new NativeDecoder(zlibCoding(INFLATERAW, true, dictionary.length > 0 ? dictionary : undefined))
export const unbrotli: Decoder = new NativeDecoder(brotli)
export const unzstd: Decoder = new NativeDecoder(zstdCoding())
