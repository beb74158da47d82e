import { describe, expect, test } from 'bun:test'
import { bodyText } from '../../../src/protocols/lib/body-text'
import { secretsOfBody } from '../../../src/recording/texts'
import { redactText } from '../../../src/redaction/text'

type Encode = (text: string) => Buffer

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const utf32 = (text: string): Buffer =>
  Buffer.concat([...text].map((one) => Buffer.from(Uint32Array.of(one.codePointAt(0)!).buffer)))
const swapped =
  (encode: Encode, size: 2 | 4): Encode =>
  (text) =>
    size === 2 ? encode(text).swap16() : encode(text).swap32()
const marked =
  (encode: Encode): Encode =>
  (text) =>
    encode(`\ufeff${text}`)

const ENCODINGS: readonly (readonly [string, Encode])[] = [
  ['UTF-16LE', utf16],
  ['UTF-16BE', swapped(utf16, 2)],
  ['UTF-32LE', utf32],
  ['UTF-32BE', swapped(utf32, 4)],
]
const ALL = ENCODINGS.flatMap(([name, encode]) => [
  [name, encode] as const,
  [`${name} with a mark`, marked(encode)] as const,
])

describe.each(ALL)('%s', (_, encode) => {
  const text = '{"user":"Zoë 𝒳","password":"hunter2-w01","a":"日本"}'

  test('is text', () => {
    const bytes = encode(text)
    expect(bodyText(bytes, bytes.length)).toBe(text)
    expect(redactText(bodyText(bytes, bytes.length))).not.toContain('hunter2')
  })

  test('may be cut anywhere', () => {
    const bytes = encode(text)
    for (let end = 8; end < bytes.length; end++) {
      const shown = bodyText(bytes.subarray(0, end), bytes.length)
      expect(text.startsWith(shown) || (end < 12 && shown.startsWith('<binary ')), `${end}: ${shown}`).toBe(
        true,
      )
    }
  })

  test('its secrets are found in its bytes', () => {
    const bytes = encode(text)
    const [secret] = secretsOfBody(bytes, false)
    expect(bytes.subarray(secret!.start, secret!.end)).toEqual(
      encode('hunter2-w01').subarray(-('hunter2-w01'.length * (bytes.length > 150 ? 4 : 2))),
    )
  })
})

test.each(ENCODINGS)('a word of %s in binary content is shown, and its secret is not', (_, encode) => {
  const bytes = Buffer.concat([Buffer.from([1, 2, 3]), encode('pwd=hunt2'), Buffer.from([7, 7])])
  expect(bodyText(bytes, bytes.length)).toBe(`<binary ${bytes.length} bytes> ...pwd=hunt2..`)
  expect(redactText(bodyText(bytes, bytes.length))).not.toContain('hunt2')
  const [secret] = secretsOfBody(bytes, false)
  expect(secret!.start).toBeLessThanOrEqual(3 + encode('pwd=').length)
  expect(secret!.end).toBeGreaterThanOrEqual(3 + encode('pwd=hunt2').length)
})

test('other content stays binary', () => {
  for (const bytes of [
    Buffer.from([0x61, 0, 0x62, 0, 1, 0]),
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]),
    Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x61, 0]),
    Buffer.from([0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]),
  ])
    expect(bodyText(bytes, bytes.length)).toStartWith(`<binary ${bytes.length} bytes> `)
  expect(bodyText(Buffer.from([0x61, 0, 0x62, 0, 1, 0]), 6)).toBe('<binary 6 bytes> a.b...')
})
