/** Which bytes are Redis for sure, which may be, and which are others'. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import type { Head, Recognition } from '../../../src/protocols/protocol'
import { redis } from '../../../src/protocols/redis'
import { recognise } from '../../../src/streams/recognise'
import { array, command, push, string } from './talk'

const head = (text: string, about: Partial<Head> = {}): Head => ({
  bytes: new Uint8Array(Buffer.from(text, 'latin1')),
  transport: 'tcp',
  isOpening: true,
  from: 'client',
  ownPort: 40_000,
  peerPort: 6379,
  ...about,
})
const ask = (text: string, about: Partial<Head> = {}): Recognition => redis.recognise(head(text, about))

const CLIENT: Recognition = { side: 'client', sure: true }
const SERVER: Recognition = { side: 'server', sure: true }

describe('sure', () => {
  test.each([command('PING'), command('set', 'a', 'b'), command('FT.SEARCH', 'x'), '*1\r\n$4\r\nINFO\r\n'])(
    'a command %p',
    (text) => {
      expect(ask(text)).toEqual(CLIENT)
      expect(ask(text, { isOpening: false, from: undefined })).toEqual(CLIENT)
    },
  )

  test.each([
    string('a value'),
    array(string('1'), ':2\r\n'),
    push(string('message'), string('c'), string('m')),
    '%1\r\n$6\r\nserver\r\n+redis\r\n',
    '*1\r\n*2\r\n$1\r\na\r\n',
    '+PONG\r\n',
    '-NOAUTH Authentication required.\r\n',
    '-DENIED Redis is running in protected mode\r\n',
    '+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"\r\n',
  ])('what a server says: %p', (text) => {
    expect(ask(text, { isOpening: false, from: 'server' })).toEqual(SERVER)
  })
})

test('a line of words, at the beginning of a connection, may be', () => {
  expect(ask('PING\r\n')).toEqual({ side: 'client', sure: false })
  expect(ask('info replication\n')).toEqual({ side: 'client', sure: false })
  expect(ask('PIN')).toBe('need-more')
  expect(ask('PING\r\n', { isOpening: false })).toBe('no')
  expect(ask('PING\r\n', { from: undefined })).toBe('no')
})

describe('what others say isn’t', () => {
  test.each([
    ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['client', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['client', 'get key\r\n'],
    ['client', 'set key 0 0 5\r\nhello\r\n'],
    ['client', 'AUTH PLAIN dGVzdA==\r\n'],
    ['client', 'AUTH TLS\r\n'],
    ['client', 'USER anonymous\r\n'],
    ['client', 'EHLO example.org\r\n'],
    ['client', 'QUIT\r\n'],
    ['client', 'CONNECT {"verbose":false}\r\nPING\r\n'],
    ['client', 'PING :irc.example.org\r\n'],
    ['client', '* OK IMAP\r\n'],
    ['server', '+OK\r\n'],
    ['server', '-ERR no\r\n'],
    ['server', '+OK POP3 ready\r\n'],
    ['server', '* OK IMAP4 ready\r\n'],
    ['server', ':irc.example.org 001 me\r\n'],
    ['server', 'PONG\r\n'],
    ['server', '220 smtp ready\r\n'],
    ['server', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['server', '$ORIGIN example.org.\r\n'],
    ['server', '*3\r\nno\r\n'],
    ['server', '%PDF-1.7\r\n'],
    ['server', '>hello\r\n'],
  ] as const)('of a %s: %p', (from, text) => {
    expect(ask(text, { from })).toBe('no')
    expect(ask(text, { from, isOpening: false })).toBe('no')
  })

  test('and what Redis says is nobody else’s', () => {
    const others = PROTOCOLS.filter(({ name }) => name !== 'redis')
    for (const text of [command('SET', 'a', 'GET / HTTP/1.1'), command('PUBLISH', 'PUB', '5')]) {
      const found = recognise(others, head(text), text.length, new Set())
      if (typeof found === 'object') expect(found).toMatchObject({ sure: false })
      expect(recognise(PROTOCOLS, head(text), text.length, new Set())).toMatchObject({ protocol: redis })
    }
  })
})

test('a command is found within bytes, where a line begins', () => {
  const at = (text: string) => redis.search!(new Uint8Array(Buffer.from(text)), 1)
  expect(at(`noise\r\n${command('PING')}`)).toBe(7)
  expect(at(`noise ${command('PING')}`)).toBe(-1)
  expect(at('*\r\n*1\r\n$x\r\n')).toBe(-1)
})
