/** Documents as text: every type of BSON, against the driver's own library. */
import { describe, expect, test } from 'bun:test'
import { BSON } from 'mongodb'
import { JsonText } from '../../../src/protocols/mongodb/json'
import * as Talk from './talk'

function textOf(bytes: Uint8Array, limit = 10_000, end = bytes.length): string {
  const json = new JsonText(bytes, 0, end, limit, () => false)
  json.document(0)
  return json.text
}

const ofDriver = (value: unknown) => JSON.parse(BSON.EJSON.stringify({ value }, { relaxed: true }))

test.each([
  ['whole number', 5],
  ['negative number', -2_147_483_648],
  ['double', 1.25],
  ['large double', 1e300],
  ['not a number', Number.NaN],
  ['infinity', Number.NEGATIVE_INFINITY],
  ['long', BSON.Long.fromNumber(2 ** 40)],
  ['negative long', BSON.Long.fromNumber(-(2 ** 40) - 3)],
  ['text', 'tea'],
  ['text with quotes, line breaks and other letters', '"a"\n\\ café 茶 🍵'],
  ['nothing', ''],
  ['document', { a: { b: {} } }],
  ['list', [1, 'two', [3], []]],
  ['binary', new BSON.Binary(Buffer.from('bytes'))],
  ['binary of a kind', new BSON.Binary(Buffer.from('bytes'), 0x80)],
  ['UUID', new BSON.UUID('01234567-89ab-cdef-0123-456789abcdef').toBinary()],
  ['object id', new BSON.ObjectId('65f0c0ffee65f0c0ffee65f0')],
  ['yes', true],
  ['no', false],
  ['date', new Date('2026-11-27T03:05:41.123Z')],
  ['date without a fraction', new Date('2026-11-27T03:05:41Z')],
  ['date before 1970', new Date(-5)],
  ['null', null],
  ['pattern', new BSON.BSONRegExp('^t"e', 'im')],
  ['pointer', new BSON.DBRef('shop.goods', new BSON.ObjectId('65f0c0ffee65f0c0ffee65f0'))],
  ['code', new BSON.Code('function () {}')],
  ['code with a scope', new BSON.Code('function () {}', { a: 1, b: 'x' })],
  ['symbol', new BSON.BSONSymbol('s')],
  ['timestamp', new BSON.Timestamp({ t: 4_000_000_000, i: 7 })],
  ['least key', new BSON.MinKey()],
  ['greatest key', new BSON.MaxKey()],
  ...'0 1 -1.5 0.001 1E-7 12345678901234567890123456789.01234 9.999999999999999999999999999999999E+6144 1E-6176 NaN Infinity -Infinity 1E+3 -0 0E-10'
    .split(' ')
    .map((number) => [`decimal ${number}`, BSON.Decimal128.fromString(number)] as const),
])('%s', (_, value) => {
  expect(JSON.parse(textOf(Talk.bson({ value })))).toEqual(ofDriver(value))
})

test('numbers that JavaScript’s can’t hold, and whole doubles, are exact', () => {
  expect(textOf(Talk.bson({ a: BSON.Long.fromString('-9223372036854775808'), b: new BSON.Double(3) }))).toBe(
    '{"a":-9223372036854775808,"b":3.0}',
  )
  expect(textOf(Talk.bson({ a: new BSON.Double(-0) }))).toBe('{"a":-0.0}')
})

/** A document of one element of this type. */
const raw = (type: number, value: Uint8Array) =>
  Buffer.concat([Talk.le(8 + value.length), Buffer.of(type), Buffer.from('a\0'), value, Buffer.of(0)])

test('types that nobody writes any more', () => {
  expect(textOf(raw(6, Buffer.alloc(0)))).toBe('{"a":{"$undefined":true}}')
  const pointer = Buffer.concat([Talk.le(5), Buffer.from('shop\0'), Buffer.alloc(12, 7)])
  const id = '07'.repeat(12)
  expect(textOf(raw(12, pointer))).toBe(`{"a":{"$dbPointer":{"$ref":"shop","$id":{"$oid":"${id}"}}}}`)
  // Its length stands there twice.
  const old = Buffer.concat([Talk.le(7), Buffer.of(2), Talk.le(3), Buffer.from('abc')])
  expect(textOf(raw(5, old))).toBe('{"a":{"$binary":{"base64":"YWJj","subType":"02"}}}')
})

describe('cut', () => {
  const document = { find: 'goods', filter: { name: 'café', list: [1, 2, 3] }, id: new BSON.ObjectId() }
  const bytes = Talk.bson(document)
  const whole = textOf(bytes)

  test('wherever the bytes end: a beginning of the whole text', () => {
    for (let end = 0; end < bytes.length - 1; end++) {
      const text = textOf(bytes.slice(0, end), 10_000, end)
      expect(text).toEndWith('…')
      expect(whole).toStartWith(text.slice(0, -1))
    }
  })

  test('at the limit', () => {
    for (let limit = 0; limit < whole.length; limit++) {
      const text = textOf(bytes, limit)
      expect(text).toBe(`${whole.slice(0, limit)}…`)
    }
    expect(textOf(bytes, whole.length)).toBe(whole)
  })

  test('no half of a letter', () => {
    expect(textOf(Talk.bson({ a: '🍵🍵' }), 7)).toBe('{"a":"…')
    expect(textOf(Talk.bson({ a: '🍵🍵' }), 8)).toBe('{"a":"🍵…')
  })
})

test('random bytes make text, and no more than the limit', () => {
  for (const type of Array.from({ length: 256 }, (_, i) => i)) {
    const value = Uint8Array.from({ length: 40 }, (_, i) => (i * 37 + type) & (i % 4 === 0 ? 31 : 3))
    expect(textOf(raw(type, value), 50).length).toBeLessThanOrEqual(51)
  }
})
