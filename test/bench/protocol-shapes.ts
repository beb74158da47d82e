/** Small exchanges of each protocol, as clients say them again and again, and what opens their connections. */
import { PROTOCOLS } from '../../src/protocols'
import type { Protocol, Side } from '../../src/protocols/protocol'
import * as Amqp from '../protocols/amqp/talk'
import * as ClickHouse from '../protocols/clickhouse/talk'
import * as Cql from '../protocols/cql/talk'
import * as Dns from '../protocols/dns/build'
import * as Fastcgi from '../protocols/fastcgi/talk'
import * as Kafka from '../protocols/kafka/talk'
import * as Memcached from '../protocols/memcached/talk'
import * as Mongodb from '../protocols/mongodb/talk'
import * as Mqtt from '../protocols/mqtt/talk'
import * as Mux from '../protocols/mux/talk'
import * as MySql from '../protocols/mysql/build'
import * as Nats from '../protocols/nats/talk'
import * as Pgsql from '../protocols/pgsql/build'
import * as Redis from '../protocols/redis/talk'

export type Said = readonly [from: Side, bytes: string | Uint8Array]

export interface Shape {
  readonly name: string
  readonly protocol: Protocol
  readonly opening: readonly Said[]
  /** Rows that the opening makes, and each exchange. */
  readonly openingRows: number
  readonly rows: number
  exchange(i: number): readonly Said[]
}

const named = (name: string): Protocol => PROTOCOLS.find((protocol) => protocol.name === name)!

interface Options {
  readonly opening?: readonly Said[]
  readonly openingRows?: number
  readonly rows?: number
}

function shape(protocol: string, what: string, exchange: Shape['exchange'], options: Options = {}): Shape {
  const { opening = [], openingRows = 0, rows = 1 } = options
  return { name: `${protocol}, ${what}`, protocol: named(protocol), opening, openingRows, rows, exchange }
}

const PGSQL = {
  opening: [
    ['client', Pgsql.startup({ user: 'ann', database: 'shop' })],
    ['server', Pgsql.AUTHENTICATED + Pgsql.status('server_version', '15.8') + Pgsql.ready()],
  ],
  openingRows: 1,
} satisfies Options

const BATCH = Kafka.batch([{ key: 'order', value: '{"id":1234}' }])

const MYSQL = {
  opening: [
    ['server', MySql.greeting()],
    ['client', MySql.login('alice')],
    ['server', MySql.ok({ seq: 2 })],
  ],
  openingRows: 1,
} satisfies Options

const AMQP = {
  opening: [
    ['client', Amqp.channelOpen(1)],
    ['server', Amqp.channelOpenOk(1)],
    ['client', Amqp.select(1)],
    ['server', Amqp.selectOk(1)],
    ['client', Amqp.consume(1, 'orders', 'consumer', Amqp.NOWAIT)],
  ],
  openingRows: 3,
} satisfies Options

const MQTT = {
  opening: [
    ['client', Mqtt.connect()],
    ['server', Mqtt.connack()],
  ],
  openingRows: 1,
} satisfies Options

const NATS = {
  opening: [
    ['server', Nats.INFO],
    ['client', Nats.connect()],
  ],
  openingRows: 2,
} satisfies Options

const PREPARED = 'INSERT INTO goods (name, price) VALUES (?, ?)'
const V5 = { version: 5 }

/** `V5` has segments behind the opening. */
const cqlOpening = (version: number, wrapped: (envelope: string) => string): Options => ({
  opening: [
    ['client', Cql.startup(0, {}, { version })],
    ['server', Cql.ready(0, { version })],
    ['client', wrapped(Cql.prepare(0, PREPARED, { version }))],
    ['server', wrapped(Cql.prepared(0, PREPARED, { name: Cql.TYPE.text, price: Cql.TYPE.int }, { version }))],
  ],
  openingRows: 2,
})

const KIB = 'x'.repeat(1024)

