/**
 * What HTTP/1 looks like on the wire, as RFC 9110 and 9112 and the suites of llhttp, http-parser, picohttpparser, h11 and Go's
 * net/http know it: valid, lenient and invalid messages, by theme.
 */
import type { Case } from './case'
import { chunked } from './chunked'
import { connections } from './connections'
import { ends } from './ends'
import { fields } from './fields'
import { lengths } from './lengths'
import { methods } from './methods'
import { sizes } from './sizes'
import { startLines } from './start-lines'
import { switching } from './switching'
import { targets } from './targets'

export const THEMES: Readonly<Record<string, readonly Case[]>> = {
  methods,
  targets,
  'start lines': startLines,
  fields,
  lengths,
  chunked,
  connections,
  switching,
  ends,
  sizes,
}
