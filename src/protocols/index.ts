/** Every protocol: a line for each. */
import { amqp } from './amqp'
import { clickhouse } from './clickhouse'
import { cql } from './cql'
import { dns } from './dns'
import { fastcgi } from './fastcgi'
import { http } from './http'
import { http2 } from './http2'
import { kafka } from './kafka'
import { memcached } from './memcached'
import { mongodb } from './mongodb'
import { mqtt } from './mqtt'
import { mux } from './mux'
import { mysql } from './mysql'
import { nats } from './nats'
import { pgsql } from './pgsql'
import type { Protocol } from './protocol'
import { proxyProtocol } from './proxy-protocol'
import { redis } from './redis'
import { tls } from './tls'
import { websocket } from './websocket'

/** The protocols that are recognised. */
export const PROTOCOLS: readonly Protocol[] = [
  http,
  http2,
  dns,
  proxyProtocol,
  nats,
  tls,
  websocket,
  mux,
  redis,
  pgsql,
  mysql,
  mqtt,
  amqp,
  memcached,
  fastcgi,
  mongodb,
  kafka,
  cql,
  clickhouse,
]
