/** Each method of AMQP clients has its row: RabbitMQ with amqplib and pika, in the clear and in TLS, against their logs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { counted } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import {
  clientOf,
  loggedOf,
  type RabbitMq,
  type Ran,
  runAmqpClient,
  startRabbitMq,
} from '../support/rabbitmq'
import { Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

const clients = join(root, 'test/support/clients')

describe.skipIf(!isRoot)('AMQP (needs root)', () => {
  const scope = new Scope('amqp')
  let nixie: Nixie
  let server: RabbitMq
  let older: Ran
  const ran = new Map<string, Ran>()

  beforeAll(async () => {
    const python = makePython(scope, 'amqp-requirements.txt')
    server = await startRabbitMq(scope)
    // Small frames: bodies are in many.
    const url = `amqp://app:hunter2@127.0.0.1:${server.port}?frameMax=8192`
    const node = (...args: readonly string[]) => ['node', join(clients, 'amqp.mjs'), url, ...args]
    const pika = (port: number, ...args: readonly string[]) => [
      python,
      join(clients, 'amqp.py'),
      String(port),
      ...args,
    ]
    older = await runAmqpClient(node('older', 'older'), async () => {
      nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    })
    ran.set('amqplib', await runAmqpClient(node('node')))
    ran.set('pika', await runAmqpClient(pika(server.port, 'python')))
    ran.set('pika in TLS', await runAmqpClient(pika(server.tlsPort, 'tls', server.cert)))
  }, 240_000)
  afterAll(() => scope.close())

  /** Rows of a client, once there are as many as it logged exchanges. */
  const rowsOf = ({ pid, log }: Ran): Promise<Row[]> =>
    until(`${log.length} rows`, async () => {
      const rows = await nixie.query(`import px
df = px.DataFrame('amqp_events', start_time='-10m', select=['time_', 'upid', 'remote_upid', 'trace_role', 'encrypted', 'channel', 'frame_type', 'req_class_id', 'req_method_id', 'resp_class_id', 'resp_method_id', 'req_msg', 'resp_msg', 'latency', 'sender', 'exchange', 'routing_key', 'queue', 'delivery_tag', 'body_size', 'reply_code', 'reply_text', 'outcome'])
df.req = px.amqp_method_name(df.req_class_id, df.req_method_id)
df.resp = px.select(df.resp_method_id == 0, '', px.amqp_method_name(df.resp_class_id, df.resp_method_id))
px.display(df)
`)
      const own = rows.filter((row) => clientOf(row) === pid)
      return own.length >= log.length && own
    })

  for (const name of ['amqplib', 'pika', 'pika in TLS'])
    test(`${name}: all that it did, and no more`, async () => {
      const client = ran.get(name)!
      const rows = await rowsOf(client)
      expect(counted(rows.map(loggedOf))).toEqual(counted(client.log))
      expect(rows.filter(({ outcome }) => outcome !== 'complete')).toEqual([])
      expect([...new Set(rows.map(({ encrypted }) => encrypted))]).toEqual([name.endsWith('TLS')])
      expect(JSON.stringify(rows)).not.toMatch(/hunter[23]/)
      // An answer takes time, a message alone as long as it takes to be sent.
      expect(rows.filter(({ latency, resp }) => Number(latency) < (resp === '' ? 0 : 1000))).toEqual([])
    })

  test('what messages say', async () => {
    const rows = await rowsOf(ran.get('amqplib')!)
    const one = rows.find(({ req, body_size }) => req === 'BasicPublish' && body_size === 255)!
    expect(JSON.parse(String(one.req_msg))).toEqual({
      exchange: 'node-events',
      routing_key: 'order.waited',
      mandatory: false,
      immediate: false,
      properties: {
        headers: { n: 1, deep: { list: [true, 'two', 3.5] }, password: '[redacted]' },
        message_id: 'm1',
      },
      body_size: 255,
      body: 'x'.repeat(255),
    })
    const failed = rows.filter(({ reply_code }) => Number(reply_code) >= 300)
    expect(failed.map(({ reply_text }) => reply_text).sort()).toEqual([
      "NOT_FOUND - no queue 'node-none' in vhost '/'",
      'NO_ROUTE',
    ])
    const start = rows.find(({ req }) => req === 'ConnectionStart')!
    expect(JSON.parse(String(start.resp_msg))).toMatchObject({
      client_properties: { product: 'kettle' },
      mechanism: 'PLAIN',
      response: '[redacted]',
    })
  })

  test('a connection that is older than Nixie: deliveries with their acknowledgements', async () => {
    const wanted = older.log.filter(({ req }) => req === 'BasicDeliver')
    const rows = await until('deliveries', async () => {
      const all = (await rowsOf({ ...older, log: [] })).filter(({ req }) => req === 'BasicDeliver')
      return all.length >= wanted.length && all
    })
    // Who consumes was said before.
    const seen = rows.map(loggedOf).map((line) => ({ ...line, queue: 'older-orders' }))
    expect(counted(seen)).toEqual(counted(wanted))
  })

  test('px/amqp_data: who publishes and who consumes, and how large messages are', async () => {
    const { tables } = await nixie.ask('/api/run/px/amqp_data?start_time=-10m')
    const rows = (name: string): readonly Row[] => tables.find((table) => table.name === name)!.rows
    const keys = (name: string) => new Set(rows(name).map(({ routing_key }) => routing_key))
    expect(keys('amqp_producer_pod_list')).toContain('order.mixed')
    expect(keys('amqp_consumer_pod_list')).toContain('order.many')
    expect(rows('amqp_average_stats')[0]).toMatchObject({ max_body_size: 200_000, min_body_size: 0 })
    expect(rows('amqp_msg_stats').map(({ req_name }) => req_name)).toContain('BasicPublish')
    expect(rows('amqp_flow_graph').length).toBeGreaterThan(3)
  })
})
