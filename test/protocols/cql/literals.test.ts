/** Values by their types, and the bounds of both. */
import { describe, expect, test } from 'bun:test'
import { Fields } from '../../../src/protocols/cql/fields'
import { roomOf, valueText } from '../../../src/protocols/cql/literals'
import { MAX_TYPES, typeOf } from '../../../src/protocols/cql/types'
import { bytesOf, random } from '../../streams/wire'
import * as Talk from './talk'

const { BIGINT, DOUBLE, FLOAT, INT, LIST, MAP, TUPLE, TYPE } = Talk

function shown(type: string, value: string, characters = 1024): string {
  const known = typeOf(new Fields(bytesOf(type)), { types: MAX_TYPES })
  if (!known) throw new Error('no type')
  return valueText(known, bytesOf(value), false, { redact: true, room: roomOf(characters) })
}

test.each([
  ['ascii', TYPE.ascii, "it's", "'it''s'"],
  ['text', TYPE.text, Buffer.from('é').toString('latin1'), "'é'"],
  ['bigint', TYPE.bigint, BIGINT(-(2n ** 63n)), '-9223372036854775808'],
  ['blob', TYPE.blob, '\0\xff', '0x00ff'],
  ['boolean', TYPE.boolean, '\x01', 'true'],
  ['decimal', TYPE.decimal, `${INT(3)}\xff\x01`, '-0.255'],
  ['decimal without a fraction', TYPE.decimal, `${INT(0)}\x05`, '5'],
  ['decimal with an exponent', TYPE.decimal, `${INT(-9)}\x05`, '5E9'],
  ['double', TYPE.double, DOUBLE(0.1), '0.1'],
  ['float', TYPE.float, FLOAT(0.1), '0.1'],
  ['int', TYPE.int, INT(-7), '-7'],
  ['timestamp', TYPE.timestamp, BIGINT(1_795_782_605_120n), "'2026-11-27T12:30:05.120Z'"],
  ['timestamp that no calendar has', TYPE.timestamp, BIGINT(2n ** 62n), '4611686018427388000'],
  ['uuid', TYPE.uuid, '0123456789abcdef', '30313233-3435-3637-3839-616263646566'],
  ['varint', TYPE.varint, '\xff\x00', '-256'],
  ['inet', TYPE.inet, '\x0a\0\0\x01', "'10.0.0.1'"],
  ['date', TYPE.date, INT(0x80000000 + 20_784), "'2026-11-27'"],
  ['time', TYPE.time, BIGINT(45_005_000_000_007n), "'12:30:05.000000007'"],
  ['smallint', TYPE.smallint, '\xff\xfe', '-2'],
  ['tinyint', TYPE.tinyint, '\x80', '-128'],
  ['duration', TYPE.duration, '\x02\x04\x06', '1mo2d3ns'],
  ['negative duration', TYPE.duration, '\x01\x00\x81\xff', '-1mo256ns'],
  ['duration by its class', TYPE.custom('org.apache.cassandra.db.marshal.DurationType'), '\0\0\0', '0s'],
  ['another class', TYPE.custom('org.example.Type'), 'ab', '0x6162'],
  [
    'vector',
    TYPE.custom('org.apache.cassandra.db.marshal.VectorType(org.apache.cassandra.db.marshal.FloatType , 2)'),
    FLOAT(1.5) + FLOAT(-2),
    '[1.5, -2]',
  ],
  ['list', TYPE.list(TYPE.int), LIST(INT(1), INT(2)), '[1, 2]'],
  ['set', TYPE.set(TYPE.text), LIST('a', 'b'), "{'a', 'b'}"],
  ['map', TYPE.map(TYPE.text, TYPE.int), MAP(['a', INT(1)], ['b', INT(2)]), "{'a': 1, 'b': 2}"],
  ['tuple', TYPE.tuple(TYPE.int, TYPE.text, TYPE.int), TUPLE(INT(1), 'x'), "(1, 'x', null)"],
  [
    'udt',
    TYPE.udt('place', { city: TYPE.text, code: TYPE.int }),
    TUPLE('Berlin', INT(5)),
    "{city: 'Berlin', code: 5}",
  ],
  [
    'list of maps of a udt',
    TYPE.list(TYPE.map(TYPE.text, TYPE.udt('place', { city: TYPE.text }))),
    LIST(MAP(['home', TUPLE('Berlin')])),
    "[{'home': {city: 'Berlin'}}]",
  ],
  [
    'secrets of a map',
    TYPE.map(TYPE.text, TYPE.text),
    MAP(['password', 'hunter2']),
    "{'password': '[redacted]'}",
  ],
  ['secrets of a udt', TYPE.udt('u', { api_key: TYPE.text }), TUPLE('hunter2'), "{api_key: '[redacted]'}"],
  ['wrong length of an int', TYPE.int, 'abc', '0x616263'],
  ['nothing', TYPE.text, '', "''"],
])('%s', (_, type, value, expected) => {
  expect(shown(type, value)).toBe(expected)
})

