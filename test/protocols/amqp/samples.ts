/** The conversations that the shared suite plays. */
import type { Message, Sample } from '../conformance'
import * as Talk from './talk'

const LONG = 'each part in its frame. '.repeat(3)
const [LONG_METHOD, LONG_HEADER, ...LONG_PARTS] = [
  Talk.publishMethod(3, 'events', 'key.long'),
  Talk.header(3, LONG.length),
  ...[0, 24, 48].map((at) => Talk.body(3, LONG.slice(at, at + 24))),
]

/** A message of the sample for each frame. */
function frames(from: Message['from'], record: number, bytes: string): Message[] {
  const length = 8 + Buffer.from(bytes.slice(3, 7), 'latin1').readUInt32BE()
  const first = { from, bytes: bytes.slice(0, length), of: [record] }
  return length < bytes.length ? [first, ...frames(from, record, bytes.slice(length))] : [first]
}

export const SAMPLES: readonly Sample[] = [
  {
    name: 'connected, declared, sent and got',
    shows: ['keyed', 'multiplexed', 'one-way', 'pushed', 'under-way'],
    underWayNs: 11e9,
    context: ['queue'],
    records: [
      ['RabbitMQ', 'kettle'],
      '/shop',
      'x-dead',
      'alternate-exchange',
      'bound.#',
      'text of one',
      'text of two',
      'x-first',
      'text of three',
      'text of four',
      'NO_ROUTE',
      'bye',
    ],
    secrets: ['hunter2'],
    messages: [
      { from: 'client', bytes: Talk.OPENING, of: [] },
      { from: 'server', bytes: Talk.start(), of: [0] },
      { from: 'client', bytes: Talk.startOk('jane', 'hunter2'), of: [0] },
      { from: 'client', bytes: Talk.open('/shop'), of: [1] },
      { from: 'server', bytes: Talk.openOk(), of: [1] },
      {
        from: 'client',
        bytes: Talk.exchangeDeclare(1, 'events', Talk.field('alternate-exchange', 'lost')),
        of: [3],
      },
      {
        from: 'client',
        bytes: Talk.queueDeclare(
          2,
          'orders',
          Talk.field('x-dead-letter-exchange', 'dead') + Talk.field('api-key', 'hunter2'),
        ),
        of: [2],
      },
      { from: 'server', bytes: Talk.queueDeclareOk(2, 'orders', 3), of: [2] },
      { from: 'server', bytes: Talk.exchangeDeclareOk(1), of: [3] },
      { from: 'client', bytes: Talk.queueBind(3, 'orders', 'events', 'bound.#'), of: [4] },
      { from: 'server', bytes: Talk.queueBindOk(3), of: [4] },
      ...frames('client', 5, Talk.publish(4, 'events', 'key.one', 'text of one')),
      ...frames(
        'client',
        6,
        Talk.publish(
          5,
          'events',
          'key.two',
          'text of two, token=hunter2',
          Talk.headers(Talk.field('password', 'hunter2')),
        ),
      ),
      {
        from: 'client',
        bytes: Talk.consume(6, 'orders', 'consumer-a', Talk.NOWAIT, Talk.field('x-first', '1')),
        of: [7],
      },
      ...frames('server', 8, Talk.deliver(6, 'consumer-a', 1, 'key.one', 'text of three')),
      { from: 'client', bytes: Talk.ack(6, 1), of: [8] },
      { from: 'client', bytes: Talk.get(8, 'orders', true), of: [9] },
      ...frames('server', 9, Talk.getOk(8, 1, 'key.one', 'text of four')),
      ...frames('server', 10, Talk.returnMethod(4, 'events', 'key.back') + Talk.content(4, 'text of five')),
      { from: 'client', bytes: Talk.HEARTBEAT, of: [] },
      { from: 'client', bytes: Talk.close(), of: [11] },
      { from: 'server', bytes: Talk.closeOk(), of: [11] },
    ],
  },
  {
    name: 'messages in parts, of several channels at once',
    shows: ['multiplexed', 'one-way'],
    records: ['text of one', 'key.long', 'text of two', 'key.last'],
    messages: [
      { from: 'client', bytes: LONG_METHOD!, of: [1] },
      ...frames('client', 0, Talk.publish(1, 'events', 'key.one', 'text of one')),
      { from: 'client', bytes: LONG_HEADER!, of: [1] },
      { from: 'client', bytes: LONG_PARTS[0]!, of: [1] },
      { from: 'client', bytes: Talk.publishMethod(2, 'events', 'key.two'), of: [2] },
      { from: 'client', bytes: LONG_PARTS[1]!, of: [1] },
      { from: 'client', bytes: Talk.HEARTBEAT, of: [] },
      { from: 'client', bytes: Talk.header(2, 11), of: [2] },
      { from: 'client', bytes: LONG_PARTS[2]!, of: [1] },
      { from: 'client', bytes: Talk.body(2, 'text of two'), of: [2] },
      ...frames('client', 3, Talk.publish(4, 'events', 'key.last', '')),
    ],
  },
  {
    name: 'confirmed publishes',
    shows: ['in-order'],
    records: [[], [], 'text of one', 'text of two', 'text of three'],
    messages: [
      { from: 'client', bytes: Talk.channelOpen(1), of: [0] },
      { from: 'server', bytes: Talk.channelOpenOk(1), of: [0] },
      { from: 'client', bytes: Talk.select(1), of: [1] },
      { from: 'server', bytes: Talk.selectOk(1), of: [1] },
      ...frames('client', 2, Talk.publish(1, 'events', 'key.one', 'text of one')),
      ...frames('client', 3, Talk.publish(1, 'events', 'key.two', 'text of two')),
      { from: 'server', bytes: Talk.ack(1, 2, true), of: [2, 3] },
      ...frames('client', 4, Talk.publish(1, 'events', 'key.three', 'text of three')),
      { from: 'server', bytes: Talk.nack(1, 3), of: [4] },
    ],
  },
]
