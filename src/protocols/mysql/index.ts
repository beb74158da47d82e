import type { Protocol } from '../protocol'
import { MysqlConversation } from './conversation'
import { MYSQL } from './identity'
import { recognise, search } from './recognise'

export const mysql: Protocol = {
  ...MYSQL,
  name: 'mysql',
  transports: ['tcp', 'tls'],
  // A call holds many packets of rows.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new MysqlConversation(link),
}
