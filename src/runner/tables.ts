/** Every table that scripts can read. */
import { PROTOCOLS } from '../protocols'
import { amqpEvents } from '../protocols/amqp/table'
import { cqlEvents } from '../protocols/cql/table'
import { dnsEvents } from '../protocols/dns/table'
import { kafkaEvents } from '../protocols/kafka/table'
import { mongodbEvents } from '../protocols/mongodb/table'
import { muxEvents } from '../protocols/mux/table'
import { mysqlEvents } from '../protocols/mysql/table'
import { natsEvents } from '../protocols/nats/table'
import { pgsqlEvents } from '../protocols/pgsql/table'
import { redisEvents } from '../protocols/redis/table'
import { tlsEvents } from '../protocols/tls/table'
import { connStats } from '../records/conn-stats'
import { jvmStats } from '../records/jvm-stats'
import { networkStats } from '../records/network-stats'
import { probeStatus } from '../records/probe-status'
import { procExitEvents } from '../records/proc-exit-events'
import { processStats } from '../records/process-stats'
import { stackTraces } from '../records/stack-traces'
import { stirlingError } from '../records/stirling-error'
import type { Table } from '../records/table'
import { tcpStatsEvents } from '../records/tcp-stats-events'

/** Tables that nothing fills yet: scripts that read them run, and are told so. */
const WITHOUT_SOURCE: readonly Table[] = [
  amqpEvents,
  cqlEvents,
  dnsEvents,
  jvmStats,
  kafkaEvents,
  mongodbEvents,
  muxEvents,
  mysqlEvents,
  natsEvents,
  pgsqlEvents,
  procExitEvents,
  redisEvents,
  stackTraces,
  stirlingError,
  tcpStatsEvents,
  tlsEvents,
]

export const TABLES: readonly Table[] = [
  ...PROTOCOLS.flatMap((p) => p.tables),
  connStats,
  networkStats,
  probeStatus,
  processStats,
  ...WITHOUT_SOURCE,
]

export const hasSource = (table: string): boolean => !WITHOUT_SOURCE.some((t) => t.name === table)
