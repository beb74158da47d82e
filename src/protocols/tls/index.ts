import type { Protocol } from '../protocol'
import { TlsConversation } from './conversation'
import { TLS } from './identity'
import { recognise } from './recognise'

export const tls: Protocol = {
  ...TLS,
  name: 'tls',
  transports: ['tcp'],
  // A hello may be as long as 64 KiB, and certificates follow it.
  captureCap: 128 << 10,
  encrypts: true,
  recognise,
  open: (link) => new TlsConversation(link),
}
