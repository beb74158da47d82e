import type { Protocol } from '../protocol'
import { HTTP } from './identity'
import { boundary, infer } from './infer'
import { gap, HttpState, parse } from './parse'
import { stitch } from './stitch'
import type { HttpMessage } from './types'

export const http: Protocol<HttpMessage, HttpState> = {
  name: 'http',
  code: HTTP.code,
  tables: HTTP.tables,
  // A head with large cookies and the kept part of a body in one call.
  captureCap: 16 << 10,
  infer,
  newState: (settings) => new HttpState(settings),
  boundary,
  parse,
  gap,
  stitch,
}
