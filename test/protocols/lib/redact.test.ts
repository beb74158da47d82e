import { describe, expect, test } from 'bun:test'
import { isSecretHeader, redactUrl } from '../../../src/protocols/lib/redact'
import { cpuMs } from '../../support/cpu-time'

test.each([
  ['http://me:pass@host/', 'http://me:[redacted]@host/'],
  ['see amqp://a:b@h, and redis+tls://:p@h:1', 'see amqp://a:[redacted]@h, and redis+tls://:[redacted]@h:1'],
  ['1http://u:p@h', '1http://u:[redacted]@h'],
  ['http://u:p:q@r@h/x@y', 'http://u:[redacted]@h/x@y'],
  ['http://host:80/a@b', 'http://host:80/a@b'],
  ['http://host/?q=a:b@c', 'http://host/?q=a:b@c'],
  ['/p?a=1&Token=x;b=2', '/p?a=1&Token=[redacted];b=2'],
  ...[
    'sig',
    'client_secret',
    'refresh_token',
    'id_token',
    'pwd',
    'x[password]',
    'x%5Bpassword%5D',
    'x[password][]',
  ].map((name) => [`/p?a=1&${name}=s3cr3t&b=2`, `/p?a=1&${name}=[redacted]&b=2`]),
  ...[
    '%74oken',
    'api-key',
    'apiKey',
    'X-Amz-Signature',
    'user.password',
    'newPassword',
    'pw',
    'PASS%57ORD',
  ].map((name) => [`/p?${name}=s3cr3t`, `/p?${name}=[redacted]`]),
  ['/p?next=/b?token=s3cr3t&x=1', '/p?next=/b?token=[redacted]&x=1'],
  ['/p?token=&a=1', '/p?token=&a=1'],
  ['/p?token=a?b=s3cr3t', '/p?token=[redacted]'],
  ['https://app/cb#access_token=s3cr3t&state=1', 'https://app/cb#access_token=[redacted]&state=1'],
  ['/p?%zz=1&%74oken=s3cr3t', '/p?%zz=1&%74oken=[redacted]'],
  ...[
    'page_token',
    'nextPageToken',
    'monkey',
    'compass',
    'design',
    'tokens',
    'key',
    'sort',
    'signal',
    '%',
  ].map((name) => [`/p?${name}=1`, `/p?${name}=1`]),
] as [string, string][])('%s', (url, safe) => {
  expect(redactUrl(url)).toBe(safe)
})

test.each([
  [
    'authorization cookie cookie2 set-cookie set-cookie2 x-api-key x-auth-token x-amz-security-token x-csrf-token',
    true,
  ],
  ['proxy-authorization private-token x-goog-api-key x-vault-token apikey x-access-token', true],
  [
    'accept etag sec-websocket-key idempotency-key www-authenticate authorization-info host key x-cookie-count',
    false,
  ],
])('whether headers are secret: %s', (names, secret) => {
  for (const name of names.split(' ')) expect(isSecretHeader(name), name).toBe(secret)
})

describe('the time grows with the length, not with its square', () => {
  const SIZE = 256 << 10
  const part = (text: string) => text.repeat(Math.ceil(SIZE / text.length))

  test.each([
    'a',
    '://',
    '://:',
    '://a:',
    ':@',
    '?token',
    '?token=',
    '&secret=;',
    'a+.-',
    '@',
    '%74',
    '&a[',
    ']',
    '?token=a?',
    '#pw',
    'pagetoken',
    ']]]a',
    '-_',
  ])('%s …', (text) => {
    for (const url of [`=://${part(text)}`, `${part(text)}=://`, `=${part(text)}://u:p@h`]) {
      // The square of this length takes minutes.
      expect(cpuMs(() => redactUrl(url))).toBeLessThan(1000)
    }
  })
})
