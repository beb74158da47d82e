import type { Protocol } from '../protocol'
import { FastcgiConversation } from './conversation'
import { FASTCGI } from './identity'
import { recognise, search } from './recognise'

export const fastcgi: Protocol = {
  ...FASTCGI,
  name: 'fastcgi',
  transports: ['tcp', 'tls'],
  // A call holds many records; of a long content the kernel is told what isn't needed.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new FastcgiConversation(link),
}
