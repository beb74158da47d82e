/** The conversations that the shared suite plays. */
import type { Message, Sample } from '../conformance'
import * as Tls from './build'
import * as Quic from './quic/build'

const X25519 = 29
const X25519_MLKEM = 4588

const said = (from: Message['from'], ...parts: readonly Uint8Array[]): Message => ({
  from,
  bytes: Tls.join(...parts),
  of: [0],
})

const hello13 = Tls.handshake(
  Tls.clientHello({
    session: new Uint8Array(32),
    extensions: [
      Tls.serverName('shop.test'),
      Tls.versions(0x0304, 0x0303),
      Tls.alpn('h2', 'http/1.1'),
      Tls.groups(X25519_MLKEM, X25519),
      Tls.shares(32, X25519),
    ],
  }),
)
const answer13 = Tls.handshake(
  Tls.serverHello({ extensions: [Tls.chosenVersion(0x0304), Tls.chosenShare(X25519)] }),
)
const hello12 = Tls.handshake(
  Tls.clientHello({ extensions: [Tls.serverName('old.shop.test'), Tls.alpn('http/1.1')] }),
)
const answer12 = Tls.serverHello({ cipher: 0xc02f, extensions: [Tls.alpn('http/1.1')] })

const quicHello = Tls.message(
  1,
  Tls.clientHelloBody({
    extensions: [Tls.serverName('shop.test'), Tls.versions(0x0304), Tls.alpn('h3'), Tls.shares(32, X25519)],
  }),
)
const quicAnswer = Tls.serverHello({ extensions: [Tls.chosenVersion(0x0304), Tls.chosenShare(X25519)] })

const common = { shows: ['once', 'under-way'], underWayNs: 1e9 } as const

export const SAMPLES: readonly Sample[] = [
  {
    ...common,
    name: 'TLS 1.3',
    records: [['shop.test', 'TLS_AES_128_GCM_SHA256', '"version":"TLS 1.3"']],
    messages: [
      said('client', hello13),
      said('server', answer13, Tls.CHANGE, Tls.data(1200), Tls.data(53)),
      said('client', Tls.CHANGE, Tls.data(53)),
    ],
  },
  {
    ...common,
    name: 'TLS 1.2 with certificates',
    records: [['old.shop.test', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', '*.shop.test']],
    messages: [
      said('client', hello12),
      said('server', Tls.handshake(answer12, Tls.certificates(Tls.CERTIFICATE), Tls.SERVER_HELLO_DONE)),
      said('client', Tls.handshake(Tls.CLIENT_KEY_EXCHANGE), Tls.CHANGE, Tls.finished),
      said('server', Tls.CHANGE, Tls.finished),
    ],
  },
  {
    ...common,
    name: 'TLS 1.2 resumed',
    records: [['old.shop.test', 'http/1.1']],
    messages: [
      said('client', hello12),
      said('server', Tls.handshake(answer12), Tls.CHANGE, Tls.finished),
      said('client', Tls.CHANGE, Tls.finished),
    ],
  },
  {
    ...common,
    name: 'another group is wanted',
    records: [['"hello_retry":true', 'x25519']],
    messages: [
      said('client', hello13),
      said(
        'server',
        Tls.handshake(Tls.serverHello({ random: Tls.RETRY_RANDOM, extensions: [Tls.chosenVersion(0x0304)] })),
      ),
      said('client', hello13),
      said('server', answer13, Tls.data(300)),
      said('client', Tls.data(53)),
    ],
  },
  {
    ...common,
    name: 'refused',
    records: [['handshake_failure', 'shop.test']],
    messages: [said('client', hello13), said('server', Tls.alert(2, 40))],
  },
  {
    name: 'QUIC',
    shows: ['once', 'datagram', 'under-way'],
    underWayNs: 1e9,
    records: [['shop.test', 'TLS_AES_128_GCM_SHA256', '"version":"TLS 1.3"']],
    messages: [
      said('client', Quic.initial('client', [Quic.crypto(0, quicHello)])),
      said('server', Quic.initial('server', [Quic.ACK, Quic.crypto(0, quicAnswer)]), Quic.handshake(300)),
      said('client', Quic.handshake(60)),
    ],
  },
]
