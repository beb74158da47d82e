import { describe, expect, test } from 'bun:test'
import { expectLinear, value } from './apply'

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
  ])('%s', (text, redacted) => expect(redact(text)).toBe(redacted))
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
  ])('%s', (text) => expect(redact(text)).toBe(text))
})

test('hostile texts take linear time', () => {
  const texts = ['a', 'a@', 'a@a.', '1', '1.', ':', 'a:', '1-', 'AA11', '4 ', 'A1 ', '00:', '1-1', '@.', '%']
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
