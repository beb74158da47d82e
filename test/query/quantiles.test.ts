import { expect, test } from 'bun:test'
import { QuantileSketch } from '../../src/query/quantiles'
import { random } from './support/tables'

const FRACTIONS = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1]

function exact(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  return FRACTIONS.map((fraction) => sorted[Math.floor(fraction * (sorted.length - 1))]!)
}

const sketchOf = (values: readonly number[]) => {
  const sketch = new QuantileSketch()
  sketch.add(Float64Array.from(values))
  return sketch
}

function expectClose(sketch: QuantileSketch, values: readonly number[]): void {
  const truth = exact(values)
  sketch.quantiles(FRACTIONS).forEach((value, i) => {
    expect(Math.abs(value - truth[i]!)).toBeLessThanOrEqual(Math.abs(truth[i]!) * 0.00501)
  })
}

const next = random(7)
const draw = (count: number, shape: () => number) => Array.from({ length: count }, shape)
const SHAPES: Readonly<Record<string, () => number>> = {
  latencies: () => Math.floor(Math.exp(5 + next() * 15)),
  'small integers': () => Math.floor(next() * 5),
  'both signs': () => (next() - 0.5) * 1e6,
  fractions: () => next() * 1e-6,
  'one value': () => 42,
  'all doubles': () => (next() < 0.5 ? -1 : 1) * 10 ** (next() * 30 - 15),
}

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`${name}: within 0.5 % of the value of the rank`, () => {
    const values = draw(5000, shape)
    expectClose(sketchOf(values), values)
  })

  test(`${name}: merged parts are as the whole`, () => {
    const parts = [1, 50, 3000, 2, 700].map((count) => draw(count, shape))
    const merged = new QuantileSketch()
    for (const part of parts) merged.merge(sketchOf(part))
    const values = parts.flat()
    expect(merged.count).toBe(values.length)
    expectClose(merged, values)
    expect(merged.quantiles(FRACTIONS)).toEqual(sketchOf(values).quantiles(FRACTIONS))
  })
}

test('few values are exact, between ranks linear', () => {
  expect(sketchOf([40, 10, 20, 30]).quantiles([0, 0.5, 1])).toEqual([10, 25, 40])
})

test('nothing gives 0, NaN is left out, infinities are the ends', () => {
  expect(new QuantileSketch().quantiles([0.5])).toEqual([0])
  expect(sketchOf([Number.NaN, 1, Number.NaN]).count).toBe(1)
  const many = sketchOf([...draw(500, () => 1), Number.POSITIVE_INFINITY, Number.NaN])
  expect(many.count).toBe(501)
  expect(many.quantiles([0.5, 1])).toEqual([1, Number.MAX_VALUE])
  expect(sketchOf([1, Infinity]).quantiles([0, 1])).toEqual([1, Number.MAX_VALUE])
  expect(sketchOf([-Infinity, Infinity]).quantiles([0.5])[0]).toBeFinite()
})

test('memory is bounded whatever comes', () => {
  const sketch = new QuantileSketch()
  for (let exponent = -300; exponent <= 300; exponent++)
    sketch.add(Float64Array.of(10 ** exponent, -(10 ** exponent), 10 ** (exponent / 2)))
  sketch.add(Float64Array.from({ length: 1000 }, (_, i) => 2 ** (i - 500)))
  expect(sketch.bytes).toBeLessThan(140_000)
  expect(sketch.count).toBe(601 * 3 + 1000)
})
