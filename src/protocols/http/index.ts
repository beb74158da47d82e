import type { Protocol } from '../protocol'
import { HttpConversation } from './conversation'
import { HTTP } from './identity'
import { recognise, search } from './start-lines'

export const http: Protocol = {
  ...HTTP,
  name: 'http',
  transports: ['tcp', 'tls'],
  // One call may bring a head with large cookies and the kept part of a body.
  captureCap: 1 << 20,
  recognise,
  search,
  open: (link) => new HttpConversation(link),
}
