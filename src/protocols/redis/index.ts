import type { Protocol } from '../protocol'
import { RedisConversation } from './conversation'
import { REDIS } from './identity'
import { recognise, search } from './recognise'

export const redis: Protocol = {
  ...REDIS,
  name: 'redis',
  transports: ['tcp', 'tls'],
  // One call may bring many commands; of a long string the kernel is told what isn't needed.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new RedisConversation(link),
}
