/**
 * Numbers and booleans as bytes. The payload of a number column:
 *
 *     tag u8 · width u8 · 0 u16 · rows u32 · base f64 · step f64 · `width` planes of `rows` bytes
 *
 * FOR: value = base + n; DELTA: value = previous + step + n (the first previous is base); RAW: the 8 bytes of a double.
 * Plane k holds byte k of every row's n: high bytes are mostly alike, and like bytes side by side pack well.
 */
import { viewOf } from '../records/text-index'
import { type BlobWriter, DamagedBlob, type RawBytes } from './blob'

export const FOR = 0
export const DELTA = 1
export const RAW = 2
export const BITS = 3

const HEAD_BYTES = 24
const MAX = Number.MAX_SAFE_INTEGER

export interface Range {
  readonly min: number | undefined
  readonly max: number | undefined
}

const NO_RANGE: Range = { min: undefined, max: undefined }

/** Bytes that hold 0…n; 8 when a plane encoding would not be exact. */
export function widthOf(n: number): number {
  if (n < 2 ** 32) return n === 0 ? 0 : n < 2 ** 8 ? 1 : n < 2 ** 16 ? 2 : n < 2 ** 24 ? 3 : 4
  return n < 2 ** 40 ? 5 : n < 2 ** 48 ? 6 : n <= MAX ? 7 : 8
}

/** Splits non-negative integers ≤ 2^53 into byte planes. */
export function toPlanes(numbers: Float64Array | Uint32Array, width: number): Uint8Array {
  const rows = numbers.length
  const out = new Uint8Array(width * rows)
  for (let k = 0; k < width; k++) {
    const at = k * rows
    if (k < 4) for (let i = 0, shift = 8 * k; i < rows; i++) out[at + i] = numbers[i]! >>> shift
    else for (let i = 0, shift = 8 * k - 32; i < rows; i++) out[at + i] = (numbers[i]! / 2 ** 32) >>> shift
  }
  return out
}

export function writePlanes(out: BlobWriter, planes: Uint8Array, rows: number): void {
  for (let at = 0; at < planes.length; at += rows) {
    out.section()
    out.write(planes.subarray(at, at + rows))
  }
}

/** Plane by plane, the bytes behind `at`. */
export function planesOf(raw: RawBytes, at: number, rows: number, width: number): Uint8Array[] {
  return Array.from({ length: width }, (_, k) => raw.take(at + k * rows, rows))
}

/** Adds `base` to the integers in byte planes. */
function fromPlanes(planes: readonly Uint8Array[], rows: number, base: number): Float64Array {
  const values = new Float64Array(rows)
  const [a, b, c, d] = planes
  if (!a) return values.fill(base)
  if (!b) for (let i = 0; i < rows; i++) values[i] = base + a[i]!
  else if (!c) for (let i = 0; i < rows; i++) values[i] = base + (a[i]! | (b[i]! << 8))
  else if (!d) for (let i = 0; i < rows; i++) values[i] = base + (a[i]! | (b[i]! << 8) | (c[i]! << 16))
  else {
    for (let i = 0; i < rows; i++)
      values[i] = base + ((a[i]! | (b[i]! << 8) | (c[i]! << 16)) + d[i]! * 2 ** 24)
    for (let k = 4; k < planes.length; k++) {
      const plane = planes[k]!
      const scale = 2 ** (8 * k)
      for (let i = 0; i < rows; i++) values[i] = values[i]! + plane[i]! * scale
    }
  }
  return values
}

function head(tag: number, width: number, rows: number, base: number, step: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEAD_BYTES))
  view.setUint8(0, tag)
  view.setUint8(1, width)
  view.setUint32(4, rows, true)
  view.setFloat64(8, base, true)
  view.setFloat64(16, step, true)
  return new Uint8Array(view.buffer)
}

/** Bounds of the values and of their steps; `exact` when all are safe integers other than −0. */
function survey(values: Float64Array) {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let minStep = Number.POSITIVE_INFINITY
  let maxStep = Number.NEGATIVE_INFINITY
  let exact = true
  let nan = false
  let previous = values.length > 0 ? values[0]! : 0
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    if (!Number.isSafeInteger(v) || Object.is(v, -0)) {
      exact = false
      if (Number.isNaN(v)) nan = true
    }
    if (v < min) min = v
    if (v > max) max = v
    const step = v - previous
    if (i > 0) {
      if (step < minStep) minStep = step
      if (step > maxStep) maxStep = step
    }
    previous = v
  }
  return { min, max, minStep, maxStep, exact, nan }
}

