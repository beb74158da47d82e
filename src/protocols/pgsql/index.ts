import type { Protocol } from '../protocol'
import { PgsqlConversation } from './conversation'
import { PGSQL } from './identity'
import { recognise, search } from './recognise'

export const pgsql: Protocol = {
  ...PGSQL,
  name: 'pgsql',
  transports: ['tcp', 'tls'],
  // Clients and servers send many small messages in one call.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new PgsqlConversation(link),
}
