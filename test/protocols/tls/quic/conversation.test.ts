/** Handshakes of QUIC as rows of `tls_events`. */
import { describe, expect, test } from 'bun:test'
import { DECODE_LIMITS, DecodeBudget } from '../../../../src/protocols/lib/decode-budget'
import { tls } from '../../../../src/protocols/tls'
import { initialKeys } from '../../../../src/protocols/tls/quic/keys'
import { ROLE_UNKNOWN } from '../../../../src/records/types'
import { random, rig, Wire } from '../../../streams/wire'
import * as Tls from '../build'
import * as Quic from './build'

const X25519 = 29
const hello = (more: readonly Uint8Array[] = []) =>
  Tls.message(
    1,
    Tls.clientHelloBody({
      extensions: [
        Tls.serverName('shop.test'),
        Tls.alpn('h3'),
        Tls.versions(0x0304),
        Tls.shares(32, X25519),
        ...more,
      ],
    }),
  )
const answer = Tls.serverHello({
  cipher: 0x1302,
  extensions: [Tls.chosenVersion(0x0304), Tls.chosenShare(X25519)],
})
const HELLO = hello()

type Said = readonly ['client' | 'server', Uint8Array]

function played(said: readonly Said[], { goesOn = false } = {}) {
  const all = rig([tls])
  const wire = new Wire({ transport: 'udp', local: ['10.0.0.1', 443], remote: ['10.0.0.2', 40_000] })
  for (const [from, bytes] of said)
    all.streams.handle(from === 'client' ? wire.request(bytes) : wire.response(bytes))
  if (!goesOn) all.streams.handle(wire.close())
  all.streams.tick(wire.timeNs + 10e9)
  return { ...all, wire, rows: all.sink.rows('tls_events') }
}
const whole = (version: 1 | 2): readonly Said[] => [
  ['client', Quic.initial('client', [Quic.crypto(0, HELLO)], { version })],
  [
    'server',
    Tls.join(
      Quic.initial('server', [Quic.ACK, Quic.crypto(0, answer)], {
        version,
        destination: Quic.OWN_ID,
        least: 20,
      }),
      Quic.handshake(900, { version }),
    ),
  ],
  [
    'client',
    Tls.join(
      Quic.initial('client', [Quic.ACK], { version, packetNumber: 1 }),
      Quic.handshake(60, { version }),
    ),
  ],
  ['client', Quic.data(300)],
]

describe('a handshake of QUIC', () => {
  test('keys are those of the examples (RFC 9001, A.1; RFC 9369, A.1)', () => {
    const { client, server } = initialKeys(1, Quic.ID)
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    expect([client.key, client.iv, client.header].map(hex)).toEqual([
      '1f369613dd76d5467730efcbe3b1a22d',
      'fa044b2f42a3fd3b46fb255c',
      '9f50449e04a0e810283a1e9933adedd2',
    ])
    expect(hex(server.key)).toBe('cf3a5331653c364c88f0f379b6067e37')
    expect(hex(initialKeys(2, Quic.ID).client.key)).toBe('8b1a0bc121284290a29e0971b5cd045d')
  })

  test.each([1, 2] as const)(
    'of version %d: what both hellos say, done with the client’s next packet',
    (version) => {
      const { rows, verdicts } = played(whole(version))
      expect(rows).toMatchObject([
        {
          server_name: 'shop.test',
          alpn_offered: 'h3',
          version: 'TLS 1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          resumed: false,
          outcome: 'complete',
          latency: 2000,
        },
      ])
      expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
    },
  )

  test('a hello in several packets, its pieces in any order and more than once', () => {
    const cut = (from: number, to?: number) => Quic.crypto(from, HELLO.subarray(from, to))
    const { rows } = played([
      ['client', Quic.initial('client', [cut(90, 120), Quic.PING, cut(30, 60)])],
      ['client', Quic.initial('client', [cut(120), cut(20, 70)], { packetNumber: 1 })],
      ['client', Quic.initial('client', [cut(0, 30), cut(60, 95)], { packetNumber: 2 })],
      ...whole(1).slice(1),
    ])
    expect(rows).toMatchObject([{ server_name: 'shop.test', outcome: 'complete' }])
  })

  test('behind a Retry the client’s packets have other keys', () => {
    const { rows } = played([
      ['client', Quic.initial('client', [Quic.crypto(0, HELLO)])],
      ['server', Quic.retry()],
      [
        'client',
        Quic.initial('client', [Quic.crypto(0, HELLO)], {
          from: Quic.OWN_ID,
          destination: Quic.OWN_ID,
          token: [1, 2, 3],
        }),
      ],
      ['server', Quic.initial('server', [Quic.crypto(0, answer)], { from: Quic.OWN_ID })],
      ['client', Quic.handshake()],
    ])
    expect(rows).toMatchObject([{ server_name: 'shop.test', version: 'TLS 1.3', outcome: 'complete' }])
  })

  test('another group is wanted: two hellos, one row', () => {
    const again = Tls.serverHello({ random: Tls.RETRY_RANDOM, extensions: [Tls.chosenVersion(0x0304)] })
    const { rows } = played([
      ['client', Quic.initial('client', [Quic.crypto(0, HELLO)])],
      ['server', Quic.initial('server', [Quic.crypto(0, again)])],
      ['client', Quic.initial('client', [Quic.crypto(HELLO.length, HELLO)], { packetNumber: 1 })],
      ['server', Quic.initial('server', [Quic.crypto(again.length, answer)], { packetNumber: 1 })],
      ['client', Quic.handshake()],
    ])
    expect(rows).toHaveLength(1)
    expect(String(rows[0]!.resp_body)).toContain('"hello_retry":true')
  })

  test('an alert, and a client that nobody answers', () => {
    const { rows } = played([
      ['client', Quic.initial('client', [Quic.crypto(0, HELLO)])],
      ['server', Quic.initial('server', [Quic.ACK, Quic.close(0x178)])],
    ])
    expect(rows).toMatchObject([{ alert: 'no_application_protocol', outcome: 'complete', version: '' }])
    expect(played(whole(1).slice(0, 1)).rows).toMatchObject([
      { outcome: 'unanswered', server_name: 'shop.test' },
    ])
  })

  test('whatever the ports are', () => {
    const all = rig([tls])
    const wire = new Wire({
      transport: 'udp',
      role: ROLE_UNKNOWN,
      local: ['10.0.0.1', 40_000],
      remote: ['10.0.0.2', 50_000],
    })
    for (const [from, bytes] of whole(1))
      all.streams.handle(from === 'server' ? wire.request(bytes) : wire.response(bytes))
    all.streams.tick(wire.timeNs + 1e9)
    expect(all.sink.rows('tls_events')).toMatchObject([{ outcome: 'complete', server_name: 'shop.test' }])
  })

  test('while it lasts it is shown', () => {
    const { streams, live, wire } = played(whole(1).slice(0, 2), { goesOn: true })
    streams.underWay(wire.timeNs + 5e9)
    expect(live.rows('tls_events')).toMatchObject([{ outcome: 'running', server_name: 'shop.test' }])
  })
})

