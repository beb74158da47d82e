/** RFC 7541, Appendix C: what its examples decode to, and what they leave in the table. */
import { describe, expect, test } from 'bun:test'
import { decodeBlock } from '../../../../src/protocols/http2/hpack/decode'
import { Field, FieldTable, UNKNOWN } from '../../../../src/protocols/http2/hpack/table'
import { integer, remembered } from '../talk'

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/ /g, ''), 'hex'))

function decoded(table: FieldTable, block: string | Uint8Array): string | undefined {
  const bytes = typeof block === 'string' ? bytesOf(block) : block
  return decodeBlock(table, bytes, 0, bytes.length)
    ?.map(({ name, value }) => `${name}: ${value}`)
    .join('|')
}

const FIRST = ':method: GET|:scheme: http|:path: /|:authority: www.example.com'
const SECOND = `${FIRST}|cache-control: no-cache`
const THIRD =
  ':method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value'
const MOVED =
  ':status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com'
const AGAIN = MOVED.replace('302', '307')
const COOKIE =
  ':status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com|' +
  'content-encoding: gzip|set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'

describe('RFC 7541, Appendix C', () => {
  test.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header'],
    ['C.2.2', '040c2f73616d706c652f70617468', ':path: /sample/path'],
    ['C.2.3', '100870617373776f726406736563726574', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s', (_, hex, fields) => {
    expect(decoded(new FieldTable(true), hex)).toBe(fields)
  })

  test.each([
    [
      'C.3, requests as they are',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4, requests in the Huffman code',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
  ])('%s', (_, blocks) => {
    const table = new FieldTable(true)
    expect(blocks.map((block) => decoded(table, block))).toEqual([FIRST, SECOND, THIRD])
  })

  test.each([
    [
      'C.5, responses as they are',
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6, responses in the Huffman code',
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ])('%s, in a table of 256 bytes', (_, blocks) => {
    const table = new FieldTable(true)
    table.resize(256)
    expect(blocks.map((block) => decoded(table, block))).toEqual([MOVED, AGAIN, COOKIE])
  })
})

describe('no block', () => {
  test.each([
    ['number 0', '80'],
    ['a number that nothing has', 'ff00'],
    ['a number without its end', 'ffffffff'],
    ['a number of more than 32 bits', 'ffffffffffff7f'],
    ['a literal that is longer than the block', '00056162'],
    ['a literal without its value', '000161'],
    ['a Huffman code of the end of the string', '0084ffffffff0161'],
    ['eight bits behind the last code', '0082 1fff 0161'],
    ['zeros behind the last code', '008118 0161'],
    ['a size behind a field', '823f01'],
  ])('%s', (_, hex) => {
    expect(decoded(new FieldTable(true), hex)).toBeUndefined()
  })
})

describe('a table', () => {
  const sent = (name: string, value: string) => remembered({ [name]: value })
  const numbered = (number: number) => Uint8Array.from(integer(number, 7, 0x80))

  test('that is known in part: older numbers are unknown, newer ones are not', () => {
    const table = new FieldTable(false)
    expect(decoded(table, numbered(62))).toBe(`${UNKNOWN}: ${UNKNOWN}`)
    decoded(table, sent('x-a', '1'))
    decoded(table, sent('x-b', '2'))
    expect([62, 63, 64].map((number) => decoded(table, numbered(number)))).toEqual([
      'x-b: 2',
      'x-a: 1',
      `${UNKNOWN}: ${UNKNOWN}`,
    ])
  })

  test('a value may have a name that is unknown; it is shown only where secrets are', () => {
    const table = new FieldTable(false)
    const bytes = Uint8Array.from([...integer(70, 6, 0x40), 6, ...Buffer.from('s3cret')])
    const [field] = decodeBlock(table, bytes, 0, bytes.length)!
    expect([field!.name, field!.line(false).safe, field!.line(true).safe]).toEqual([
      UNKNOWN,
      's3cret',
      '[redacted]',
    ])
  })

  test('where its size is unknown, a field that may have emptied it leaves nothing known', () => {
    const table = new FieldTable(false)
    decoded(table, sent('x-a', '1'))
    decoded(table, sent('x-large', 'x'.repeat(2000)))
    expect([62, 63].map((number) => decoded(table, numbered(number)))).toEqual([
      `${UNKNOWN}: ${UNKNOWN}`,
      `${UNKNOWN}: ${UNKNOWN}`,
    ])
  })

  test('a field that is larger than the table empties it (§4.4)', () => {
    const table = new FieldTable(true)
    decoded(table, sent('x-a', '1'))
    decoded(table, sent('x-large', 'x'.repeat(5000)))
    expect(decoded(table, numbered(62))).toBeUndefined()
  })

  test('of any size takes 64 KiB; numbers beyond are unknown', () => {
    const table = new FieldTable(true)
    table.resize(1 << 24)
    for (let i = 0; i < 200; i++) table.add(new Field('x-n', `${i} ${'x'.repeat(1000)}`))
    expect(table.held).toBeLessThanOrEqual(64 << 10)
    expect(table.at(62)?.value).toStartWith('199 ')
    expect(table.at(62 + 150)?.value).toBe(UNKNOWN)
  })

  test('a block that names a large field thousands of times gives 256 KiB at most, in time', () => {
    const table = new FieldTable(true)
    decoded(table, sent('x-large', 'x'.repeat(4000)))
    const bytes = new Uint8Array(128 << 10).fill(0x80 | 62)
    const fields = decodeBlock(table, bytes, 0, bytes.length)!
    expect(fields.length * 4000).toBeLessThanOrEqual(256 << 10)
  })
})

describe('literals that come again', () => {
  const literal = (first: number, name: string, value: string) =>
    Uint8Array.from([first, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)])

  test('mean the same, and what their first byte says holds for each', () => {
    for (let time = 0; time < 4; time++) {
      const table = new FieldTable(true)
      const of = (first: number) => {
        const bytes = literal(first, 'x-key', 'value')
        return decodeBlock(table, bytes, 0, bytes.length)!
      }
      expect(of(0x10).map(({ isSecret }) => isSecret)).toEqual([true])
      expect(table.held).toBe(0)
      expect(of(0).map(({ isSecret }) => isSecret)).toEqual([false])
      expect(table.held).toBe(0)
      expect(of(0x40).map(({ isSecret }) => isSecret)).toEqual([false])
      expect(table.held).toBe('x-keyvalue'.length + 32)
    }
  })

  test('are none where they are cut, however often they were whole', () => {
    const whole = literal(0, 'x-cut', 'value')
    for (let time = 0; time < 4; time++)
      for (let end = 1; end <= whole.length; end++)
        expect(decodeBlock(new FieldTable(true), whole, 0, end)?.length).toBe(
          end === whole.length ? 1 : undefined,
        )
  })

  test('are none where their code is none, and what follows is read', () => {
    const broken = Uint8Array.from([0, 0x81, 0x00, 1, 0x61])
    const behind = Uint8Array.from([...literal(0, 'a', 'b'), 0x82])
    for (let time = 0; time < 4; time++) {
      expect(decodeBlock(new FieldTable(true), broken, 0, broken.length)).toBeUndefined()
      expect(decoded(new FieldTable(true), behind)).toBe('a: b|:method: GET')
    }
  })
})
