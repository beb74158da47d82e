import type { Protocol } from '../protocol'
import { MemcachedConversation } from './conversation'
import { MEMCACHED } from './identity'
import { recognise, search } from './recognise'

export const memcached: Protocol = {
  ...MEMCACHED,
  name: 'memcached',
  transports: ['tcp', 'tls'],
  // One call may bring many commands; of a long value the kernel is told what isn't needed.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new MemcachedConversation(link),
}
