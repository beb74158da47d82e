import type { Protocol } from '../protocol'
import { WebsocketConversation } from './conversation'
import { WEBSOCKET } from './identity'
import { recognise, search } from './recognise'

export const websocket: Protocol = {
  ...WEBSOCKET,
  name: 'websocket',
  transports: ['tcp', 'tls'],
  // One call may bring many messages; of a long one the kernel is told what isn't needed.
  captureCap: 1 << 20,
  // What clients say is masked, and may be compressed.
  isCoded: true,
  recognise,
  search,
  open: (link, opening) => new WebsocketConversation(link, opening),
}