describe('hostile', () => {
  const nested = (depth: number): string => (depth === 0 ? TYPE.int : TYPE.list(nested(depth - 1)))

  test('types within types, and their number', () => {
    expect(typeOf(new Fields(bytesOf(nested(8))), { types: MAX_TYPES })).toBeDefined()
    expect(typeOf(new Fields(bytesOf(nested(9))), { types: MAX_TYPES })).toBeUndefined()
    expect(typeOf(new Fields(bytesOf('\0\x20'.repeat(100_000))), { types: MAX_TYPES })).toBeUndefined()
    const wide = TYPE.tuple(...Array.from({ length: 60_000 }, () => TYPE.int))
    const left = { types: MAX_TYPES }
    expect(typeOf(new Fields(bytesOf(wide)), left)).toBeUndefined()
    expect(left.types).toBe(-1)
  })

  test('lengths that nobody has sent', () => {
    expect(shown(TYPE.list(TYPE.int), INT(0x7fffffff))).toBe('[…]')
    expect(shown(TYPE.list(TYPE.int), INT(-1))).toBe('[]')
    expect(shown(TYPE.list(TYPE.int), `${INT(2) + INT(0x7fffffff)}abcd`)).toBe('[…, …]')
    expect(shown(TYPE.map(TYPE.text, TYPE.int), INT(2) + INT(-1) + INT(-1))).toBe('{null: null, …}')
  })

  test('many elements, and long ones', () => {
    const many = INT(1_000_000) + `${INT(1)}x`.repeat(100_000)
    expect(shown(TYPE.list(TYPE.text), many).length).toBeLessThan(8 * 1024)
    expect(
      shown(TYPE.list(TYPE.list(TYPE.text)), INT(1e6) + Talk.long(LIST()).repeat(50_000)).length,
    ).toBeLessThan(8 * 1024)
    expect(shown(TYPE.blob, 'x'.repeat(1 << 20)).length).toBeLessThan(1100)
    expect(shown(TYPE.text, 'x'.repeat(1 << 20)).length).toBeLessThan(1100)
    expect(shown(TYPE.varint, '\x7f'.repeat(1 << 20)).length).toBeLessThan(1100)
    expect(shown(TYPE.decimal, `${INT(0x7fffffff)}\x05`)).toBe('5E-2147483647')
  })

  test('no type and no value throws, whatever the bytes', () => {
    const next = random(5)
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: next() * 40 }, () => (next() < 0.5 ? next() * 4 : next() * 256))
      if (bytes.length > 1)
        bytes[1] = [2, 3, 6, 11, 14, 16, 17, 18, 21, 32, 33, 34, 48, 49][Math.floor(next() * 14)]!
      if (bytes.length > 1) bytes[0] = 0
      const fields = new Fields(bytes)
      const type = typeOf(fields, { types: 64 })
      if (type) valueText(type, bytes.subarray(fields.at), false, { redact: true, room: roomOf(64) })
    }
  })
})
