import { ipv6Text } from '../../records/address'
import { utf8 } from '../lib/bytes'
import { nameAt } from './names'

/** Bytes of unknown data that are shown. */
const MAX_SHOWN = 128

/** Reads the data of one record or option, field by field; names in it may point into the message before it. */
export class Data {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
  readonly #start: number
  isBroken = false

  constructor(bytes: Uint8Array, start: number, at: number, end: number) {
    this.bytes = bytes
    this.#start = start
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  number(size: 1 | 2 | 4): number {
    const from = this.at
    this.#move(size)
    let value = 0
    for (let i = from; i < this.at; i++) value = value * 256 + this.bytes[i]!
    return value
  }

  name(): string {
    const name = nameAt(this.bytes, this.at, this.#start, this.end)
    this.#move(name ? name.end - this.at : Number.POSITIVE_INFINITY)
    return name?.text ?? ''
  }

  /** RFC 1035 §3.3: a length and as many characters. */
  text(): string {
    return this.characters(this.number(1))
  }

  characters(count: number): string {
    const from = this.at
    this.#move(count)
    return utf8(this.bytes, from, this.at)
  }

  /** A reader of the next `size` bytes only. */
  part(size: number): Data {
    const from = this.at
    this.#move(size)
    return new Data(this.bytes, this.#start, from, this.at)
  }

  rest(): Uint8Array {
    const from = this.at
    this.at = this.end
    return this.bytes.subarray(from, this.end)
  }

  #move(size: number): void {
    if (size > this.left) this.isBroken = true
    this.at = Math.min(this.end, this.at + size)
  }
}

/** Bytes as text; of many only the first. */
export function encoded(data: Uint8Array, as: 'hex' | 'base64'): string {
  const shown = data.length > MAX_SHOWN ? data.subarray(0, MAX_SHOWN) : data
  const text = Buffer.from(shown.buffer, shown.byteOffset, shown.length).toString(as)
  return shown === data ? text : `${text}…`
}

/** RFC 3597 §5 */
export const generic = (data: Uint8Array): string => `\\# ${data.length} ${encoded(data, 'hex')}`

export const ipv4 = (data: Data): string => [1, 2, 3, 4].map(() => data.number(1)).join('.')

export const ipv6 = (data: Data): string => ipv6Text(Array.from({ length: 8 }, () => data.number(2)))
