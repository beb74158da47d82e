import type { Protocol } from '../protocol'
import { NatsConversation } from './conversation'
import { NATS } from './identity'
import { recognise, search } from './recognise'

export const nats: Protocol = {
  ...NATS,
  name: 'nats',
  transports: ['tcp', 'tls'],
  // Clients and servers send many small messages in one call.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new NatsConversation(link),
}
