import { describe, expect, test } from 'bun:test'
import { protobufText } from '../../../../src/protocols/lib/protobuf/text'

const text = (bytes: readonly number[], isWhole = true) => protobufText(Uint8Array.from(bytes), isWhole)
const ascii = (value: string) => [...Buffer.from(value)]

describe('a message as text', () => {
  test.each<[string, readonly number[], string]>([
    ['a text and a number', [0x0a, 4, ...ascii('milk'), 0x10, 3], '1: "milk", 2: 3'],
    ['150 (the documentation’s example)', [0x08, 0x96, 0x01], '1: 150'],
    ['a message within', [0x1a, 3, 0x08, 0x96, 0x01], '3: {1: 150}'],
    ['two within each other', [0x0a, 6, 0x0a, 4, 0x0a, 2, ...ascii('hi')], '1: {1: {1: "hi"}}'],
    ['-1', [0x08, ...new Array(9).fill(0xff), 0x01], '1: 18446744073709551615'],
    ['a double', [0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], '1: 1.5'],
    ['a float', [0x0d, 0xcd, 0xcc, 0xcc, 0x3d], '1: 0.1'],
    ['64 bits that are no likely double', [0x09, 1, 0, 0, 0, 0, 0, 0, 0], '1: 1'],
    ['bytes', [0x0a, 3, 0xff, 0, 0x41], '1: <3 bytes> "..A"'],
    ['an empty text', [0x0a, 0], '1: ""'],
    ['UTF-8', [0x0a, 3, ...ascii('€')], '1: "€"'],
    ['nothing', [], ''],
  ])('%s', (_, bytes, shown) => {
    expect(text(bytes)).toBe(shown)
  })

  test.each<[string, readonly number[]]>([
    ['field 0', [0x00, 1]],
    ['an unknown wire type', [0x0f, 1]],
    ['a length beyond the end', [0x0a, 9, 0x41]],
    ['a number without its end', [0x08, 0x80]],
  ])('%s is no message', (_, bytes) => {
    expect(text(bytes)).toBeUndefined()
  })

  test('of one that is cut all that is there is shown', () => {
    expect(text([0x08, 1, 0x12, 9, ...ascii('mi')], false)).toBe('1: 1, 2: "mi"…')
    expect(text([0x08, 1, 0x12], false)).toBe('1: 1, …')
    expect(text([0x0a, 20, 0x0a, 2, 0x08, 1, 0x10], false)).toBe('1: {1: {1: 1}, …')
  })

  test('behind what can’t be read within a message that is cut, nothing is taken for a field around it', () => {
    expect(text([0x0a, 100, 0x08, 1, 0x07, 0x10, 2], false)).toBe('1: {1: 1, …')
    expect(text([0x0a, 100, 0x12, 50, 0x08, 1, 0x07, 0x10, 2, 0x18, 3], false)).toBe('1: {2: {1: 1, …')
  })

  test('the work is bounded by the length, whatever the bytes', () => {
    const deep = new Uint8Array(64 << 10).fill(0x0a)
    const many = new Uint8Array(64 << 10).map((_, i) => (i % 2 === 0 ? 0x08 : 1))
    for (const bytes of [deep, many, crypto.getRandomValues(new Uint8Array(60_000))]) {
      const shown = protobufText(bytes, true) ?? ''
      expect(shown.length).toBeLessThan(20_000)
    }
  })
})
