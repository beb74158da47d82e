import { describe, expect, test } from 'bun:test'
import { expectLinear, value } from '../apply'

const redact = (text: string) => value('redact_pii_best_effort', text)

describe('redacted', () => {
  test.each([
    ['ip=10.0.0.7, next', 'ip=<REDACTED_IPV4>, next'],
    ['from 203.0.113.9.', 'from <REDACTED_IPV4>.'],
    ['[2001:db8::1]:80', '[<REDACTED_IPV6>]:80'],
    ['fe80:0:0:0:1:2:3:4 x', '<REDACTED_IPV6> x'],
    ['::ffff:10.0.0.1', '<REDACTED_IPV6>'],
    ['{"to":"jane.doe+x@mail.example.org"}', '{"to":"<REDACTED_EMAIL>"}'],
    ['a@b.io,c@d.io', '<REDACTED_EMAIL>,<REDACTED_EMAIL>'],
    ['mac 00:1A:2b:3c:4d:5e!', 'mac <REDACTED_MAC_ADDR>!'],
    ['00-1a-2b-3c-4d-5e', '<REDACTED_MAC_ADDR>'],
    ['card 4111 1111 1111 1111 42', 'card <REDACTED_CC_NUMBER> 42'],
    ['5555-5555-5555-4444', '<REDACTED_CC_NUMBER>'],
    ['378282246310005', '<REDACTED_CC_NUMBER>'],
    ['imei 490154203237518', 'imei <REDACTED_IMEI>'],
    ['DE89 3704 0044 0532 0130 00 PAID', '<REDACTED_IBAN> PAID'],
    ['GB82WEST12345698765432', '<REDACTED_IBAN>'],
    ['ssn 078-05-1120', 'ssn <REDACTED_SSN>'],
    ['10.0.*.* and 192.168.7.*', '<REDACTED_IPV4> and <REDACTED_IPV4>'],
    ['fe80::1%eth0 up', '<REDACTED_IPV6> up'],
    ['j***n@example.org', '<REDACTED_EMAIL>'],
    ['jane@e****e.com', '<REDACTED_EMAIL>'],
    ['root@localhost', '<REDACTED_EMAIL>'],
    ['?mail=jane%40example.org&x=1', '?mail=<REDACTED_EMAIL>&x=1'],
    ['DE89-3704-0044-0532-0130-00', '<REDACTED_IBAN>'],
    ['DE 89 3704 0044 0532 0130 00', '<REDACTED_IBAN>'],
    ['GB82 WEST 1234 5698 7654 32', '<REDACTED_IBAN>'],
    ['mac aa:bb:cc:dd:ee:ff', 'mac <REDACTED_MAC_ADDR>'],
    ['AA-BB-CC-DD-EE-FF', '<REDACTED_MAC_ADDR>'],
    ['imei 49-015420-323751-8', 'imei <REDACTED_IMEI>'],
    ['imei 49-015420-323751-51', 'imei <REDACTED_IMEI>'],
    ['49 015420 323751 51', '<REDACTED_IMEI>'],
    [
      '490154203237518 4111 1111 1111 1111 2221000000000009',
      '<REDACTED_IMEI> <REDACTED_CC_NUMBER> <REDACTED_CC_NUMBER>',
    ],
    ['12 4111 1111 1111 1111', '12 <REDACTED_CC_NUMBER>'],
    ['2026-01-05 5555-5555-5555-4444', '2026-01-05 <REDACTED_CC_NUMBER>'],
    ['DE89 3704 0044 0532 0130 00 GB29-NWBK-6016-1331-9268-19', '<REDACTED_IBAN> <REDACTED_IBAN>'],
    ['XX11 DE89 3704 0044 0532 0130 00', 'XX11 <REDACTED_IBAN>'],
  ])('%s', (text, redacted) => expect(redact(text)).toBe(redacted))
})

/** A number of an issuer's prefix and length whose check digit fits. */
function cardOf(prefix: string, length: number): string {
  const digits = prefix.padEnd(length - 1, '7')
  const check = Array.from({ length: 10 }, (_, d) => `${digits}${d}`).find((number) => {
    const sum = [...number].reverse().reduce((total, digit, i) => {
      const doubled = i % 2 === 1 ? Number(digit) * 2 : Number(digit)
      return total + (doubled > 9 ? doubled - 9 : doubled)
    }, 0)
    return sum % 10 === 0
  })
  return check!
}

describe('cards', () => {
  test.each([
    ['Visa', '4', 13],
    ['Visa', '4', 19],
    ['Mastercard', '2221', 16],
    ['American Express', '34', 15],
    ['Diners Club', '305', 14],
    ['Diners Club', '36', 14],
    ['Diners Club', '38', 16],
    ['Discover', '6011', 16],
    ['UnionPay', '62', 17],
    ['UnionPay', '81', 16],
    ['JCB', '3528', 16],
    ['JCB', '2131', 15],
    ['JCB', '1800', 15],
    ['Maestro', '5018', 13],
    ['Maestro', '6304', 14],
    ['Maestro', '56', 19],
    ['Mir', '2200', 16],
    ['Mir', '2204', 19],
    ['Troy', '9792', 16],
    ['RuPay', '508', 16],
    ['RuPay', '82', 16],
    ['Dankort', '5019', 16],
    ['Verve', '506099', 18],
  ])('%s %s of %i digits', (_, prefix, length) => {
    const card = cardOf(prefix, length)
    expect(redact(`card ${card}!`)).toBe('card <REDACTED_CC_NUMBER>!')
    const wrong = card.slice(0, -1) + ((Number(card.at(-1)) + 1) % 10)
    expect(redact(wrong)).toBe(wrong)
  })
})

describe('left alone', () => {
  test.each([
    '',
    'GET /api/v1.2.3/items?page=4 HTTP/1.1',
    '300.1.2.3',
    'std::string a::b',
    'at 12:34:56',
    '4111 1111 1111 1112',
    '1800000000123456789',
    '0000000000000000',
    'DE89 3704 0044 0532 0130 01',
    '000-12-3456',
    'a@b',
    'x123-45-6789',
    'a well-known name: value',
    'git@github',
    'de:ad:be:ef',
    '1.2.3',
    '2 * 3 * 4',
  ])('%s', (text) => expect(redact(text)).toBe(text))
})

test('hostile texts take linear time', () => {
  const texts = [
    'a',
    'a@',
    'a@a.',
    '1',
    '1.',
    ':',
    'a:',
    '1-',
    'AA11',
    '4 ',
    'A1 ',
    '00:',
    '1-1',
    '@.',
    '%',
    '*',
    '%40',
    'a%40',
    'aa:',
    'AA11-',
    '1.*.',
    '49-015420-',
  ]
  expectLinear('redact_pii_best_effort', texts)
})

test('what is redacted stays as it is', () => {
  const texts = [
    'a@b.io 10.0.0.7',
    '4111 1111 1111 1111 DE89 3704 0044 0532 0130 00',
    '::1 00:1A:2b:3c:4d:5e',
  ]
  for (const text of texts) {
    const once = redact(text)
    expect(once).not.toBe(text)
    expect(redact(once as string)).toBe(once)
  }
})
