/** Every protocol that is parsed, with its samples: `SAMPLES` of its folder's `samples.ts`, and `HANDSHAKE` if another one hands over to it. */
import { PROTOCOLS } from '../../src/protocols'
import type { Protocol } from '../../src/protocols/protocol'
import type { Member } from './conformance'

async function memberOf(protocol: Protocol): Promise<Member> {
  const { SAMPLES, HANDSHAKE } = await import(`./${protocol.name}/samples`)
  return { protocol, samples: SAMPLES, ...(HANDSHAKE && { handshake: HANDSHAKE }) }
}

export const MEMBERS: readonly Member[] = await Promise.all(
  PROTOCOLS.filter(({ tables }) => tables.length > 0).map(memberOf),
)
