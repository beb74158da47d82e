import type { Protocol } from '../protocol'
import { DnsConversation } from './conversation'
import { DNS } from './identity'
import { recognise, search } from './recognise'

export const dns: Protocol = {
  ...DNS,
  name: 'dns',
  transports: ['udp', 'tcp', 'tls'],
  // A large answer over TCP in one call.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new DnsConversation(link),
}
