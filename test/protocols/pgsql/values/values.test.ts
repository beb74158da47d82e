/** Values in binary, as the server itself shows them as text: what its `send` functions make, of PostgreSQL 15. */
import { describe, expect, test } from 'bun:test'
import { BINARY, TEXT, valueText } from '../../../../src/protocols/pgsql/values'

const shown = (hex: string, type: number, format = BINARY): string => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return valueText(bytes, 0, bytes.length, format, type)
}

const CASES: readonly (readonly [type: string, number: number, hex: string, text: string])[] = [
  ['bool', 16, '01', 't'],
  ['bytea', 17, '00ff', '\\x00ff'],
  ['int2', 21, 'fffe', '-2'],
  ['int4', 23, '7fffffff', '2147483647'],
  ['int8', 20, '8000000000000000', '-9223372036854775808'],
  ['oid', 26, 'ffffffff', '4294967295'],
  ['float4', 700, '3dcccccd', '0.1'],
  ['float4', 700, '7fc00000', 'NaN'],
  ['float4', 700, '49742400', '1e+06'],
  ['float8', 701, '3ff8000000000000', '1.5'],
  ['float8', 701, '3e7ad7f29abcaf48', '1e-07'],
  ['float8', 701, '4480f0cf064dd592', '1e+22'],
  ['float8', 701, 'fff0000000000000', '-Infinity'],
  ['float8', 701, '8000000000000000', '-0'],
  ['numeric', 1700, '0000000000000000', '0'],
  ['numeric', 1700, '0001ffff00000001 1388', '0.5'],
  ['numeric', 1700, '0003000140000002 0001 09291388', '-12345.50'],
  ['numeric', 1700, '00000000c0000000', 'NaN'],
  ['numeric', 1700, '00010002 00000000 0001', '100000000'],
  ['text', 25, '5a6fc3ab', 'Zoë'],
  ['date', 1082, '00000000', '2000-01-01'],
  ['date', 1082, '0000223e', '2024-01-01'],
  ['date', 1082, 'fff4dbf8', '0001-12-31 BC'],
  ['date', 1082, '7fffffff', 'infinity'],
  ['time', 1083, '0000000000000028', '00:00:00.00004'],
  ['timetz', 1266, '0000000000000000 ffffb5f8', '00:00:00+05:15'],
  ['timestamp', 1114, 'ffffffffffffffff', '1999-12-31 23:59:59.999999'],
  ['timestamp', 1114, '8000000000000000', '-infinity'],
  ['timestamptz', 1184, '0000000000000000', '2000-01-01 00:00:00+00'],
  ['interval', 1186, '0000000000000000 00000000 00000000', '00:00:00'],
  ['interval', 1186, 'ffffffffffe91ca0 00000003 0000000e', '1 year 2 mons 3 days -00:00:01.5'],
  ['uuid', 2950, '12345678123456781234567812345678', '12345678-1234-5678-1234-567812345678'],
  ['jsonb', 3802, '017b7d', '{}'],
  ['inet', 869, '0220000401020304', '1.2.3.4'],
  ['cidr', 650, '020801040a000000', '10.0.0.0/8'],
  ['inet', 869, '0380001020010db8000000000000000000000001', '2001:db8::1'],
  ['macaddr', 829, '08002b010203', '08:00:2b:01:02:03'],
  ['bit', 1560, '00000003a0', '101'],
  [
    'int4[]',
    1007,
    '00000001 00000001 00000017 00000003 00000001 00000004 00000001 ffffffff 00000004 00000003',
    '{1,NULL,3}',
  ],
  [
    'text[]',
    1009,
    '00000001 00000000 00000019 00000002 00000001 00000003 612062 00000001 22',
    '{"a b","\\""}',
  ],
  ['text[], empty', 1009, '00000000 00000000 00000019', '{}'],
  ['record', 2249, '00000002 00000017 00000004 00000007 00000019 ffffffff', '(7,)'],
]

test.each(CASES)('%s %d %s', (_, type, hex, text) => expect(shown(hex, type)).toBe(text))

test('in text format they are what they are', () => {
  expect(shown('31322e35', 1700, TEXT)).toBe('12.5')
  expect(shown('00ff', 17, TEXT)).toStartWith('<binary 2 bytes>')
})

describe('what is no value of its type, or of no known one, is shown by its size', () => {
  test.each([
    ['a short int8', 20, '0001'],
    ['a long bool', 16, '0101'],
    ['a numeric of other length', 1700, '0004000000000000 0001'],
    ['a numeric with very many digits', 1700, '0001 7fff 0000 0000 0001'],
    ['an array of nothing', 1007, '0000000100000000'],
    ['an array with sizes that lie', 1007, '00000002 00000000 00000017 7fffffff 00000001 7fffffff 00000001'],
    ['an array of negative size', 1007, '00000001 00000000 00000017 ffffffff 00000001'],
    ['a record that ends early', 2249, '7fffffff 00000017'],
    ['an address of no family', 869, '02200003010203'],
    ['an unknown type', 99999, '0001'],
  ] as const)('%s', (_, type, hex) => {
    expect(shown(hex, type)).toBe(`<binary ${hex.replaceAll(' ', '').length / 2} bytes>`)
  })
})

test('nested arrays and records end', () => {
  const record = (inner: string): string => {
    const size = (inner.length / 2).toString(16).padStart(8, '0')
    return `00000001000008c9${size}${inner}`
  }
  let hex = '00000000'
  for (let i = 0; i < 50; i++) hex = record(hex)
  expect(shown(hex, 2249).length).toBeLessThan(200)
})

test('an array of many elements shows the first ones', () => {
  const many = 5000
  const hex = `00000001 00000000 00000017 ${many.toString(16).padStart(8, '0')} 00000001 ${'0000000400000001'.repeat(many)}`
  const text = shown(hex, 1007)
  expect(text).toEndWith('1,…}')
  expect(text.length).toBeLessThan(1000)
})
