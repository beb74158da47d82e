/** Every protocol that has a number, in the order of their numbers. */
import { PROTOCOLS } from '.'
import type { ProtocolIdentity } from './lib/identity'

/** The identities of these protocols, in the order of their numbers; those without a number are left out. */
export const numberedOf = (protocols: readonly ProtocolIdentity[]): readonly ProtocolIdentity[] =>
  protocols.filter(({ code }) => code !== 0).toSorted((a, b) => a.code - b.code)

export const KNOWN = numberedOf(PROTOCOLS)

/** What `conn_stats.protocol` means; `Unknown` for 0 and whatever has no name. */
export const protocolName = (code: number): string =>
  KNOWN.find((protocol) => protocol.code === code)?.label ?? 'Unknown'
