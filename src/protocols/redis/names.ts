/** The names of commands, as a row has them: in capitals, of some with the word behind it (`CLIENT LIST`). */
import { bodyText } from '../lib/body-text'
import { latin1 } from '../lib/bytes'

/** Commands that are several, by the word behind their name. */
const CONTAINERS = new Set(
  'ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SENTINEL SLOWLOG XGROUP XINFO'.split(
    ' ',
  ),
)

const SUBCOMMAND = /^[A-Za-z][A-Za-z_-]{1,31}$/
const WORD = /^[A-Za-z][A-Za-z0-9._|-]{0,63}$/
/** Others are no names of commands; so much is shown of them. */
const MAX_NAME = 64

const known = new Map<string, string>()
const MAX_KNOWN = 1024

/** The name that is bytes[start..end), in capitals. */
export function nameIn(bytes: Uint8Array, start: number, end: number): string {
  const written = latin1(bytes, start, Math.min(end, start + MAX_NAME))
  const before = known.get(written)
  if (before !== undefined) return before
  const name = WORD.test(written)
    ? written.toUpperCase()
    : bodyText(bytes.subarray(start, Math.min(end, start + MAX_NAME)), end - start)
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(written, name)
  return name
}

export interface Divided {
  readonly name: string
  readonly args: readonly string[]
}

/** `name` in capitals; the subcommand becomes a part of it. */
export function divide(name: string, args: readonly string[]): Divided {
  if (!CONTAINERS.has(name)) return { name, args }
  const [sub] = args
  if (sub === undefined || !SUBCOMMAND.test(sub)) return { name, args }
  const whole = `${name} ${sub.toUpperCase()}`
  const third = args[1]
  if (whole === 'SENTINEL CONFIG' && third !== undefined && SUBCOMMAND.test(third))
    return { name: `${whole} ${third.toUpperCase()}`, args: args.slice(2) }
  return { name: whole, args: args.slice(1) }
}

export const isContainer = (name: string): boolean => CONTAINERS.has(name)

/** Each channel that is named has an answer of its own. */
export const isSubscription = (name: string): boolean => /^[PS]?(?:UN)?SUBSCRIBE$/.test(name)
