/** What is on a tape after its secrets were replaced, for all that a tape may hold. */
import { expect, test } from 'bun:test'
import { PROCESS_EXEC } from '../../src/events/identity'
import { redactTape } from '../../src/recording/redact'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { answer, query } from '../protocols/dns/build'
import { END_HEADERS, END_STREAM, frame, get, integer, OPENING } from '../protocols/http2/talk'
import { Wire } from '../streams/wire'
import { payloadsOf, processBytes, tapeOf } from './tapes'

const zeros = (bytes: number) => '\0'.repeat(bytes)

test('a secret that lies in several calls, and in one that was told late', () => {
  const wire = new Wire()
  const [first, second, third] = ['GET / HTTP/1.1\r\nCookie: ab', 'cd\r\nX-Tok', 'en: abcd\r\n\r\n'].map(
    (text) => wire.request(text),
  )
  const tape = tapeOf([first!, third!, second!])
  expect(redactTape(tape)).toMatchObject({
    secret: 8,
    unread: 0,
    unsaid: { http2: 0, websocket: 0, encrypted: 0 },
  })
  expect(payloadsOf(tape)).toEqual([
    'GET / HTTP/1.1\r\nCookie: xx',
    'xx: xxxx\r\n\r\n'.replace('xx: ', 'en: '),
    'xx\r\nX-Tok',
  ])
})

test('of both ends of a connection the same stays', () => {
  const [client, server] = [
    new Wire({ role: ROLE_CLIENT, local: ['10.0.0.2', 40000], remote: ['10.0.0.1', 80] }),
    new Wire({ role: ROLE_SERVER, local: ['10.0.0.1', 80], remote: ['10.0.0.2', 40000] }),
  ]
  const request = 'GET /?api_key=abc HTTP/1.1\r\nHost: a\r\n\r\n'
  const tape = tapeOf([client.request(request), server.request(request)])
  redactTape(tape)
  const safe = 'GET /?api_key=xxx HTTP/1.1\r\nHost: a\r\n\r\n'
  expect(payloadsOf(tape)).toEqual([safe, safe])
})

test('an unknown protocol is left out but for its first bytes', () => {
  const wire = new Wire()
  const tape = tapeOf([wire.request('\x00\x01hunter2 is what I say'), wire.response('ok, hunter2')])
  const { unread } = redactTape(tape)
  expect(payloadsOf(tape)).toEqual([`\x00\x01hunter${zeros(15)}`, `ok, hunt${zeros(3)}`])
  expect(unread).toBe(18)
})

test.each<[string, string, Uint8Array | undefined]>([
  ['from its beginning on', '', OPENING],
  ['under way', '', undefined],
  ['after an Upgrade', 'GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n', OPENING],
])('HTTP/2 %s: its code hides secrets, so it is left out', (_, before, opening) => {
  const wire = new Wire()
  // RFC 7541, Appendix B: `hunter2`.
  const hidden = Uint8Array.from([0x04, 0x80 | 6, 0x9e, 0xda, 0x93, 0xb0, 0x8b, 0xff])
  const head = get(3, '/b').subarray(9)
  const block = Buffer.concat([head, Uint8Array.from([0x0f, ...integer(23 - 15, 7, 0)]), hidden])
  const said = [
    ...(before === '' ? [] : [wire.request(before)]),
    ...(opening ? [wire.request(opening)] : []),
    wire.request(get(1, '/a')),
    wire.request(frame(1, END_HEADERS | END_STREAM, 3, block)),
  ]
  const tape = tapeOf(said)
  const { unread, unsaid } = redactTape(tape)
  expect(unsaid).toEqual({ http2: 1, websocket: 0, encrypted: 0 })
  expect(unread).toBeGreaterThan(block.length - 8)
  for (const payload of payloadsOf(tape))
    expect(payload.slice(8)).toBe(zeros(Math.max(0, payload.length - 8)))
})

test('TLS stays: nobody can read it', () => {
  const hello = `\x16\x03\x01\x00\x05\x01hello`
  const tape = tapeOf([new Wire().request(hello)])
  expect(redactTape(tape).unsaid).toEqual({ http2: 0, websocket: 0, encrypted: 1 })
  expect(payloadsOf(tape)).toEqual([hello])
})

test('what becomes TLS later said something before: that is left out', () => {
  const wire = new Wire()
  const tls = '\x16\x03\x01\x00\x05\x01hello'
  const tape = tapeOf([wire.request('\x02AUTH bob hunter2'), wire.request('lost', 0), wire.request(tls)])
  redactTape(tape)
  expect(payloadsOf(tape).join()).not.toContain('hunter2')
})

test('WebSocket: messages are left out, and the connection is counted', () => {
  const wire = new Wire()
  const tape = tapeOf([
    wire.request('GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    wire.response('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n'),
    wire.response('\x81\x07hunter2'),
  ])
  expect(redactTape(tape).unsaid).toEqual({ http2: 0, websocket: 1, encrypted: 0 })
  expect(payloadsOf(tape).join()).not.toContain('hunter2')
})

test('NATS: credentials of a connection', () => {
  const wire = new Wire({ local: ['10.0.0.1', 4222] })
  const info = 'INFO {"server_id":"a","version":"2.10.0","max_payload":1048576}\r\n'
  const connect = (user: string, pass: string) =>
    `CONNECT {"verbose":false,"user":"${user}","pass":"${pass}"}\r\nPING\r\n`
  const tape = tapeOf([wire.response(info), wire.request(connect('bob', 'hunter'))])
  redactTape(tape)
  expect(payloadsOf(tape)).toEqual([info, connect('xxx', 'xxxxxx')])
})

test('DNS stays as it is', () => {
  const wire = new Wire({ transport: 'udp', local: ['10.0.0.1', 53] })
  const [asked, answered] = [query(7, 'token.example.test'), answer(7, 'token.example.test')]
  const tape = tapeOf([wire.request(asked), wire.response(answered)])
  expect(redactTape(tape)).toMatchObject({ secret: 0, unread: 0 })
  expect(payloadsOf(tape)).toEqual([asked, answered].map((bytes) => Buffer.from(bytes).toString('latin1')))
})

test('command lines', () => {
  const tape = tapeOf([])
  const args = (secret: string) => [
    'curl',
    '-H',
    `Authorization: ${secret}`,
    '-u',
    `bob:${secret}`,
    'http://a/ü?n=1',
  ]
  tape.add('process', processBytes({ kind: PROCESS_EXEC, pid: 5, args: args('hunter') }))
  redactTape(tape)
  const [frame] = [...tape].map(({ bytes }) => Buffer.from(bytes).toString('latin1'))
  expect(frame).toBe(processBytes({ kind: PROCESS_EXEC, pid: 5, args: args('xxxxxx') }).toString('latin1'))
})
