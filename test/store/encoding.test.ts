import { describe, expect, test } from 'bun:test'
import { cell, StringTable, type Vector } from '../../src/records/batch'
import { BlobWriter, DamagedBlob, readBlob } from '../../src/store/blob'
import { decodeColumn, encodeColumn, type Part, ruledOut } from '../../src/store/columns'
import { random } from '../bench/http-events'

function encode(parts: Part[], order?: Uint32Array) {
  const work = encodeColumn(parts, order, 3)
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

function roundTrip(vector: Vector): Vector {
  const rows = 'codes' in vector ? vector.codes.length : vector.values.length
  return decodeColumn(encode([{ vector, shift: 0 }]).data, vector.type, rows, 0n)
}

function wholeOf(blob: Uint8Array): Uint8Array {
  const raw = readBlob(blob)
  return Uint8Array.from(raw.take(0, raw.length))
}

const ints = (values: number[]): Vector => ({ type: 'INT64', base: 0n, values: Float64Array.from(values) })
const floats = (values: number[]): Vector => ({ type: 'FLOAT64', values: Float64Array.from(values) })
const strings = (texts: string[], codes: number[]): Vector => ({
  type: 'STRING',
  codes: Uint32Array.from(codes),
  dict: StringTable.of(texts),
})
const valuesOf = (vector: Vector) => {
  const rows = 'codes' in vector ? vector.codes.length : vector.values.length
  return Array.from({ length: rows }, (_, i) => cell(vector, i))
}

describe('numbers', () => {
  const max = Number.MAX_SAFE_INTEGER
  const next = random(7)
  const cases: Record<string, number[]> = {
    none: [],
    one: [42],
    same: [7, 7, 7, 7],
    rising: Array.from({ length: 5000 }, (_, i) => 1e15 + i * 1e6),
    'rising with a step back': [1e12, 1e12 + 5, 1e12 + 3, 1e12 + 9],
    extremes: [-max, max, 0, -1, 1],
    ...Object.fromEntries(
      [8, 16, 24, 32, 40, 48, 53].map((bits) => [
        `${bits} bits`,
        Array.from({ length: 3000 }, () => Math.floor(next() * 2 ** bits) - 2 ** (bits - 1)),
      ]),
    ),
  }
  for (const [name, values] of Object.entries(cases)) {
    test(`integers: ${name}`, () => expect(valuesOf(roundTrip(ints(values)))).toEqual(values))
    test(`as floats: ${name}`, () => expect(valuesOf(roundTrip(floats(values)))).toEqual(values))
  }

  test('floats keep every bit', () => {
    const values = [0.1, -0, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 1]
    const back = valuesOf(roundTrip(floats(values)))
    expect(back.every((value, i) => Object.is(value, values[i]))).toBe(true)
  })

  test('columns one after the other, of several sources, in another order, share nothing', () => {
    const shifted = [ints([5, 5, 9]), ints([1, 2])].map((vector, i) => ({ vector, shift: 10 * i }))
    const [first, second, constant] = [
      encode(shifted, Uint32Array.of(4, 3, 2, 1, 0)),
      encode([{ vector: ints([7, 8, 9, 10, 12]), shift: 0 }]),
      encode(
        [ints([3, 3]), ints([3])].map((vector) => ({ vector, shift: 0 })),
        Uint32Array.of(2, 0, 1),
      ),
    ]
    expect(valuesOf(decodeColumn(first.data, 'INT64', 5, 0n))).toEqual([12, 11, 9, 5, 5])
    expect(first).toMatchObject({ min: 5, max: 12 })
    expect(valuesOf(decodeColumn(second.data, 'INT64', 5, 0n))).toEqual([7, 8, 9, 10, 12])
    expect(valuesOf(decodeColumn(constant.data, 'INT64', 3, 0n))).toEqual([3, 3, 3])
    expect(constant).toMatchObject({ min: 3, max: 3 })
  })

  test('booleans', () => {
    for (const values of [[], [1], [0, 0, 0], Array.from({ length: 1001 }, () => (next() < 0.5 ? 1 : 0))]) {
      const vector: Vector = { type: 'BOOLEAN', values: Uint8Array.from(values) }
      expect(roundTrip(vector)).toEqual(vector)
    }
  })
})

describe('strings', () => {
  const next = random(8)
  const cases: Record<string, Vector> = {
    none: strings([], []),
    'one empty': strings([''], [0]),
    'unused and doubled entries': strings(['x', 'a', 'a', 'y', ''], [1, 2, 4, 1]),
    'more than 256 entries': strings(
      Array.from({ length: 1000 }, (_, i) => `entry ${i}`),
      Array.from({ length: 9000 }, () => Math.floor(next() * 1000)),
    ),
    'more than 65,536 entries': strings(
      Array.from({ length: 70_000 }, (_, i) => `the long text of entry ${i}`),
      Array.from({ length: 140_000 }, (_, i) => (i * 31) % 70_000),
    ),
    'larger than a frame': strings(['a'.repeat(3 << 20), 'b', 'c'.repeat(1 << 20)], [0, 1, 2, 1, 0]),
    'few repeat': strings(['q', 'w', 'e', 'r'], [3, 2, 1, 0, 0]),
  }
  for (const [name, vector] of Object.entries(cases))
    test(name, () => expect(valuesOf(roundTrip(vector)).join('|') === valuesOf(vector).join('|')).toBe(true))

  test('one text in all rows of several sources takes no code a row; two texts do', () => {
    const parts = (...texts: string[]) =>
      texts.map((text) => ({ vector: strings([text], Array(10_000).fill(0)), shift: 0 }))
    const order = Uint32Array.from({ length: 20_000 }, (_, i) => 19_999 - i)
    const alike = encode(parts('same', 'same'), order)
    expect(alike.rawBytes).toBeLessThan(64)
    expect(new Set(valuesOf(decodeColumn(alike.data, 'STRING', 20_000, 0n)))).toEqual(new Set(['same']))
    const two = encode(parts('a', 'b'), order)
    const values = valuesOf(decodeColumn(two.data, 'STRING', 20_000, 0n))
    expect(values).toEqual([...Array(10_000).fill('b'), ...Array(10_000).fill('a')])
    expect(encode(parts('')).rawBytes).toBeLessThan(64)
  })

  test('several sources in another order, each text once', () => {
    const parts = [strings(['a', 'b'], [0, 1, 0]), strings(['b', 'c', 'a'], [2, 1, 0])]
    const order = Uint32Array.from([5, 4, 3, 2, 1, 0])
    const { data } = encode(
      parts.map((vector) => ({ vector, shift: 0 })),
      order,
    )
    const back = decodeColumn(data, 'STRING', 6, 0n)
    expect(valuesOf(back)).toEqual(['b', 'c', 'a', 'a', 'b', 'a'])
  })
})

describe('blobs', () => {
  const vectors: Vector[] = [
    strings(
      ['alpha', 'beta', 'gamma '.repeat(200)],
      Array.from({ length: 500 }, (_, i) => i % 3),
    ),
    ints(Array.from({ length: 500 }, (_, i) => i * i)),
    { type: 'BOOLEAN', values: new Uint8Array(500).map((_, i) => i % 2) },
    floats(Array.from({ length: 500 }, (_, i) => i / 7)),
  ]

  test('a flipped bit or a cut anywhere is damage, never something else', () => {
    for (const vector of vectors) {
      const { data } = encode([{ vector, shift: 0 }])
      for (let i = 0; i < data.length; i++) {
        const flipped = data.slice()
        flipped[i]! ^= 1 << (i & 7)
        expect(() => decodeColumn(flipped, vector.type, 500, 0n)).toThrow(DamagedBlob)
        expect(() => decodeColumn(data.slice(0, i), vector.type, 500, 0n)).toThrow(DamagedBlob)
      }
    }
  })

  test('random payloads under a right checksum are damage or a column, never a crash', () => {
    const next = random(9)
    for (let round = 0; round < 3000; round++) {
      const vector = vectors[round % vectors.length]!
      const payload = wholeOf(encode([{ vector, shift: 0 }]).data)
      for (let k = 0; k < 3; k++) payload[Math.floor(next() * 40) % payload.length] = Math.floor(next() * 256)
      const out = new BlobWriter(1)
      out.write(payload)
      try {
        expect(valuesOf(decodeColumn(out.finish(), vector.type, 500, 0n))).toHaveLength(500)
      } catch (cause) {
        expect(cause).toBeInstanceOf(DamagedBlob)
      }
    }
  })

  test('a piece of a blob is the same whatever frames it lies in', () => {
    const out = new BlobWriter(1)
    const bytes = Uint8Array.from({ length: 9000 }, (_, i) => (i * i) >> 3)
    for (let at = 0; at < bytes.length; at += 3000) {
      out.write(bytes.subarray(at, at + 3000))
      out.section()
    }
    const raw = readBlob(out.finish())
    expect(raw.length).toBe(9000)
    for (const [at, length] of [
      [0, 9000],
      [0, 3000],
      [2999, 2],
      [3000, 0],
      [3000, 3000],
      [1, 8998],
      [9000, 0],
    ] as const)
      expect(Buffer.compare(raw.take(at, length), bytes.subarray(at, at + length))).toBe(0)
    expect(() => raw.take(8999, 2)).toThrow(DamagedBlob)
  })

  test('the wrong number of rows is damage', () => {
    for (const vector of vectors) {
      const { data } = encode([{ vector, shift: 0 }])
      expect(() => decodeColumn(data, vector.type, 501, 0n)).toThrow(DamagedBlob)
    }
  })
})

describe('statistics rule out', () => {
  test('only what cannot be there: random numbers and texts', () => {
    const next = random(10)
    const meets = { '==': 0, '!=': 0, '<': 0, '<=': 0, '>': 0, '>=': 0 }
    const holds = (op: keyof typeof meets, a: number | string, b: number | string) =>
      op === '=='
        ? a === b
        : op === '!='
          ? a !== b
          : op === '<'
            ? a < b
            : op === '<='
              ? a <= b
              : op === '>'
                ? a > b
                : a >= b
    let ruled = 0
    for (let round = 0; round < 2000; round++) {
      const rows = 1 + Math.floor(next() * 3)
      const number = () => Math.floor(next() * 8) - 4
      const text = () =>
        'é'.repeat(Math.floor(next() * 20)) + String.fromCodePoint(97 + Math.floor(next() * 3))
      const isText = next() < 0.5
      const values = Array.from({ length: rows }, (): string | number => (isText ? text() : number()))
      const vector = isText
        ? strings(
            values as string[],
            values.map((_, i) => i),
          )
        : ints(values as number[])
      const { min, max } = encode([{ vector, shift: 0 }])
      const value = isText ? text() : number()
      for (const op of Object.keys(meets) as (keyof typeof meets)[]) {
        if (!ruledOut({ column: 'c', op, value }, min ?? null, max ?? null)) continue
        ruled++
        expect(values.some((v) => holds(op, v, value))).toBe(false)
      }
    }
    expect(ruled).toBeGreaterThan(1000)
  })

  test('NaN is never ruled out', () => {
    const { min, max } = encode([{ vector: floats([5, NaN, 5]), shift: 0 }])
    expect(ruledOut({ column: 'c', op: '!=', value: 5 }, min ?? null, max ?? null)).toBe(false)
  })
})
