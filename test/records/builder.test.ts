import { describe, expect, test } from 'bun:test'
import { cell, StringTable } from '../../src/records/batch'
import { BatchBuilder } from '../../src/records/builder'
import { bool, defineTable, float, int, string, time } from '../../src/records/table'

const table = defineTable('t', 'A table', {
  time_: time('When'),
  n: int('Integer'),
  f: float('Float'),
  b: bool('Boolean'),
  s: string('Text'),
})

const ODD_TEXTS = [
  '',
  '\0',
  'a\0b',
  '\uFEFFbom',
  '\uD800',
  'x\uD800',
  '\uDC00y',
  'é',
  '😀',
  'z'.repeat(1 << 20),
  '',
]

describe('StringTable', () => {
  test('keeps every text, and says the same when read from its bytes', () => {
    const made = StringTable.of(ODD_TEXTS)
    const read = new StringTable(made.bytes, made.offsets)
    expect(read.length).toBe(ODD_TEXTS.length)
    ODD_TEXTS.forEach((text, i) => {
      expect(made.get(i)).toBe(text.toWellFormed())
      expect(read.get(i)).toBe(text.toWellFormed())
    })
  })

  test('lone surrogates that stand side by side do not become one character', () => {
    const made = StringTable.of(['\uD83D', '\uDE00'])
    expect([made.get(0), made.get(1)]).toEqual(['\uFFFD', '\uFFFD'])
    expect([...made.offsets]).toEqual([0, 3, 6])
  })

  test('of no text', () => {
    expect(StringTable.of([]).length).toBe(0)
  })
})

describe('BatchBuilder', () => {
  const row = { time_: 5, n: 1, f: 0.5, b: true, s: 'a' }

  test('gives the rows back, and starts anew after a seal', () => {
    const builder = new BatchBuilder(table, 1000n)
    for (let i = 0; i < 700; i++) builder.append({ ...row, time_: i, n: -i, b: i % 3 === 0, s: `s${i % 7}` })
    expect(builder.rows).toBe(700)
    const batch = builder.seal()
    expect(batch.rows).toBe(700)
    expect(batch.columns.map((column) => cell(column, 699))).toEqual([1699, -699, 0.5, true, 's6'])
    expect(batch.columns.map((column) => cell(column, 1))).toEqual([1001, -1, 0.5, false, 's1'])
    builder.append(row)
    const second = builder.seal()
    expect(second.rows).toBe(1)
    expect(second.columns.map((column) => cell(column, 0))).toEqual([1005, 1, 0.5, true, 'a'])
    expect(cell(batch.columns[4]!, 699)).toBe('s6')
    expect(builder.seal().rows).toBe(0)
  })

  test('a column that is all distinct, then repeats, keeps its texts', () => {
    const builder = new BatchBuilder(table, 0n)
    for (let i = 0; i < 2000; i++) builder.append({ ...row, s: `body ${i % 1500}` })
    const texts = builder.seal().columns[4]!
    for (let i = 0; i < 2000; i++) expect(cell(texts, i)).toBe(`body ${i % 1500}`)
  })

  test('equal texts share an entry', () => {
    const builder = new BatchBuilder(table, 0n)
    for (let i = 0; i < 1000; i++) builder.append({ ...row, s: `s${i % 5}` })
    const texts = builder.seal().columns[4]!
    expect('dict' in texts && texts.dict.length).toBe(5)
  })

  test('integers from the wire never throw and are never silently wrong', () => {
    const builder = new BatchBuilder(table, 0n)
    const given = [NaN, Infinity, -Infinity, 1.9, -1.9, 2 ** 60, -(2 ** 60), -0, 2 ** 53 - 1]
    for (const n of given) builder.append({ ...row, n })
    const max = Number.MAX_SAFE_INTEGER
    const { columns } = builder.seal()
    expect(given.map((_, i) => cell(columns[1]!, i))).toEqual([0, 0, 0, 1, -1, max, -max, 0, max])
  })

  test('odd texts survive', () => {
    const builder = new BatchBuilder(table, 0n)
    for (const s of ODD_TEXTS) builder.append({ ...row, s })
    const texts = builder.seal().columns[4]!
    ODD_TEXTS.forEach((text, i) => {
      expect(cell(texts, i)).toBe(text.toWellFormed())
    })
  })
})
