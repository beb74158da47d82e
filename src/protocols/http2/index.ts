import type { Protocol } from '../protocol'
import { Http2Conversation } from './conversation'
import { HTTP2 } from './identity'
import { recognise, search } from './recognise'

export const http2: Protocol = {
  ...HTTP2,
  name: 'http2',
  transports: ['tcp', 'tls'],
  // One call may bring many frames, and what is lost of one costs all streams.
  captureCap: 1 << 20,
  upgrades: ['h2c'],
  isFramed: true,
  isCoded: true,
  recognise,
  search,
  open: (link, opening) => new Http2Conversation(link, opening),
}
