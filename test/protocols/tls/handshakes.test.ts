/** What a row says of a handshake, by how that went. */
import { describe, expect, test } from 'bun:test'
import * as Tls from './build'
import { played, type Said } from './talk'

const X25519 = 29
const offer = [Tls.serverName('shop.test'), Tls.alpn('h2', 'http/1.1')]
const hello12 = Tls.handshake(Tls.clientHello({ extensions: offer }))
const hello13 = Tls.handshake(
  Tls.clientHello({
    extensions: [...offer, Tls.versions(0x0304, 0x0303), Tls.shares(32, X25519)],
  }),
)
const answer13 = (...more: readonly Uint8Array[]) =>
  Tls.handshake(
    Tls.serverHello({
      cipher: 0x1303,
      extensions: [Tls.chosenVersion(0x0304), Tls.chosenShare(X25519), ...more],
    }),
  )
const answer12 = Tls.serverHello({ cipher: 0xc030, extensions: [Tls.alpn('h2')] })
const full12: readonly Said[] = [
  ['client', hello12],
  ['server', Tls.handshake(answer12, Tls.certificates(Tls.CERTIFICATE), Tls.SERVER_HELLO_DONE)],
  ['client', Tls.join(Tls.handshake(Tls.CLIENT_KEY_EXCHANGE), Tls.CHANGE, Tls.finished)],
  ['server', Tls.join(Tls.CHANGE, Tls.finished)],
]

describe('a handshake', () => {
  test('of TLS 1.3: what is in the clear; done with the client’s first encrypted record', () => {
    const { rows, verdicts } = played([
      ['client', hello13],
      ['server', Tls.join(answer13(), Tls.CHANGE, Tls.data(2000))],
      ['client', Tls.join(Tls.CHANGE, Tls.data(53))],
    ])
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      req_type: 22,
      trace_role: 2,
      version: 'TLS 1.3',
      cipher: 'TLS_CHACHA20_POLY1305_SHA256',
      server_name: 'shop.test',
      alpn_offered: 'h2,http/1.1',
      alpn: '',
      resumed: false,
      certificate: '',
      certificate_expires: '',
      alert: '',
      outcome: 'complete',
      latency: 2000,
    })
    expect(JSON.parse(String(rows[0]!.req_body))).toEqual({
      version: 'TLS 1.2',
      cipher_suites: ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
      extensions: {
        server_name: ['shop.test'],
        application_layer_protocol_negotiation: ['h2', 'http/1.1'],
        supported_versions: ['TLS 1.3', 'TLS 1.2'],
        key_share: ['x25519'],
      },
    })
    expect(JSON.parse(String(rows[0]!.resp_body))).toEqual({
      version: 'TLS 1.3',
      cipher_suite: 'TLS_CHACHA20_POLY1305_SHA256',
      extensions: { supported_versions: 'TLS 1.3', key_share: 'x25519' },
    })
    expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
  })

  test('of TLS 1.2: certificate and protocol too; done with the last Finished', () => {
    const { rows } = played(full12)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      version: 'TLS 1.2',
      cipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      alpn: 'h2',
      resumed: false,
      certificate: 'shop.test,*.shop.test,10.0.0.7,fd00::7',
      certificate_expires: '2027-11-26T20:28:31Z',
      outcome: 'complete',
      latency: 3000,
    })
    expect(JSON.parse(String(rows[0]!.resp_body)).certificates).toEqual([
      {
        subject: 'shop.test',
        issuer: 'shop.test',
        names: ['shop.test', '*.shop.test', '10.0.0.7', 'fd00::7'],
        expires: '2027-11-26T20:28:31Z',
      },
    ])
  })

  test('a client’s data before the server’s Finished doesn’t end it (RFC 7918)', () => {
    const early = full12.toSpliced(3, 0, ['client', Tls.data(100)])
    expect(played(early).rows).toMatchObject([{ outcome: 'complete', latency: 4000 }])
  })

  test('without a certificate in its message, or without that message, it is still a whole one', () => {
    const without = Tls.handshake(answer12, Tls.certificates(), Tls.SERVER_HELLO_DONE)
    const anonymous = Tls.handshake(answer12, Tls.SERVER_HELLO_DONE)
    for (const answer of [without, anonymous]) {
      const said: readonly Said[] = [
        ['client', hello12],
        ['server', answer],
        // The client's change of ciphers is read behind the server's.
        ['server', Tls.join(Tls.CHANGE, Tls.finished)],
        [
          'client',
          Tls.join(Tls.handshake(Tls.certificates(), Tls.CLIENT_KEY_EXCHANGE), Tls.CHANGE, Tls.finished),
        ],
      ]
      expect(played(said).rows).toMatchObject([{ resumed: false, outcome: 'complete', certificate: '' }])
    }
  })

  test('that goes on from an earlier one', () => {
    const ticket: readonly Said[] = [
      ['client', hello12],
      ['server', Tls.join(Tls.handshake(answer12), Tls.CHANGE, Tls.finished)],
      ['client', Tls.join(Tls.CHANGE, Tls.finished)],
    ]
    expect(played(ticket).rows).toMatchObject([{ resumed: true, outcome: 'complete', certificate: '' }])
    const key: readonly Said[] = [
      ['client', hello13],
      ['server', Tls.join(answer13(Tls.extension(41, [0, 0])), Tls.data(80))],
      ['client', Tls.data(53)],
    ]
    expect(played(key).rows).toMatchObject([{ resumed: true, version: 'TLS 1.3' }])
  })

  test('early data doesn’t end it', () => {
    const hello = Tls.handshake(
      Tls.clientHello({ extensions: [Tls.versions(0x0304), Tls.extension(42, []), Tls.extension(41, [0])] }),
    )
    const { rows } = played([
      ['client', Tls.join(hello, Tls.CHANGE, Tls.data(19))],
      ['server', Tls.join(answer13(), Tls.data(80))],
      ['client', Tls.data(53)],
    ])
    expect(rows).toMatchObject([{ outcome: 'complete', alert: '', latency: 2000 }])
  })

  test('a second ClientHello after a HelloRetryRequest is of the same row', () => {
    const retry = Tls.handshake(
      Tls.serverHello({ random: Tls.RETRY_RANDOM, extensions: [Tls.chosenVersion(0x0304)] }),
    )
    const { rows } = played([
      ['client', hello13],
      ['server', retry],
      ['client', hello13],
      ['server', answer13()],
      ['client', Tls.data(53)],
    ])
    expect(rows).toMatchObject([{ outcome: 'complete', latency: 4000 }])
    expect(JSON.parse(String(rows[0]!.resp_body)).hello_retry).toBe(true)
  })
})

