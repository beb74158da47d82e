import { expect, test } from 'bun:test'
import { redactArguments } from '../../src/metadata/command/secrets'
import { redactUrl } from '../../src/redaction/url'
import { cpuMs } from '../support/cpu-time'

const PARTS = [
  'a',
  'token',
  'token=',
  'token:',
  '"token":',
  '"token":"',
  '\\"token\\":\\"',
  'key="',
  'key=',
  'key:"a',
  'password=$a',
  'password=$',
  'password=true,',
  'token=[redacted]',
  'token=[redacted]x',
  '"tokens":[',
  '"tokens":["',
  '"tokens":[{',
  'token[',
  'token[token]',
  'token]',
  '<token',
  '<token>',
  '<token ',
  '<a:token>',
  '<secret><![CDATA[',
  'name="token"',
  'name="token"\r\n',
  'name="token"\r\na',
  'name="token"\r\n\r\n',
  'eyJ',
  'eyJ.',
  'eyJaaaaaaaaa.',
  '.eyJaaaa',
  '-----BEGIN',
  '-----BEGIN PRIVATE KEY-----',
  'bearer ',
  'bearer aaaaaaaa',
  'Bearer+',
  'Basic aaaaaaaa',
  'Digest username=',
  '://',
  '://a:',
  '://a:b',
  '://a:b@',
  '@',
  'a:b@',
  'a:a',
  '=a:b@',
  '=a:======',
  '%',
  '%25',
  '%2525',
  '%3D',
  'token%3D',
  'token%253D',
  '%5Btoken%5D',
  '%70',
  '%70assword=',
  'code=',
  'state=',
  'code=state=',
  '&code=a',
  '?state=aaaaaaaaaaaaaaaa',
  '"code":"authorization_code',
  'authorization_code',
  "'code':'",
  '\\',
  '\\"',
  '"',
  '"name":"token" ',
  '"token" , "value" : ',
  'token/',
  '/token/a1',
  '/bot1234567:',
  '/services/TAAAAAAA/BAAAAAAA/',
  '$2a$',
  '$6$aaaaaaaa',
  'AKIA',
  '.AKIA',
  'sk-',
  ' sk-aaaa',
  '\ntoken: ',
  '\ntoken:',
  'token ',
  'token\t',
  'x-api',
  'tokenTOKEN',
  'a-A',
  'key-',
  '"kind":"Secret","data":{"a":"b","c":',
  '"kind":"Secret","data":{"',
  '"kind":"Secret"\n"data":{',
  'kind: Secret\ndata:\n a: b\n',
  'kind: Secret\ndata:\n',
  '["token","',
  '[["token", "a"]',
  'machine a login b password ',
  'default password',
  'a=token&avalue=',
  'name: token\n value: ',
  'import a\ntoken = b\n',
  'return a;\nkey = ab\n',
  'let token := [a\n',
  'a<token>(',
  '"token"/*',
  '"token" // ',
  '"token"+',
  'token%22%3A%5B%22',
  'token%22%3A%7B',
  '"token":b',
  'token: a(',
  'token: String = ',
  'token: |\n',
  'token:\n  - a\n',
  'token:\n- a',
  'token: x "',
  '{"name":"token",',
  '{"value":"a","name":"token"',
  '"value":"name":"token"',
  '<a name="token"',
  '<a name="token">',
  '<key>token</key>',
  '<key>token</key><string>',
  '<token><value>',
  'login(token:$a) "variables"',
  'kty"',
  '"d":"a',
  '-----BEGIN PRIVATE KEY',
  '-----BEGIN A ',
  '%2DBEGIN PRIVATE KEY%2D',
  '-----BEGIN PRIVATE KEY-----END',
  'Private-Lines: 1\n',
  'Private-Lines: 1\nPrivate-',
  '://a:b/',
  '://a:b#c@',
  '%3A%2F%2Fa%3Ab',
  '%3A%2F%2Fa%40',
  '%40',
  '%253A%252F%252F',
  'a+=',
  '%00',
]
const LENGTH = 32 << 10

/** Processor time; what takes longer than it may is measured once more. */
function msOf(run: () => void, mayTake: number): number {
  const ms = cpuMs(run)
  return ms < mayTake ? ms : Math.min(ms, cpuMs(run))
}

test('what a stranger writes takes time by its length only', () => {
  const all = PARTS.flatMap((part) => [part, `${part} `, `${part}&`, `${part}a1`])
  let slowest = { part: '', ms: 0 }
  for (const part of all) {
    for (const text of [
      part.repeat(LENGTH / part.length),
      `x?a=${'a1'.repeat(LENGTH / 4)}${part.repeat(LENGTH / 2 / part.length)}`,
    ]) {
      const ms = msOf(() => redactUrl(text), 150)
      if (ms > slowest.ms) slowest = { part, ms }
    }
  }
  // The square of the length takes seconds; 32 KiB take some milliseconds here.
  expect(slowest.ms, JSON.stringify(slowest.part)).toBeLessThan(150)
}, 60_000)

test('arguments are bounded by what the kernel sends: 4 KiB take no time', () => {
  for (const part of PARTS) {
    const argument = part.repeat(4096 / part.length)
    const ms = msOf(() => redactArguments(['mysql', argument]), 50)
    expect(ms, JSON.stringify(part)).toBeLessThan(50)
  }
})
