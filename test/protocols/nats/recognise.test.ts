/** What is NATS, what isn't, and where it begins. */
import { describe, expect, test } from 'bun:test'
import { http } from '../../../src/protocols/http'
import { nats } from '../../../src/protocols/nats'
import type { Head } from '../../../src/protocols/protocol'
import { ROLE_CLIENT, ROLE_SERVER } from '../../../src/records/types'
import { recognise } from '../../../src/streams/recognise'
import { bytesOf, rig, Wire } from '../../streams/wire'
import { connect, GREETING, INFO, msg, NATS_SOCKET, pub, TABLE, type Turn, talk } from './talk'

const headOf = (text: string, more: Partial<Head> = {}): Head => ({
  bytes: bytesOf(text),
  transport: 'tcp',
  isOpening: true,
  from: undefined,
  ownPort: 40_000,
  peerPort: 4222,
  ...more,
})

const answer = (text: string, more: Partial<Head> = {}) => {
  const said = nats.recognise(headOf(text, more))
  return typeof said === 'string' ? said : `${said.side}${said.sure ? '' : '?'}`
}

describe('recognition', () => {
  test.each([
    [INFO, 'server'],
    ['INFO {"server_id', 'server'],
    ['info\t{ "a":1}\r\n', 'server'],
    [connect(), 'client'],
    ['CONNECT {"jwt":"eyJ', 'client'],
    ['PUB a 2\r\nhi\r\n', 'client'],
    ['PUB a 200\r\nhi', 'client'],
    ['HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n', 'client'],
    ['SUB a.> 1\r\n', 'client'],
    ['SUB a q 12\r\n', 'client'],
    ['UNSUB 1 5\r\n', 'client'],
    ['MSG a 1 2\r\nhi\r\n', 'server'],
    ['SUB a one\r\n', 'client?'],
    ['PUB a 2\nhi\r\n', 'client?'],
    ['P', 'need-more'],
    ['PUB a.b', 'need-more'],
    ['PUB a.b 12\r', 'need-more'],
    ['INFO ', 'need-more'],
    ['CONNECT {', 'need-more'],
  ])('%j: %s', (text, expected) => expect(answer(text)).toBe(expected))

  test.each([
    'PUB a 2\r\nhello\r\n',
    'PUB a\r\n',
    'PUB a b c 2\r\n',
    'PUB a -2\r\n',
    'PUB a 99999999999\r\n',
    'HPUB a 5 2\r\n',
    'PUB\x00a 2\r\n',
    // Redis, POP3, SMTP, IRC, NSQ, MSNP
    'PING\r\n',
    'PONG\r\n',
    '+OK\r\n',
    '+OK POP3 server ready\r\n',
    '-ERR unknown command\r\n',
    'INFO\r\n',
    'INFO server\r\n',
    'PUBLISH a b\r\n',
    'SUBSCRIBE a\r\n',
    'PUB topic\n\x00\x00\x00\x02hi',
    'MSG alice@example.org Alice 140\r\n',
    // HTTP
    'CONNECT example.org:443 HTTP/1.1\r\n\r\n',
    'CONNECT example.org:443',
    'CONNECT [::1]:443 HTTP/1.1\r\n',
    'PUT /a HTTP/1.1\r\n',
    'POST / HTTP/1.1\r\n',
    'HTTP/1.1 200 OK\r\n',
    'SUBSCRIBE / HTTP/1.1\r\n',
    // SIP
    'INFO sip:alice@example.org SIP/2.0\r\n',
  ])('%j: no', (text) => expect(['no', 'server?']).toContain(answer(text)))

  test('between servers the side is that of who dialled', () => {
    expect(answer('RMSG $G a 2\r\nhi\r\n', { from: 'server' })).toBe('server')
    expect(answer('RMSG $G a 2\r\nhi\r\n', { from: 'client' })).toBe('client')
    expect(answer('LS+ a\r\n', { ownPort: 7422, peerPort: 50_000 })).toBe('server')
  })

  test('HTTP isn’t taken for NATS, nor NATS for HTTP', () => {
    for (const protocols of [
      [http, nats],
      [nats, http],
    ]) {
      const chosen = (text: string) => {
        const head = headOf(text)
        const found = recognise(protocols, head, head.bytes.length, new Set())
        return typeof found === 'string' ? found : found.protocol.name
      }
      expect(chosen('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n')).toBe('http')
      expect(chosen(connect({ jwt: 'e'.repeat(600) }))).toBe('nats')
      expect(chosen(connect({ jwt: 'e'.repeat(6000) }))).toBe('nats')
      // The end of the line isn't captured.
      expect(chosen(connect({ jwt: 'e'.repeat(6000) }).slice(0, 4096))).toBe('nats')
    }
  })

  test('an HTTP request in a payload, a NATS message in a body', () => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    const inNats = talk([['client', `rest of a payload\r\n${pub('a', request)}${pub('b', request)}`]], {
      joined: true,
    })
    expect(inNats.said).toHaveLength(2)
    expect(inNats.sink.rows('http_events')).toHaveLength(0)
    const text = pub('a', 'hello')
    const inHttp = talk([
      ['client', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${text.length}\r\n\r\n${text}`],
      ['server', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ])
    expect(inHttp.sink.rows('http_events')).toHaveLength(1)
    expect(inHttp.said).toHaveLength(0)
  })
})

describe('a connection that was joined under way', () => {
  test('is found at the first whole line', () => {
    const turns: Turn[] = [
      ['client', `xxxx the rest of a payload\r\n${pub('a', '1')}${pub('b', '2')}`],
      ['server', `the rest of another\r\n${msg('a 1', '1')}`],
      ['server', msg('b 1', '2')],
    ]
    const { rows } = talk(turns, { joined: true })
    rows.sort((one, other) => Number(one.time_) - Number(other.time_))
    expect(rows.map(({ cmd, body }) => `${cmd} ${body}`.slice(0, 18))).toEqual([
      'PUB {"subject":"a"',
      'PUB {"subject":"b"',
      'MSG {"subject":"a"',
      'MSG {"subject":"b"',
    ])
  })

  test('is found behind PING and PONG, and while large payloads pass', () => {
    const { streams, sink } = rig([nats])
    const wire = new Wire(NATS_SOCKET)
    streams.handle(wire.request('PING\r\n'))
    streams.handle(wire.response('PONG\r\n'))
    for (let i = 0; i < 50; i++) streams.handle(wire.request('x'.repeat(65_536), 4096))
    streams.handle(wire.request(`xxx\r\n${pub('found', '1')}`))
    streams.handle(wire.request(pub('again', '2')))
    streams.close()
    const subjects = sink.rows(TABLE).map(({ body }) => JSON.parse(body as string).subject)
    expect(subjects).toContain('again')
  })

  test('what is on both ends is recorded once, with both processes', () => {
    const { streams, sink } = rig([nats])
    const server = new Wire({
      role: ROLE_SERVER,
      pid: 10,
      local: ['127.0.0.1', 4222],
      remote: ['127.0.0.1', 5000],
    })
    const client = new Wire({
      role: ROLE_CLIENT,
      pid: 20,
      local: ['127.0.0.1', 5000],
      remote: ['127.0.0.1', 4222],
    })
    streams.handle(client.open())
    streams.handle(server.open())
    for (const [from, text] of [
      ...GREETING,
      ['client', pub('a', '1')],
      ['server', msg('a 1', '1')],
    ] as Turn[]) {
      const [speaks, hears] = from === 'client' ? [client, server] : [server, client]
      for (const end of [speaks, hears])
        streams.handle(from === 'client' ? end.request(text) : end.response(text))
    }
    streams.close()
    const rows = sink.rows(TABLE)
    expect(rows.map(({ cmd }) => cmd)).toEqual(['INFO', 'CONNECT', 'PING', 'PONG', 'PUB', 'MSG'])
    for (const row of rows.slice(1)) expect(row).toMatchObject({ upid: '1:10:5', remote_upid: '1:20:5' })
  })
})

test('TLS that begins behind INFO is known as TLS', () => {
  const hello = `\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00`
  for (const pieces of [[hello], [...hello]]) {
    const turns = pieces.map((bytes) => ['client', bytes] as const)
    const { streams, sink, wire, counters } = talk(
      [['server', INFO.replace('}', ',"tls_required":true}')], ...turns],
      {
        open: true,
      },
    )
    streams.handle(wire.response('\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00'))
    streams.handle(wire.request('\x17\x03\x03\x00\x05PUB a 1\r\n'))
    streams.connStats(10e9)
    expect(sink.rows(TABLE)).toHaveLength(1)
    expect(counters.encryptedConnections).toBe(1)
    expect(sink.rows('conn_stats')[0]).toMatchObject({ ssl: true })
  }
})
