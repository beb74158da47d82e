import type { Protocol } from '../protocol'
import { MuxConversation } from './conversation'
import { MUX } from './identity'
import { recognise, search } from './recognise'

export const mux: Protocol = {
  ...MUX,
  name: 'mux',
  transports: ['tcp', 'tls'],
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new MuxConversation(link),
}
