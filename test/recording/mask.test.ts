/** Secrets are replaced where they stand, and never less than all of them. */
import { describe, expect, test } from 'bun:test'
import { maskSecrets, secretRanges } from '../../src/recording/mask'
import { redactText } from '../../src/redaction/text'

const masked = (text: string, redact = redactText): string => {
  const bytes = Buffer.from(text, 'latin1')
  maskSecrets(bytes, redact)
  expect(bytes).toHaveLength(text.length)
  return bytes.toString('latin1')
}

describe('text', () => {
  const cases: readonly (readonly [text: string, safe: string])[] = [
    ['nothing to hide', 'nothing to hide'],
    ['{"password":"hunter2","user":"bob"}', '{"password":"xxxxxx0","user":"bob"}'],
    ['{"a":{"token":"abc"},"b":{"token":"abc"}}', '{"a":{"token":"xxx"},"b":{"token":"xxx"}}'],
    ['password=hunter2&user=bob&token=abcabc', 'password=xxxxxx0&user=bob&token=xxxxxx'],
    ['{"pin":1234,"n":5}', '{"pin":0000,"n":5}'],
    ['é password=hunter2\r\nnext line', 'é password=xxxxxx0\r\nnext line'],
  ]
  for (const [text, safe] of cases) test(text, () => expect(masked(text)).toBe(safe))
})

test('what stays is looked for from both ends: what lies between is secret', () => {
  // Both are the text behind a replaced secret `ab,ab`, or behind one of `ab` and in front of another one.
  const redact = () => 'k=[redacted],ab'
  expect(masked('k=ab,ab,ab', redact)).toBe('k=xxxxx,ab')
  const twice = () => '[redacted]a[redacted]'
  expect(masked('aaaa', twice)).toBe('xxxx')
})

test('where what stays is not found again, all is secret', () => {
  expect(secretRanges('some text', () => 'some other [redacted]')).toEqual([{ start: 0, end: 9 }])
  expect(secretRanges('some text', () => 'other')).toEqual([{ start: 0, end: 9 }])
})

test('whatever is replaced in random texts, no letter of it stays', () => {
  const words = [
    'token=',
    '"password":"',
    '"',
    ', ',
    'a',
    'b',
    '\r\n',
    '[',
    ']',
    'x=',
    '{',
    '}',
    'SECRETSECRET',
  ]
  let seed = 1
  const next = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed % most
  }
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: 12 }, () => words[next(words.length)]).join('')
    const safe = redactText(text)
    // Whatever redaction takes out of a row is on no tape either.
    const count = (where: string) => where.split('SECRETSECRET').length
    expect(count(masked(text)), text).toBeLessThanOrEqual(count(safe))
  }
})
