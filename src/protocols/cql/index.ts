import type { Protocol } from '../protocol'
import { CqlConversation } from './conversation'
import { CQL } from './identity'
import { recognise, search } from './recognise'

export const cql: Protocol = {
  ...CQL,
  name: 'cql',
  transports: ['tcp', 'tls'],
  // One call may bring many messages; of a long one the kernel is told what isn't needed.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new CqlConversation(link),
}
