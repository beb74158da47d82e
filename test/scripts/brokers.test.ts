/** Scripts about Kafka and AMQP: rows in, what they say out. Bodies have the fields that the protocols name. */
import { describe, expect, test } from 'bun:test'
import { ago, kubernetes, linkTo, rowOf, shown } from '../runner/support'

type Values = Parameters<typeof rowOf>[2]

const start_time = '-5m'
/** Of the time range. */
const NS = 300e9

const pod = (name: string) => linkTo(name, 'px/pod', { start_time, pod: name })
const ip = (address: string) => linkTo(address, 'px/ip', { start_time, ip: address })

/** The till (10.0.0.7) writes to the broker nginx.service, the mailer (10.0.0.9) reads from it. */
function kafka(secondsAgo: number, req_cmd: number, body: unknown, answer: unknown, values: Values = {}) {
  const till = req_cmd === 0
  return rowOf('kafka_events.beta', secondsAgo, {
    ...{ req_cmd, client_id: till ? 'till' : 'mailer', remote_addr: till ? '10.0.0.7' : '10.0.0.9' },
    ...{ local_addr: '10.0.0.1', remote_port: 1234, latency: 1_000_000 },
    ...{ req_body: JSON.stringify(body), resp: JSON.stringify(answer), ...values },
  })
}

const records = (index: number, size: number) => ({ index, message_set: { size } })
const topic = (name: string, ...partitions: unknown[]) => ({ name, partitions })

const produce = (secondsAgo: number, sent: unknown[], offsets: unknown[]) =>
  kafka(secondsAgo, 0, { topics: sent }, { topics: offsets })
const fetch = (secondsAgo: number, offsets: unknown[], got: unknown[], latency = 1e6) =>
  kafka(
    secondsAgo,
    1,
    { topics: [topic('orders', ...offsets)] },
    { topics: [topic('orders', ...got)] },
    { latency },
  )

const ROWS = {
  'kafka_events.beta': [
    produce(
      30,
      [topic('orders', records(0, 100), records(1, 20))],
      [topic('orders', { index: 0, base_offset: 5 }, { index: 1, base_offset: 9 })],
    ),
    fetch(28, [{ index: 0, fetch_offset: 5 }], [records(0, 0)], 1e9),
    fetch(
      27.5,
      [
        { index: 0, fetch_offset: 5 },
        { index: 1, fetch_offset: 9 },
      ],
      [records(0, 100), records(1, 0)],
    ),
    produce(
      26,
      [topic('logs', records(0, 7)), topic('orders', records(1, 30))],
      [topic('logs', { index: 0, base_offset: 1 }), topic('orders', { index: 1, base_offset: 10 })],
    ),
    fetch(20, [{ index: 1, fetch_offset: 10 }], [records(1, 30)], 7e9),
  ],
}

