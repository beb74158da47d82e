/** What both ends agreed on when they opened the connection (RFC 6455 §4, RFC 7692 §7.1, RFC 8441 §5). */
import { objectIn } from '../../json'
import type { Opening, Side } from '../protocol'
import { RSV, RSV1 } from './frames'

/** Where something was sent before it was seen. */
const UNKNOWN = '<unknown>'
/** Characters that are kept of each text: every row has them. */
const MAX_TEXT = 512

export interface Deflating {
  /** Messages refer to those before. */
  readonly takesOver: boolean
  /** Bytes that they reach back at most. */
  readonly window: number
}

export interface Agreed {
  readonly path: string
  readonly host: string
  readonly subprotocol: string
  /** How each side compresses; undefined where it doesn't, or where it isn't known how. */
  readonly deflating: Readonly<Record<Side, Deflating>> | undefined
  /** Bits that extensions may use in the heads of frames. */
  readonly rsv: number
  /** What a message is called that is sent in a way that isn't known. */
  readonly coding: string
}

const NAME = 'permessage-deflate'
const WINDOW_BITS = 15

const UNSEEN: Agreed = {
  path: UNKNOWN,
  host: UNKNOWN,
  subprotocol: UNKNOWN,
  deflating: undefined,
  rsv: RSV1,
  coding: 'compressed',
}

export function agreedIn(opening: Opening | undefined): Agreed {
  if (!opening) return UNSEEN
  const { request, answer } = opening
  const asked = request && fieldsIn(request.headers)
  const said = fieldsIn(answer)
  return {
    path: kept(request?.path ?? UNKNOWN),
    host: kept(asked ? (asked.get(':authority') ?? asked.get('host') ?? '') : UNKNOWN),
    subprotocol: kept(said.get('sec-websocket-protocol') ?? ''),
    ...extensionsOf(said.get('sec-websocket-extensions') ?? ''),
  }
}

/** A longer text is copied, as a part would keep all of it in memory. */
const kept = (text: string): string =>
  text.length <= MAX_TEXT ? text : Buffer.from(`${text.slice(0, MAX_TEXT)}…`).toString()

/** Fields by their names in lower case. */
function fieldsIn(json: string): ReadonlyMap<string, string> {
  const fields = Object.entries(objectIn(json) ?? {})
  return new Map(fields.map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function extensionsOf(value: string): Pick<Agreed, 'deflating' | 'rsv' | 'coding'> {
  const extensions = value.split(',').map((extension) => extension.split(';').map((part) => part.trim()))
  const others = extensions
    .map(([name]) => name!.toLowerCase())
    .filter((name) => name !== '' && name !== NAME)
  // What others do to a message isn't known.
  if (others.length > 0) return { deflating: undefined, rsv: RSV, coding: others[0]!.slice(0, 32) }
  const [first] = extensions
  if (first![0] === '') return { deflating: undefined, rsv: 0, coding: '' }
  const parameters = new Map(first!.slice(1).map((part) => parameterIn(part)))
  const deflating = { client: deflatingOf('client', parameters), server: deflatingOf('server', parameters) }
  return { deflating, rsv: RSV1, coding: NAME }
}

function parameterIn(part: string): [string, string] {
  const [name = '', value = ''] = part.split('=')
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')]
}

/** §7.1.1, §7.1.2. zlib has no window of 2^8, and takes one of 2^9 in its place. */
function deflatingOf(side: Side, parameters: ReadonlyMap<string, string>): Deflating {
  const bits = Number(parameters.get(`${side}_max_window_bits`) ?? WINDOW_BITS)
  return {
    takesOver: !parameters.has(`${side}_no_context_takeover`),
    window: 1 << (bits >= 8 && bits < WINDOW_BITS ? Math.max(bits, 9) : WINDOW_BITS),
  }
}
