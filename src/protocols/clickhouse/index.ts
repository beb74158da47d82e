import type { Protocol } from '../protocol'
import { ClickhouseConversation } from './conversation'
import { CLICKHOUSE } from './identity'
import { recognise } from './recognise'

export const clickhouse: Protocol = {
  ...CLICKHOUSE,
  name: 'clickhouse',
  transports: ['tcp', 'tls'],
  // A call holds many packets; of long values the kernel is told what isn't needed.
  captureCap: 1 << 20,
  recognise,
  open: (link) => new ClickhouseConversation(link),
}
