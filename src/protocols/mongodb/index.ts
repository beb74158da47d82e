import type { Protocol } from '../protocol'
import { MongodbConversation } from './conversation'
import { MONGODB } from './identity'
import { recognise, search } from './recognise'

export const mongodb: Protocol = {
  ...MONGODB,
  name: 'mongodb',
  transports: ['tcp', 'tls'],
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new MongodbConversation(link),
}
