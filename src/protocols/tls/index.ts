import type { Protocol } from '../protocol'
import { TlsConversation } from './conversation'
import { TLS } from './identity'
import { QuicConversation } from './quic/conversation'
import { recogniseDatagram } from './quic/recognise'
import { recognise } from './recognise'

export const tls: Protocol = {
  ...TLS,
  name: 'tls',
  transports: ['tcp', 'udp'],
  // A hello may be as long as 64 KiB, and certificates follow it.
  captureCap: 128 << 10,
  encrypts: true,
  recognise: (head) => (head.transport === 'udp' ? recogniseDatagram(head) : recognise(head)),
  open: (link) => (link.transport === 'udp' ? new QuicConversation(link) : new TlsConversation(link)),
}
