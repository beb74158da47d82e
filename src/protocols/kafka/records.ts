/**
 * Record batches (kafka.apache.org/documentation, "Record Batch"): what their heads say, and the sizes of keys and values where they
 * aren't compressed. What records hold is passed over.
 *
 *     base offset:8 length:4 leader epoch:4 magic:1 crc:4 attributes:2 last offset delta:4 first time:8 last time:8
 *     producer id:8 epoch:2 first sequence:4 records:4, and each record:
 *     length:varint attributes:1 time:varint offset:varint key length:varint key value length:varint value headers
 *
 * Before magic 2: offset:8 size:4 crc:4 magic:1 attributes:1 …
 */
import { i16, i32, i64Text, Varint } from './numbers'

const HEAD_BYTES = 61
const OLD_HEAD_BYTES = 18
const MAGIC_AT = 16
/** Bytes behind the length. */
const BEHIND_LENGTH = 12
/** Up to the key: five numbers and an attribute byte at most. */
const RECORD_HEAD_BYTES = 26
const NUMBER_BYTES = 5
/** Batches of one set that are described, and records of one that are looked at. */
const MAX_BATCHES = 16
const MAX_RECORDS = 4096
/** In a larger batch the records aren't looked at. */
const MAX_WALKED = 256 << 10

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const codecOf = (attributes: number): string => CODECS[attributes & 7] ?? `<unknown codec ${attributes & 7}>`

const TRANSACTIONAL = 16
const CONTROL = 32

export class RecordSet {
  readonly #size: number
  readonly #batches: string[] = []
  #left: number
  /** What the head of the current batch says, as members of an object. */
  #said = ''
  #batchLeft = 0
  /** Records of it that are still to be looked at; -1: their sizes aren't told. */
  #records = -1
  #keyBytes = 0
  #valueBytes = 0
  /** Of the current record, behind its key. */
  #recordLeft = -1
  readonly #varint = new Varint()
  isWrong = false

  constructor(size: number) {
    this.#size = this.#left = size
  }

  /** Bytes that are still to be passed. */
  get left(): number {
    return this.#left
  }

  get text(): string {
    this.#endBatch(false)
    const batches = this.#batches.length > 0 ? `,"batches":[${this.#batches.join(',')}]` : ''
    return `{"size":${this.#size}${batches}}`
  }

  /** How many of the next bytes are passed, perhaps more than there are; 0: more are needed. */
  next(bytes: Uint8Array, pos: number, end: number): number {
    const passed = this.#step(bytes, pos, end)
    this.#left -= passed
    this.#batchLeft -= passed
    if (this.#batchLeft <= 0) this.#endBatch(true)
    return passed
  }

  /** Passes over all that is left, without a look at it. */
  rest(): number {
    const left = this.#left
    this.pass(left)
    return left
  }

  /** So many bytes are missing, all of them within the set; where batches begin isn't known behind them. */
  pass(bytes: number): void {
    this.#endBatch(bytes === this.#batchLeft && this.#records === 0)
    this.#left -= bytes
    this.#giveUp()
  }

  #step(bytes: Uint8Array, pos: number, end: number): number {
    if (this.#batchLeft <= 0) return this.#head(bytes, pos, end)
    if (this.#records <= 0) return this.#batchLeft
    return this.#recordLeft < 0 ? this.#key(bytes, pos, end) : this.#value(bytes, pos, end)
  }

  #head(bytes: Uint8Array, pos: number, end: number): number {
    // An answer may end within a batch.
    if (this.#left < OLD_HEAD_BYTES || this.#batches.length >= MAX_BATCHES) return this.#giveUp()
    if (end - pos < OLD_HEAD_BYTES) return 0
    const magic = bytes[pos + MAGIC_AT]!
    const size = BEHIND_LENGTH + i32(bytes, pos + 8)
    if (magic > 2 || size < OLD_HEAD_BYTES) {
      this.isWrong = this.#batches.length === 0
      return this.#giveUp()
    }
    if (magic < 2) {
      this.#batches.push(`{"magic":${magic},"compression":"${codecOf(bytes[pos + MAGIC_AT + 1]!)}"}`)
      return this.#giveUp()
    }
    if (this.#left < HEAD_BYTES || size < HEAD_BYTES) return this.#giveUp()
    if (end - pos < HEAD_BYTES) return 0
    this.#begin(bytes, pos, size)
    return HEAD_BYTES
  }

  #begin(bytes: Uint8Array, pos: number, size: number): void {
    const attributes = i16(bytes, pos + 21)
    const records = i32(bytes, pos + 57)
    const producer = i64Text(bytes, pos + 43)
    this.#said =
      `"base_offset":${i64Text(bytes, pos)},"records":${records},"size":${size},` +
      `"compression":"${codecOf(attributes)}"` +
      (producer === '-1' ? '' : `,"producer_id":${producer}`) +
      (attributes & TRANSACTIONAL ? ',"is_transactional":true' : '') +
      (attributes & CONTROL ? ',"is_control":true' : '')
    this.#batchLeft = Math.min(size, this.#left)
    const isWalked =
      (attributes & 7) === 0 &&
      size <= Math.min(MAX_WALKED, this.#left) &&
      records > 0 &&
      records <= MAX_RECORDS
    this.#records = isWalked ? records : -1
    this.#keyBytes = this.#valueBytes = 0
    this.#recordLeft = -1
  }

  #key(bytes: Uint8Array, pos: number, end: number): number {
    if (end - pos < Math.min(RECORD_HEAD_BYTES, this.#batchLeft)) return 0
    const stop = Math.min(end, pos + this.#batchLeft)
    const varint = this.#varint.at(bytes, pos, stop)
    const length = varint.signed()
    const body = varint.next
    varint.skip(1)
    varint.pass()
    varint.pass()
    const key = varint.signed()
    const behind = varint.next + Math.max(0, key)
    const left = body + length - behind
    if (varint.isShort || length < 0 || left < 0 || behind - pos + left > this.#batchLeft)
      return this.#noSizes()
    this.#keyBytes += Math.max(0, key)
    this.#recordLeft = left
    return behind - pos
  }

  #value(bytes: Uint8Array, pos: number, end: number): number {
    const left = this.#recordLeft
    if (end - pos < Math.min(NUMBER_BYTES, left)) return 0
    const varint = this.#varint.at(bytes, pos, Math.min(end, pos + left))
    const value = varint.signed()
    if (varint.isShort || varint.next + value - pos > left) return this.#noSizes()
    this.#valueBytes += Math.max(0, value)
    this.#recordLeft = -1
    this.#records--
    return left
  }

  /** The rest of the batch can't be told apart. */
  #noSizes(): number {
    this.#records = -1
    return this.#batchLeft
  }

  #endBatch(isWhole: boolean): void {
    if (this.#said === '') return
    const sizes =
      isWhole && this.#records === 0 ? `,"key_bytes":${this.#keyBytes},"value_bytes":${this.#valueBytes}` : ''
    this.#batches.push(`{${this.#said}${sizes}}`)
    this.#said = ''
    this.#batchLeft = 0
  }

  /** All that is left is passed over. */
  #giveUp(): number {
    this.#batchLeft = this.#left
    this.#records = -1
    return this.#left
  }
}
