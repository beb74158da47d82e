import { describe, expect, test } from 'bun:test'
import { redactForm, redactUrl } from '../../../src/protocols/lib/redact'

test.each([
  ['http://me:pass@host/', 'http://me:[redacted]@host/'],
  ['see amqp://a:b@h, and redis+tls://:p@h:1', 'see amqp://a:[redacted]@h, and redis+tls://:[redacted]@h:1'],
  ['1http://u:p@h', '1http://u:[redacted]@h'],
  ['http://u:p:q@r@h/x@y', 'http://u:[redacted]@h/x@y'],
  ['http://host:80/a@b', 'http://host:80/a@b'],
  ['http://host/?q=a:b@c', 'http://host/?q=a:b@c'],
  ['/p?a=1&Token=x;b=2', '/p?a=1&Token=[redacted];b=2'],
])('%s', (url, safe) => {
  expect(redactUrl(url)).toBe(safe)
})

describe('the time grows with the length, not with its square', () => {
  const SIZE = 256 << 10
  const part = (text: string) => text.repeat(Math.ceil(SIZE / text.length))

  test.each(['a', '://', '://:', '://a:', ':@', '?token', '?token=', '&secret=;', 'a+.-', '@'])(
    '%s …',
    (text) => {
      for (const url of [`=://${part(text)}`, `${part(text)}=://`, `=${part(text)}://u:p@h`]) {
        const start = performance.now()
        redactUrl(url)
        redactForm(url)
        // The square of this length takes minutes.
        expect(performance.now() - start).toBeLessThan(1000)
      }
    },
  )
})
