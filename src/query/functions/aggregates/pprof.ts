/** Stack traces as a pprof profile (github.com/google/pprof, profile.proto). */
import type { Vector } from '../../../records/batch'
import { ints, texts, vectorOf } from '../../operand'
import type { Accumulator } from './accumulators'

/** A message under construction: fields in the order in which they are written. */
class Message {
  readonly #bytes: number[] = []

  #varint(value: number | bigint): void {
    if (value >= 0 && value < 128) {
      this.#bytes.push(Number(value))
      return
    }
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) | 128)
    this.#bytes.push(Number(rest))
  }

  int(field: number, value: number | bigint): this {
    this.#varint(field << 3)
    this.#varint(value)
    return this
  }

  bytes(field: number, value: Uint8Array | readonly number[]): this {
    this.#varint((field << 3) | 2)
    this.#varint(value.length)
    for (const byte of value) this.#bytes.push(byte)
    return this
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.#bytes)
  }

  /** Packed, without a tag of its own. */
  ints(field: number, values: readonly (number | bigint)[]): this {
    const packed = new Message()
    for (const value of values) packed.#varint(value)
    return this.message(field, packed)
  }

  toBase64(): string {
    return Buffer.from(this.#bytes).toString('base64')
  }
}

/** Numbers for texts, from `first` on. */
class Numbering {
  readonly names: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #first: number

  constructor(first: number) {
    this.#first = first
  }

  of(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.#first + this.names.length
    this.#numbers.set(name, number)
    this.names.push(name)
    return number
  }
}

/** `counts`: samples by stack, whose frames stand from the outermost to the innermost, joined by `;`. */
export function pprofOf(counts: ReadonlyMap<string, bigint>, periodMs: bigint): string {
  const periodNs = periodMs * 1_000_000n
  const strings = new Numbering(0)
  strings.of('')
  const frames = new Numbering(1)
  const profile = new Message()
  const valueType = (type: string, unit: string) =>
    new Message().int(1, strings.of(type)).int(2, strings.of(unit))
  profile.message(1, valueType('samples', 'count')).message(1, valueType('cpu', 'nanoseconds'))
  for (const [stack, count] of counts) {
    // The leaf comes first.
    const locations = stack
      .split(';')
      .reverse()
      .map((frame) => frames.of(frame))
    profile.message(2, new Message().ints(1, locations).ints(2, [count, count * periodNs]))
  }
  frames.names.forEach((_, i) => {
    profile.message(4, new Message().int(1, i + 1).message(4, new Message().int(1, i + 1)))
  })
  frames.names.forEach((name, i) => {
    const text = strings.of(name)
    profile.message(
      5,
      new Message()
        .int(1, i + 1)
        .int(2, text)
        .int(3, text),
    )
  })
  profile.message(11, valueType('cpu', 'nanoseconds')).int(12, periodNs)
  for (const text of strings.names) profile.bytes(6, Buffer.from(text))
  return profile.toBase64()
}

interface Profile {
  readonly counts: Map<string, bigint>
  periodMs: bigint
}

/** Takes columns of stack traces, counts and milliseconds between samples. */
export class Pprof implements Accumulator {
  readonly #profiles: Profile[] = []
  #bytes = 0

  add(stacks: Vector, groups: Uint32Array, rows: number, _: number, more: readonly Vector[] = []): void {
    const { values: codes, dict } = texts(stacks)
    const [count, period] = more.map((vector) => ints(vector))
    for (let i = 0; i < rows; i++) {
      const profile = this.#profiles[groups[i]!] ?? { counts: new Map(), periodMs: 0n }
      this.#profiles[groups[i]!] = profile
      const stack = dict.get(codes[i]!)
      const known = profile.counts.get(stack)
      if (known === undefined) this.#bytes += stack.length + 64
      const value = count ? count.base + BigInt(count.values[i]!) : 1n
      profile.counts.set(stack, (known ?? 0n) + value)
      if (period) profile.periodMs = period.base + BigInt(period.values[i]!)
    }
  }

  finish(count: number): Vector {
    return vectorOf(
      'STRING',
      Array.from({ length: count }, (_, group) => {
        const { counts, periodMs } = this.#profiles[group] ?? { counts: new Map(), periodMs: 0n }
        return pprofOf(counts, periodMs)
      }),
    )
  }

  get bytes(): number {
    return this.#bytes
  }
}
