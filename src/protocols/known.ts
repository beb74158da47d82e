/** Every protocol that has a name and a number, parsed or not. */
import { PROTOCOLS } from '.'
import { AMQP } from './amqp/identity'
import { CQL } from './cql/identity'
import { DNS } from './dns/identity'
import { HTTP, HTTP2 } from './http/identity'
import { KAFKA } from './kafka/identity'
import type { ProtocolIdentity } from './lib/identity'
import { MONGODB } from './mongodb/identity'
import { MUX } from './mux/identity'
import { MYSQL } from './mysql/identity'
import { NATS } from './nats/identity'
import { PGSQL } from './pgsql/identity'
import { REDIS } from './redis/identity'
import { TLS } from './tls/identity'

/** Protocols whose names and tables Pixie's scripts use, although Nixie can't parse them yet. */
const OF_PIXIE = [HTTP, HTTP2, MYSQL, CQL, PGSQL, DNS, REDIS, NATS, MONGODB, KAFKA, MUX, AMQP, TLS]

export const KNOWN: readonly ProtocolIdentity[] = [
  ...OF_PIXIE,
  // A header before another protocol has no number.
  ...PROTOCOLS.filter(({ code }) => code !== 0 && !OF_PIXIE.some((known) => known.code === code)).map(
    ({ name, code, tables }) => ({ label: name, code, tables }),
  ),
]

/** What `conn_stats.protocol` means; `Unknown` for 0 and whatever has no name. */
export const protocolName = (code: number): string =>
  KNOWN.find((protocol) => protocol.code === code)?.label ?? 'Unknown'