describe('px/kafka_overview', () => {
  const tables = shown('px/kafka_overview', {}, ROWS)

  test('bytes from producers to topics to consumers', () => {
    const flow = (src: string, dest: string, bytes: number) => ({
      ...{ src, dest, record_bytes_total: bytes, window: NS, record_throughput: bytes / NS },
    })
    expect(tables.kafka_flow_graph).toEqual([
      flow('10.0.0.7', 'topic orders', 150),
      flow('10.0.0.7', 'topic logs', 7),
      flow('topic orders', '10.0.0.9', 130),
    ])
  })

  test('topics: partitions and clients are counted once', () => {
    const written = { num_producers: 1, bytes_produced_total: 150 }
    const read = { num_consumers: 1, bytes_consumed_total: 130 }
    expect(tables.kafka_topics_overview).toEqual([
      { topic_name: 'orders', num_partitions: 2, ...written, ...read },
      {
        ...{ topic_name: 'logs', num_partitions: 1, num_producers: 1, num_consumers: 0 },
        ...{ bytes_produced_total: 7, bytes_consumed_total: 0 },
      },
    ])
  })

  test('brokers, producers and consumers: requests, their rate and bytes', () => {
    const wrote = { produce_rate: 2 / NS, produce_requests: 2, bytes_produced_total: 157 }
    const read = { consume_rate: 3 / NS, fetch_requests: 3, bytes_consumed_total: 130 }
    expect(tables.kafka_brokers).toEqual([{ pod: pod('nginx.service'), ...wrote, ...read }])
    expect(tables.kafka_producers).toEqual([{ pod: ip('10.0.0.7'), ...wrote }])
    expect(tables.kafka_consumers).toEqual([{ pod: ip('10.0.0.9'), ...read }])
  })

  test('latency between pods', () => {
    const edge = { destination: 'nginx.service', is_source_pod_type: false, is_dest_pod_type: true }
    expect(tables.kafka_pods_flow_graph).toMatchObject([
      { source: '10.0.0.7', ...edge, latency_p50: 1e6, request_throughput: 2 / NS, throughput_total: 2 },
      { source: '10.0.0.9', ...edge, latency_p50: 1e9, request_throughput: 3 / NS, throughput_total: 3 },
    ])
  })

  test('of one topic: only the requests about it, and only its bytes', () => {
    const logs = shown('px/kafka_overview', { topic: 'logs' }, ROWS)
    expect(logs.kafka_topics_overview!.map((row) => row.topic_name)).toEqual(['logs'])
    expect(logs.kafka_producers).toMatchObject([{ produce_requests: 1, bytes_produced_total: 7 }])
    expect(logs.kafka_consumers).toEqual([])
    expect(shown('px/kafka_overview', { topic: 'log' }, ROWS).kafka_producers).toEqual([])
  })

  test('of a namespace: either end may be in it', () => {
    const clients = (namespace: string) =>
      shown('px/kafka_overview', { namespace }, ROWS, kubernetes).kafka_pods_flow_graph!.map((r) => r.source)
    expect(clients('shop')).toEqual(['shop/web-1', 'ops/cron'])
    expect(clients('ops')).toEqual(['ops/cron'])
  })
})

describe('px/kafka_producer_consumer_latency', () => {
  const given = (args: Record<string, string>) =>
    shown('px/kafka_producer_consumer_latency', { namespace: '', ...args }, ROWS)

  test('from records being there to the first request for them; below 0 it was there before them', () => {
    expect(given({ topic: 'orders' }).kafka_data).toEqual([
      // Offset 5 of one partition after 1 s, offset 9 of the other after 2.499 s, offset 10 of it 1 s too early.
      { series_col: 'till to mailer', time_: ago(30), delay: (1 + 2.499 - 1) / 3 },
    ])
    expect(given({ topic: 'orders', consumer: 'other' }).kafka_data).toEqual([])
    expect(given({}).kafka_data).toEqual([])
  })

  test('topics and clients to choose from', () => {
    const tables = given({ topic: 'logs' })
    expect(tables['Kafka Topics']).toEqual([{ topic: 'orders' }, { topic: 'logs' }])
    expect(tables['Kafka Producers']).toEqual([{ producer: 'till', source: '10.0.0.7' }])
    expect(tables['Kafka Consumers']).toEqual([])
    expect(given({ topic: 'orders' })['Kafka Consumers']).toEqual([
      { consumer: 'mailer', source: '10.0.0.9' },
    ])
  })
})

