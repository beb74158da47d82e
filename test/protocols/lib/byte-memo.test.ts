import { describe, expect, test } from 'bun:test'
import { ByteMemo } from '../../../src/protocols/lib/byte-memo'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function memo({ places = 64, longest = 64, budget = 1 << 20 } = {}) {
  const made: string[] = []
  const make = (bytes: Uint8Array, from: number, to: number) => {
    const text = new TextDecoder().decode(bytes.subarray(from, to))
    made.push(text)
    return { text }
  }
  const known = new ByteMemo(make, places, longest, budget)
  const get = (text: string) => known.get(bytesOf(text), 0, text.length)
  return { known, get, made }
}

describe('a memo by bytes', () => {
  test('what was met twice is known the third time, wherever it stands', () => {
    const { known, get, made } = memo()
    get('Host: a')
    const second = get('Host: a')
    expect(known.get(bytesOf('xxHost: ayy'), 2, 9)).toBe(second)
    expect(made).toEqual(['Host: a', 'Host: a'])
  })

  test('gives what belongs to the bytes, however many share a place', () => {
    const { get } = memo({ places: 1 })
    for (let round = 0; round < 4; round++)
      for (const text of ['', 'a', 'b', 'ab', 'ba', 'abcd', 'abce', 'abcdefgh', 'abcdefgi']) {
        expect(get(text).text).toBe(text)
        expect(get(text).text).toBe(text)
      }
  })

  test('bytes that change after are no matter', () => {
    const { known, get } = memo()
    const bytes = bytesOf('GET /a')
    for (let i = 0; i < 3; i++) known.get(bytes, 0, 6)
    bytes[5] = 'b'.charCodeAt(0)
    expect(known.get(bytes, 0, 6).text).toBe('GET /b')
    expect(get('GET /a').text).toBe('GET /a')
  })

  test('what never repeats takes no memory, and displaces nothing', () => {
    const { known, get, made } = memo({ places: 1 })
    get('kept')
    get('kept')
    const held = known.held
    for (let i = 0; i < 100; i++) get(`once ${i}`)
    expect(known.held).toBe(held)
    made.length = 0
    get('kept')
    expect(made).toEqual([])
  })

  test('its memory is bounded, whatever is met, and it goes on to remember', () => {
    const budget = 16_384
    const { known, get, made } = memo({ places: 1024, budget })
    for (let i = 0; i < 5000; i++) {
      const text = `${i}`.padStart(60, 'x')
      get(text)
      get(text)
      expect(known.held).toBeLessThanOrEqual(budget)
    }
    made.length = 0
    get('4999'.padStart(60, 'x'))
    expect(made).toEqual([])
  })

  test('what is too long is made each time', () => {
    const { known, get, made } = memo({ longest: 4 })
    for (let i = 0; i < 3; i++) get('12345')
    expect(made.length).toBe(3)
    expect(known.held).toBe(0)
  })
})
