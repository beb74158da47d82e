import { describe, expect, test } from 'bun:test'
import { StringTable } from '../../src/records/batch'
import { TextIndex, viewOf } from '../../src/records/text-index'

const entry = (index: TextIndex, table: StringTable, i: number, insert = true) =>
  index.number(viewOf(table.bytes), table.offsets[i]!, table.offsets[i + 1]!, insert)

describe('texts by their bytes', () => {
  test('are numbered as they come, each once, whatever their length', () => {
    const texts = Array.from({ length: 3000 }, (_, i) => `${'é/x'.repeat(i % 40)}${i % 1000}`)
    texts.push('', 'a', 'ab', 'abc', 'abcd', 'abcde', '\0', '\0\0', 'abcd\0')
    const index = new TextIndex()
    const numbers = new Map<string, number>()
    for (let round = 0; round < 2; round++) {
      const table = StringTable.of(texts)
      texts.forEach((text, i) => {
        const number = entry(index, table, i)
        expect(number).toBe(numbers.get(text) ?? numbers.size)
        numbers.set(text, number)
      })
    }
    const all = index.table()
    expect(index.size).toBe(numbers.size)
    expect(Array.from({ length: all.length }, (_, i) => all.get(i))).toEqual([...numbers.keys()])
  })

  test('are looked up without being added', () => {
    const index = new TextIndex()
    const table = StringTable.of(['here', 'there'])
    expect(entry(index, table, 0)).toBe(0)
    expect(entry(index, table, 1, false)).toBe(-1)
    expect(entry(index, table, 0, false)).toBe(0)
    expect(index.size).toBe(1)
  })

  test('that differ in one bit are different', () => {
    const index = new TextIndex()
    for (let length = 1; length < 80; length++) {
      const before = index.size
      for (let bit = 0; bit < length * 8; bit++) {
        const bytes = new Uint8Array(length)
        bytes[bit >> 3] = 1 << (bit & 7)
        index.number(viewOf(bytes), 0, length, true)
      }
      expect(index.size - before).toBe(length * 8)
    }
  })
})