describe('a handshake that fails', () => {
  test('names the alert, and who sent it', () => {
    const { rows } = played([
      ['client', hello13],
      ['server', Tls.alert(2, 70)],
    ])
    expect(rows).toMatchObject([{ alert: 'protocol_version', version: '', outcome: 'complete' }])
    expect(JSON.parse(String(rows[0]!.resp_body))).toEqual({
      alerts: [{ from: 'server', level: 'fatal', description: 'protocol_version' }],
    })
    const untrusted = full12.slice(0, 2).concat([['client', Tls.alert(2, 48)]])
    expect(played(untrusted).rows).toMatchObject([
      { alert: 'unknown_ca', cipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' },
    ])
  })

  test('a warning lets it go on', () => {
    const warned = full12.toSpliced(1, 0, ['server', Tls.alert(1, 112)])
    expect(played(warned).rows).toMatchObject([
      { alert: 'unrecognized_name', outcome: 'complete', alpn: 'h2' },
    ])
  })

  test('an encrypted alert is one, whatever it says', () => {
    const refused: readonly Said[] = [
      ['client', hello13],
      ['server', Tls.join(answer13(), Tls.data(900))],
      ['client', Tls.data(19)],
    ]
    expect(played(refused).rows).toMatchObject([{ alert: 'encrypted', version: 'TLS 1.3' }])
    const hidden = full12.with(3, ['server', Tls.join(Tls.CHANGE, Tls.records(21, new Uint8Array(26)))])
    expect(played(hidden).rows).toMatchObject([{ alert: 'encrypted', outcome: 'complete' }])
  })

  test('without an answer, and within one', () => {
    expect(played([['client', hello13]]).rows).toMatchObject([{ outcome: 'unanswered', version: '' }])
    expect(played(full12.slice(0, 2)).rows).toMatchObject([{ outcome: 'cut', version: 'TLS 1.2' }])
  })

  test('while it lasts it is shown', () => {
    const { streams, live, wire, sink } = played([['client', hello13]], { goesOn: true })
    streams.underWay(wire.timeNs + 2e9)
    expect(live.rows('tls_events')).toMatchObject([{ outcome: 'waiting' }])
    streams.close()
    expect(sink.rows('tls_events')).toMatchObject([{ outcome: 'waiting' }])
  })
})

describe('the hello of a client', () => {
  const rowOf = (options: Tls.HelloOptions) =>
    played([['client', Tls.handshake(Tls.clientHello(options))]]).rows[0]!
  const requestOf = (options: Tls.HelloOptions) => JSON.parse(String(rowOf(options).req_body))

  test('GREASE is passed over (RFC 8701)', () => {
    const request = requestOf({
      ciphers: [0x2a2a, 0x1301],
      extensions: [
        Tls.extension(0x4a4a, []),
        Tls.versions(0x8a8a, 0x0304),
        Tls.alpn('\x1a\x1a', 'h2'),
        Tls.groups(0xdada, X25519),
        Tls.shares(1, 0xdada, X25519),
      ],
    })
    expect(request.cipher_suites).toEqual(['TLS_AES_128_GCM_SHA256'])
    expect(request.extensions).toEqual({
      supported_versions: ['TLS 1.3'],
      application_layer_protocol_negotiation: ['h2'],
      supported_groups: ['x25519'],
      key_share: ['x25519'],
    })
  })

  test('an encrypted hello within it is named (RFC 9849)', () => {
    const ech = Tls.extension(0xfe0d, [0, 0, 1, 0, 1, 7, 0, 0, 0, 1, 9])
    expect(rowOf({ extensions: [Tls.serverName('public.test'), ech] })).toMatchObject({
      ech: true,
      server_name: 'public.test',
    })
    expect(rowOf({ extensions: [Tls.serverName('public.test')] })).toMatchObject({ ech: false })
  })

  test('without extensions, and with unknown numbers', () => {
    expect(requestOf({ ciphers: [0x9999], version: 0x0301 })).toEqual({
      version: 'TLS 1.0',
      cipher_suites: ['0x9999'],
      extensions: {},
    })
    expect(requestOf({ extensions: [Tls.extension(0x1234, [1])] }).extensions).toEqual({ '0x1234': true })
  })

  test('a list without an end costs the list only', () => {
    const broken = [Tls.extension(16, [0, 9, 8, 1]), Tls.extension(0, [0, 0]), Tls.versions(0x0304)]
    expect(requestOf({ extensions: broken }).extensions).toMatchObject({
      application_layer_protocol_negotiation: [],
      supported_versions: ['TLS 1.3'],
    })
  })
})

describe('messages may lie anywhere', () => {
  /** As post-quantum keys make it, and larger. */
  const large = (bytes: number) =>
    Tls.clientHello({
      extensions: [Tls.serverName('big.test'), Tls.versions(0x0304), Tls.shares(bytes, 4588)],
    })

  test('in as many records as it takes', () => {
    for (const size of [6, 7, 100, 517, 16_384]) {
      const { rows } = played([
        ['client', Tls.records(22, large(1216), size)],
        ['server', Tls.records(22, Tls.serverHello({ extensions: [Tls.chosenVersion(0x0304)] }), size)],
        ['client', Tls.data(53)],
      ])
      expect(rows).toMatchObject([{ server_name: 'big.test', version: 'TLS 1.3', outcome: 'complete' }])
    }
  })

  test('in as many calls as it takes', () => {
    const bytes = Tls.records(22, large(1216), 500)
    for (const size of [1, 5, 9, 1000]) {
      const calls: Said[] = []
      for (let at = 0; at < bytes.length; at += size)
        calls.push(['client', Uint8Array.from(bytes.subarray(at, at + size))])
      expect(played([...calls, ['server', Tls.alert(2, 40)]]).rows).toMatchObject([
        { server_name: 'big.test', alert: 'handshake_failure' },
      ])
    }
  })

  test('up to 64 KiB; a longer one is passed over, and held as little as nothing', () => {
    const whole = played([['client', Tls.records(22, large(60_000))]])
    expect(whole.rows).toMatchObject([{ server_name: 'big.test' }])
    const endless = Tls.join([22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xff, 3, 3], new Uint8Array(16_000))
    const { streams } = played([['client', endless]], { goesOn: true })
    expect(streams.heldBytes).toBeLessThan(128 << 10)
  })

  test('many certificates, of which some are shown', () => {
    const many = Array.from({ length: 40 }, () => Tls.CERTIFICATE)
    const chain = Tls.records(22, Tls.join(answer12, Tls.certificates(...many), Tls.SERVER_HELLO_DONE))
    const { rows } = played(full12.with(1, ['server', chain]))
    expect(rows).toMatchObject([
      { outcome: 'complete', certificate: 'shop.test,*.shop.test,10.0.0.7,fd00::7' },
    ])
    expect(JSON.parse(String(rows[0]!.resp_body)).certificates).toHaveLength(8)
  })

  test('a certificate that is none costs nothing else', () => {
    for (const der of [[], [0x30], [0x30, 0x84, 1, 2, 3, 4], Tls.CERTIFICATE.subarray(0, 200)]) {
      const chain = Tls.handshake(answer12, Tls.certificates(der), Tls.SERVER_HELLO_DONE)
      expect(played(full12.with(1, ['server', chain])).rows).toMatchObject([
        { certificate: '', certificate_expires: '', outcome: 'complete' },
      ])
    }
  })
})