export const SHAPES: readonly Shape[] = [
  shape('redis', 'GET', (i) => [
    ['client', Redis.command('GET', `user:${i}`)],
    ['server', Redis.string(`value ${i}`)],
  ]),
  shape('redis', 'SET of 1 KiB', (i) => [
    ['client', Redis.command('SET', `user:${i}`, KIB)],
    ['server', '+OK\r\n'],
  ]),
  shape('memcached', 'get', (i) => [
    ['client', `get user:${i}\r\n`],
    ['server', Memcached.found(`user:${i}`, `value ${i}`)],
  ]),
  shape(
    'pgsql',
    'a query, one row',
    (i) => [
      ['client', Pgsql.query(`SELECT abalance FROM pgbench_accounts WHERE aid = ${i};`)],
      [
        'server',
        Pgsql.columns(['abalance', 23]) + Pgsql.row(String(i)) + Pgsql.complete('SELECT 1') + Pgsql.ready(),
      ],
    ],
    PGSQL,
  ),
  shape(
    'mysql',
    'a query, one row',
    (i) => [
      ['client', MySql.query(`SELECT name FROM users WHERE id = ${i}`)],
      ['server', MySql.result(['name'], [[`user ${i}`]])],
    ],
    MYSQL,
  ),
  shape(
    'mqtt',
    'PUBLISH of QoS 1',
    (i) => [
      ['client', Mqtt.publish('home/kitchen/kettle', `{"t":${i}}`, { qos: 1, id: 1 + (i % 60_000) })],
      ['server', Mqtt.puback(1 + (i % 60_000))],
    ],
    MQTT,
  ),
  shape(
    'amqp',
    'a publish, confirmed',
    (i) => [
      ['client', Amqp.publish(1, 'events', 'order.new', `{"id":${i}}`)],
      ['server', Amqp.ack(1, 1 + i)],
    ],
    AMQP,
  ),
  shape(
    'amqp',
    'a delivery, acknowledged',
    (i) => [
      ['server', Amqp.deliver(1, 'consumer', 1 + i, 'order.new', `{"id":${i}}`)],
      ['client', Amqp.ack(1, 1 + i)],
    ],
    AMQP,
  ),
  shape('nats', 'PUB', (i) => [['client', Nats.pub('orders.new', `{"id":${i}}`)]], NATS),
  shape('mux', 'a dispatch', (i) => [
    ['client', Mux.tdispatch(1 + (i % 1000), { [Mux.CLIENT_ID]: 'web' }, '/s/users', `who is ${i}`)],
    ['server', Mux.rdispatch(1 + (i % 1000), `user ${i}`)],
  ]),
  shape('mongodb', 'a find of one document', (i) => [
    ['client', Mongodb.msg({ find: 'users', filter: { _id: i }, limit: 1, ...Mongodb.DB }, { id: i + 1 })],
    ['server', Mongodb.msg(Mongodb.cursor([{ _id: i, name: `user ${i}` }]), { id: i + 7, to: i + 1 })],
  ]),
  shape('mongodb', 'an insert of 1 KiB', (i) => [
    [
      'client',
      Mongodb.msg(
        { insert: 'users', ...Mongodb.DB },
        { id: i + 1, sequences: { documents: [{ _id: i, text: KIB }] } },
      ),
    ],
    ['server', Mongodb.msg({ n: 1, ...Mongodb.OK }, { id: i + 7, to: i + 1 })],
  ]),
  shape(
    'clickhouse',
    'a query, one row',
    (i) => [
      ['client', ClickHouse.asked(`SELECT name FROM users WHERE id = ${i}`)],
      ['server', ClickHouse.answered(`user ${i}`)],
    ],
    {
      opening: [
        ['client', ClickHouse.hello()],
        ['server', ClickHouse.welcome()],
      ],
      openingRows: 1,
    },
  ),
  shape('fastcgi', 'a request', (i) => [
    [
      'client',
      Fastcgi.request(1, 'shop', { QUERY_STRING: `id=${i}`, HTTP_HOST: 'shop.test', SERVER_PORT: '80' }),
    ],
    ['server', Fastcgi.response(1, `item ${i}`)],
  ]),
  shape('kafka', 'a record', (i) => [
    ['client', Kafka.produce({ id: i, client: 'till' }, 'orders', BATCH)],
    ['server', Kafka.produced(i, 'orders', i)],
  ]),
  shape(
    'cql',
    'a query, one row',
    (i) => [
      ['client', Cql.query(i % 1000, `SELECT name FROM users WHERE id = ${i}`)],
      ['server', Cql.rows(i % 1000, { name: Cql.TYPE.text }, [[`user ${i}`]])],
    ],
    cqlOpening(4, (envelope) => envelope),
  ),
  shape(
    'cql',
    'an execution in segments',
    (i) => [
      ['client', Cql.segment(Cql.execute(i % 1000, PREPARED, { ...V5, values: [`name ${i}`, Cql.INT(i)] }))],
      ['server', Cql.segment(Cql.done(i % 1000, V5))],
    ],
    cqlOpening(5, Cql.segment),
  ),
  shape('dns', 'a question over TCP', (i) => [
    ['client', Dns.framed(Dns.query(i % 65_536, 'api.example.test'))],
    ['server', Dns.framed(Dns.answer(i % 65_536, 'api.example.test'))],
  ]),
]
