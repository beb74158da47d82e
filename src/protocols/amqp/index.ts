import type { Protocol } from '../protocol'
import { AmqpConversation } from './conversation'
import { AMQP } from './identity'
import { recognise, search } from './recognise'

export const amqp: Protocol = {
  ...AMQP,
  name: 'amqp',
  transports: ['tcp', 'tls'],
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new AmqpConversation(link),
}
