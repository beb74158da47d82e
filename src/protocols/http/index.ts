import type { Protocol } from '../protocol'
import { boundary, infer } from './infer'
import { gap, HttpState, parse } from './parse'
import { stitch } from './stitch'
import { httpEvents } from './table'
import type { HttpMessage } from './types'

export const http: Protocol<HttpMessage, HttpState> = {
  name: 'http',
  code: 1,
  tables: [httpEvents],
  // A head with large cookies and the kept part of a body in one call.
  captureCap: 16 << 10,
  infer,
  newState: (settings) => new HttpState(settings),
  boundary,
  parse,
  gap,
  stitch,
}