describe('what is no such handshake', () => {
  test('has no row: data alone, another version, a packet that is changed, noise', () => {
    const first = Quic.initial('client', [Quic.crypto(0, HELLO)])
    const changed = Buffer.from(first)
    changed[600] = changed[600]! ^ 1
    const other = Buffer.from(first)
    other[4] = 9
    const next = random(3)
    const noise = Uint8Array.from({ length: 1300 }, (_, i) => (i === 0 ? 0xc3 : Math.floor(next() * 256)))
    for (const bytes of [Quic.data(), changed, other, noise, first.subarray(0, 1000)])
      expect(
        played([
          ['client', bytes],
          ['server', Quic.data()],
        ]).rows,
      ).toEqual([])
  })

  test('a datagram cut anywhere, and frames without an end, do no harm', () => {
    const first = Quic.initial('client', [Quic.crypto(0, HELLO)])
    for (let end = 0; end < first.length; end += 37) {
      const padded = Tls.join(first.subarray(0, end), new Uint8Array(1300))
      played([['client', padded]])
    }
    const endless = [Tls.join([2, 0, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0])]
    expect(played([['client', Quic.initial('client', endless)]]).rows).toEqual([])
    expect(
      played([['client', Quic.initial('client', [Tls.join([6], [0xbf, 0xff, 0xff, 0xff], [1, 1])])]]).rows,
    ).toEqual([])
  })

  test('pieces that don’t join are bounded in memory, and packets in number', () => {
    const said: Said[] = []
    for (let i = 0; i < 400; i++)
      said.push(['client', Quic.initial('client', [Quic.crypto(2 + 3 * i, [1])], { packetNumber: i })])
    const { streams, rows, verdicts } = played(said, { goesOn: true })
    expect(rows).toEqual([])
    expect(streams.heldBytes).toBeLessThan(64 << 10)
    expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
  })

  test('without time for it nothing is decrypted', () => {
    const all = rig([tls])
    const decodeBudget = new DecodeBudget(() => 0, { ...DECODE_LIMITS, burstNs: 0 })
    Object.assign(all.settings, { decodeBudget })
    const wire = new Wire({ transport: 'udp', local: ['10.0.0.1', 443], remote: ['10.0.0.2', 40_000] })
    for (const [from, bytes] of whole(1))
      all.streams.handle(from === 'client' ? wire.request(bytes) : wire.response(bytes))
    expect(all.sink.rows('tls_events')).toEqual([])
    expect(decodeBudget.refused).toBeGreaterThan(0)
  })
})