/**
 * Writes a column of numbers; the range is undefined when a NaN or no row is among them. It works in the array: what is in there
 * afterwards means nothing.
 */
export function writeNumbers(values: Float64Array, out: BlobWriter): Range {
  const rows = values.length
  const s = survey(values)
  if (rows === 0) {
    out.write(head(FOR, 0, 0, 0, 0))
    return NO_RANGE
  }
  const width = s.exact ? widthOf(s.max - s.min) : 8
  if (width === 8) {
    out.write(head(RAW, 8, rows, 0, 0))
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    const planes = new Uint8Array(bytes.length)
    for (let k = 0; k < 8; k++) for (let i = 0; i < rows; i++) planes[k * rows + i] = bytes[8 * i + k]!
    writePlanes(out, planes, rows)
    return s.nan ? NO_RANGE : { min: s.min, max: s.max }
  }
  const stepWidth = rows > 1 ? widthOf(s.maxStep - s.minStep) : 8
  if (width === 0) {
    out.write(head(FOR, 0, rows, s.min, 0))
  } else if (stepWidth < width) {
    out.write(head(DELTA, stepWidth, rows, values[0]! - s.minStep, s.minStep))
    for (let i = rows - 1; i > 0; i--) values[i] = values[i]! - values[i - 1]! - s.minStep
    values[0] = 0
    writePlanes(out, toPlanes(values, stepWidth), rows)
  } else {
    out.write(head(FOR, width, rows, s.min, 0))
    for (let i = 0; i < rows; i++) values[i] = values[i]! - s.min
    writePlanes(out, toPlanes(values, width), rows)
  }
  return { min: s.min, max: s.max }
}

/** Reads what `writeNumbers` wrote; throws `DamagedBlob` unless it is exactly `rows` numbers. */
export function readNumbers(raw: RawBytes, rows: number): Float64Array {
  const view = viewOf(raw.take(0, HEAD_BYTES))
  const tag = view.getUint8(0)
  const width = view.getUint8(1)
  if (view.getUint32(4, true) !== rows || width > 8 || raw.length !== HEAD_BYTES + width * rows)
    throw new DamagedBlob('a number column has the wrong length')
  const base = view.getFloat64(8, true)
  const planes = planesOf(raw, HEAD_BYTES, rows, width)
  if (tag === FOR) return fromPlanes(planes, rows, base)
  if (tag === DELTA) {
    const values = fromPlanes(planes, rows, view.getFloat64(16, true))
    for (let i = 0, sum = base; i < rows; i++) {
      sum += values[i]!
      values[i] = sum
    }
    return values
  }
  if (tag !== RAW || width !== 8) throw new DamagedBlob('a number column of unknown encoding')
  const out = new Uint8Array(8 * rows)
  planes.forEach((plane, k) => {
    for (let i = 0; i < rows; i++) out[8 * i + k] = plane[i]!
  })
  return new Float64Array(out.buffer)
}

/** `tag u8 · first u8 · 0 u16 · rows u32 · a bit per row`; no bits when all are as the first. */
export function writeBools(values: Uint8Array, out: BlobWriter): Range {
  const rows = values.length
  const first = rows > 0 ? values[0]! : 0
  const mixed = values.some((v) => v !== first)
  const bytes = new Uint8Array(8 + (mixed ? Math.ceil(rows / 8) : 0))
  bytes[0] = BITS
  bytes[1] = first
  new DataView(bytes.buffer).setUint32(4, rows, true)
  if (mixed) for (let i = 0; i < rows; i++) bytes[8 + (i >> 3)]! |= (values[i]! & 1) << (i & 7)
  out.write(bytes)
  if (rows === 0) return NO_RANGE
  return mixed ? { min: 0, max: 1 } : { min: first, max: first }
}

export function readBools(raw: RawBytes, rows: number): Uint8Array {
  const bytes = raw.take(0, raw.length)
  if (bytes.length < 8) throw new DamagedBlob('a boolean column is cut')
  const view = viewOf(bytes)
  if (bytes[0] !== BITS || view.getUint32(4, true) !== rows)
    throw new DamagedBlob('a boolean column is wrong')
  const values = new Uint8Array(rows)
  if (bytes.length === 8) return values.fill(bytes[1]! & 1)
  if (bytes.length !== 8 + Math.ceil(rows / 8)) throw new DamagedBlob('a boolean column has the wrong length')
  for (let i = 0; i < rows; i++) values[i] = (bytes[8 + (i >> 3)]! >> (i & 7)) & 1
  return values
}
