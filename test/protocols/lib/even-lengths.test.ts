import { describe, expect, test } from 'bun:test'
import { EvenLengths } from '../../../src/protocols/lib/even-lengths'
import { random } from '../../streams/wire'

const MODULUS = 2 ** 32

/** Whether the second of two exchanges in turns is proven, behind so many requests and responses of these lengths. */
function isProven(
  [asked, answered]: readonly [number, number],
  [requests, responses]: readonly [number, number],
  [moreAsked, moreAnswered]: readonly [number, number] = [0, 0],
): boolean {
  const lengths = new EvenLengths()
  const at = (count: number, length: number, more: number) => (count * length + more) % MODULUS
  let isLast = false
  for (let n = 0; n < 2; n++) {
    lengths.asks(at(requests + n, asked, moreAsked))
    lengths.answers(at(responses + n, answered, moreAnswered))
    isLast = lengths.tells()
  }
  return isLast
}

const HEADS = [187, 211] as const
const UPLOADS = [8_000_187, 211] as const
const DOWNLOADS = [187, 8_000_211] as const
const BOTH = [8_000_187, 5_000_211] as const

describe.each([HEADS, UPLOADS, DOWNLOADS, BOTH])('requests of %p bytes, responses of %p', (...lengths) => {
  test.each([1, 2, 1000, 123_456])('the response number %p answers the request of that number', (n) => {
    expect(isProven(lengths, [n, n])).toBe(true)
  })

  test.each([1, 1000, 123_456])('one behind, or ahead, of %p it does not', (n) => {
    for (const by of [1, 2, 3, 7]) {
      expect(isProven(lengths, [n + by, n])).toBe(false)
      expect(isProven(lengths, [n, n + by])).toBe(false)
    }
  })

  test('earlier messages of other lengths prove nothing', () => {
    const draw = random(7)
    for (let i = 0; i < 2000; i++) {
      const n = Math.floor(1 + 1000 * draw())
      const more = [1 + Math.floor(186 * draw()), Math.floor(211 * draw())] as const
      expect(isProven(lengths, [n, n], more)).toBe(false)
    }
  })
})

test('short messages prove nothing: chance divides them', () => {
  expect(isProven([60, 60], [100, 100])).toBe(false)
})

test('nothing is known where a position is not', () => {
  const lengths = new EvenLengths()
  for (let n = 5; n < 9; n++) {
    lengths.asks(n === 7 ? undefined : n * 187)
    lengths.answers(n * 211)
    expect(lengths.tells()).toBe(n === 6)
  }
})

test('there are a few attempts only', () => {
  const lengths = new EvenLengths()
  for (let n = 1; n < 40; n++) {
    lengths.asks(n * 187 + 1)
    lengths.answers(n * 211)
    expect(lengths.tells()).toBe(false)
  }
  for (let n = 41; n < 45; n++) {
    lengths.asks(n * 187)
    lengths.answers(n * 211)
    expect(lengths.tells()).toBe(false)
  }
})