test('px/kafka_consumer_rebalancing: from a member asking to join to its share', () => {
  const join = (secondsAgo: number, member_id: string, generation_id: number, latency: number) =>
    kafka(secondsAgo, 11, { group_id: 'mail', member_id: '' }, { generation_id, member_id }, { latency })
  const sync = (secondsAgo: number, member_id: string, generation_id: number) =>
    kafka(secondsAgo, 14, { group_id: 'mail', generation_id, member_id }, {})
  const rows = {
    'kafka_events.beta': [
      join(50, 'm1', 1, 3e9),
      sync(49, 'm1', 1),
      join(20, 'm2', 2, 1e9),
      join(19, 'm1', 2, 5e8),
      sync(18, 'm1', 2),
      sync(17.5, 'm2', 2),
      kafka(10, 14, { group_id: 'other', generation_id: 1, member_id: 'm9' }, {}),
    ],
  }
  const tables = shown('px/kafka_consumer_rebalancing', { consumer_group_id: 'mail' }, rows)
  expect(tables.consumer_group_ids).toEqual([
    { group_id: 'mail', num_members: 2 },
    { group_id: 'other', num_members: 1 },
  ])
  const delay = (secondsAgo: number, generation_id: string, member_id: string, seconds: number) => ({
    ...{ time_: ago(secondsAgo), group_id: 'mail', generation_id, member_id, delay: seconds * 1e9 },
  })
  expect(tables.consumer_rebalancing_delay).toEqual([
    delay(49, '1', 'm1', 4),
    delay(17.5, '2', 'm2', 3.5),
    delay(18, '2', 'm1', 1.5),
  ])
  const events = tables.consumer_rebalancing_events!
  expect(events.map((row) => row.req_cmd)).toEqual([
    ...['SyncGroup', 'SyncGroup', 'JoinGroup', 'JoinGroup', 'SyncGroup', 'JoinGroup'],
  ])
  expect(events[0]).toMatchObject({ source: '10.0.0.9', destination: 'nginx.service', remote_port: 1234 })
})

test('px/amqp_data: publishers and consumers by routing key, sizes of contents', () => {
  const amqp = (secondsAgo: number, method: number, message: unknown, values: Values = {}) =>
    rowOf('amqp_events', secondsAgo, {
      ...{ frame_type: 1, channel: 1, req_class_id: 60, req_method_id: method },
      ...{ req_msg: JSON.stringify(message), remote_addr: '10.0.0.7', local_addr: '10.0.0.1', ...values },
    })
  const answered = {
    resp_class_id: 60,
    resp_method_id: 60,
    resp_msg: '{"consumer_tag":"c2","routing_key":"a"}',
  }
  const rows = {
    amqp_events: [
      amqp(9, 40, { exchange: '', routing_key: 'a', body_size: 10 }),
      amqp(6, 60, { consumer_tag: 'c1', routing_key: 'a', body_size: 30 }, { remote_addr: '10.0.0.9' }),
      amqp(5, 20, { queue: 'q' }, answered),
    ],
  }
  const tables = shown('px/amqp_data', {}, rows)
  expect(tables.amqp_data!.map((row) => [row.frame_name, row.req_name, row.resp_name])).toEqual([
    ['Frame method', 'BasicConsume', 'BasicDeliver'],
    ['Frame method', 'BasicDeliver', ''],
    ['Frame method', 'BasicPublish', ''],
  ])
  expect(tables.amqp_msg_stats).toContainEqual({
    frame_name: 'Frame method',
    req_name: 'BasicPublish',
    stats: 1,
  })
  const sizes = { avg_body_size: 20, max_body_size: 30, min_body_size: 10 }
  expect(tables.amqp_average_stats).toEqual([{ frame_name: 'Frame method', ...sizes }])
  const key = { routing_key: 'a', namespace: '', pod: '', destination: 'nginx.service' }
  expect(tables.amqp_producer_pod_list).toEqual([{ ...key, source: '10.0.0.7' }])
  expect(tables.amqp_consumer_pod_list).toEqual([
    { ...key, source: '10.0.0.9', consumer_tag: 'c1' },
    { ...key, source: '10.0.0.7', consumer_tag: 'c2' },
  ])
  expect(tables.amqp_flow_graph).toEqual([
    { src: '10.0.0.7', dest: 'routing key a' },
    { src: 'routing key a', dest: '10.0.0.9' },
    { src: 'routing key a', dest: '10.0.0.7' },
  ])
  const shop = shown('px/amqp_data', { namespace: 'shop' }, rows, kubernetes)
  expect(shop.amqp_flow_graph).toEqual([
    { src: 'shop/web-1', dest: 'routing key a' },
    { src: 'routing key a', dest: 'shop/web-1' },
  ])
})
