/** What rows say of methods, contents and their answers. */
import { describe, expect, test } from 'bun:test'
import { ROLE_CLIENT } from '../../../src/records/types'
import type { Row } from '../../streams/wire'
import * as Talk from './talk'
import { type Turn, talk } from './talk'

const METHODS: Readonly<Record<string, string>> = {
  '10.10': 'Start',
  '10.11': 'StartOk',
  '10.50': 'Connection.Close',
  '10.51': 'Connection.CloseOk',
  '20.40': 'Channel.Close',
  '20.41': 'Channel.CloseOk',
  '50.10': 'Declare',
  '50.11': 'DeclareOk',
  '60.20': 'Consume',
  '60.21': 'ConsumeOk',
  '60.30': 'Cancel',
  '60.40': 'Publish',
  '60.50': 'Return',
  '60.60': 'Deliver',
  '60.70': 'Get',
  '60.71': 'GetOk',
  '60.72': 'GetEmpty',
  '60.80': 'Ack',
  '60.90': 'Reject',
  '60.120': 'Nack',
}
const nameOf = (classId: unknown, methodId: unknown) =>
  methodId === 0 ? '-' : (METHODS[`${classId}.${methodId}`] ?? `${classId}.${methodId}`)
const short = (row: Row): string => {
  const req = nameOf(row.req_class_id, row.req_method_id)
  const resp = nameOf(row.resp_class_id, row.resp_method_id)
  return `${row.channel} ${row.sender} ${req} ${resp} ${row.delivery_tag} ${row.outcome}`
}
const said = (turns: readonly Turn[], options = {}) => talk(turns, options).rows.map(short)
const argsOf = (row: Row | undefined) => JSON.parse(String(row!.req_msg))

const opened = (channel: number): Turn[] => [
  ['>', Talk.channelOpen(channel)],
  ['<', Talk.channelOpenOk(channel)],
]
const confirming = (channel: number): Turn[] => [
  ...opened(channel),
  ['>', Talk.select(channel)],
  ['<', Talk.selectOk(channel)],
]
/** Without the rows of what `confirming` says. */
const behind = (turns: readonly Turn[], options = {}) =>
  said(turns, options).filter((line) => !/ (?:20|85)\.1[01] /.test(line))
const publish = (channel: number, text = 'x'): Turn => ['>', Talk.publish(channel, 'events', 'key', text)]

describe('publishes', () => {
  test('confirmed one by one, several at once, and refused', () => {
    expect(
      behind([
        ...confirming(1),
        publish(1),
        ['<', Talk.ack(1, 1)],
        publish(1),
        publish(1),
        publish(1),
        ['<', Talk.ack(1, 3, true)],
        ['<', Talk.nack(1, 4)],
      ]),
    ).toEqual([
      '1 client Publish Ack 1 complete',
      '1 client Publish Ack 2 complete',
      '1 client Publish Ack 3 complete',
      '1 client Publish Nack 4 complete',
    ])
  })

  test('numbers are of their channel, and begin anew when it is opened anew', () => {
    expect(
      behind([
        ...confirming(1),
        ...confirming(2),
        publish(1),
        publish(2),
        ['<', Talk.ack(2, 1)],
        ['<', Talk.ack(1, 1)],
        ['>', Talk.channelClose(1)],
        ['<', Talk.channelCloseOk(1)],
        ...confirming(1),
        publish(1),
        ['<', Talk.ack(1, 1)],
      ]),
    ).toEqual([
      '2 client Publish Ack 1 complete',
      '1 client Publish Ack 1 complete',
      '1 client Channel.Close Channel.CloseOk 0 complete',
      '1 client Publish Ack 1 complete',
    ])
  })

  test('what is published before confirms are asked for has none', () => {
    expect(
      behind([...opened(1), publish(1), ...confirming(1).slice(2), publish(1), ['<', Talk.ack(1, 1)]]),
    ).toEqual(['1 client Publish - 0 complete', '1 client Publish Ack 1 complete'])
  })

  test('asked for twice: the numbers go on', () => {
    expect(
      behind([
        ...confirming(1),
        publish(1),
        ['<', Talk.ack(1, 1)],
        ...confirming(1).slice(2),
        publish(1),
        ['<', Talk.ack(1, 2)],
      ]),
    ).toEqual(['1 client Publish Ack 1 complete', '1 client Publish Ack 2 complete'])
  })

  test('not confirmed when the channel closes, or the connection', () => {
    expect(
      behind([
        ...confirming(1),
        publish(1),
        ['<', Talk.channelClose(1, 404, "NOT_FOUND - no exchange 'events'", 60, 40)],
        ['>', Talk.channelCloseOk(1)],
        ...confirming(2),
        publish(2),
      ]),
    ).toEqual([
      '1 server Channel.Close Channel.CloseOk 0 complete',
      '1 client Publish - 1 unanswered',
      '2 client Publish - 1 unanswered',
    ])
  })

  test('behind a lost publish the numbers aren’t known; behind a silence they are', () => {
    const { rows, counters } = talk([
      ...confirming(1),
      publish(1),
      ['<', Talk.ack(1, 1)],
      ['>', Talk.publish(1, 'events', 'key', 'lost'), 0],
      publish(1),
      ['<', Talk.ack(1, 2)],
      ['<', Talk.ack(1, 3)],
      5,
      publish(1),
      ['<', Talk.ack(1, 4)],
    ])
    expect(rows.map(short).filter((line) => line.includes('Publish'))).toEqual([
      '1 client Publish Ack 1 complete',
      '1 client Publish - 0 complete',
      '1 client Publish Ack 4 complete',
    ])
    expect(counters.unpairedFrames).toBe(2)
  })

  test('joined under way: alone until a silence tells the numbers', () => {
    expect(
      said([publish(1), ['<', Talk.ack(1, 70)], 5, publish(1), ['<', Talk.ack(1, 71)]], { joined: true }),
    ).toEqual(['1 client Publish - 0 complete', '1 client Publish Ack 71 complete'])
  })

  test('a publish that waited during the silence shows that the numbers were wrong', () => {
    const turns: Turn[] = [publish(1), publish(1), ['<', Talk.ack(1, 70)], 5, publish(1)]
    expect(
      said([...turns, ['<', Talk.ack(1, 71)], ['<', Talk.ack(1, 72)], publish(1)], { joined: true }).at(-1),
    ).toBe('1 client Publish - 0 complete')
  })
})

describe('deliveries', () => {
  const consumed: Turn[] = [
    ['>', Talk.consume(1, 'orders', 'a')],
    ['<', Talk.consumeOk(1, 'a')],
  ]
  const deliver = (tag: number, consumer = 'a'): Turn => ['<', Talk.deliver(1, consumer, tag, 'key', 'text')]

  test('acknowledged, refused, sent back', () => {
    const { rows } = talk([
      ...consumed,
      deliver(1),
      deliver(2),
      deliver(3),
      deliver(4),
      deliver(5),
      ['>', Talk.reject(1, 2)],
      ['>', Talk.ack(1, 3, true)],
      ['>', Talk.nack(1, 0, true)],
    ])
    expect(rows.map(short).slice(1)).toEqual([
      '1 server Deliver Reject 2 complete',
      '1 server Deliver Ack 1 complete',
      '1 server Deliver Ack 3 complete',
      '1 server Deliver Nack 4 complete',
      '1 server Deliver Nack 5 complete',
    ])
    expect(rows.map(({ queue }) => queue)).toEqual(Array(6).fill('orders'))
  })

  test('a consumer that acknowledges nothing has them at once', () => {
    const { rows } = talk(
      [
        ['>', Talk.consume(1, 'orders', '', Talk.NO_ACK)],
        ['<', Talk.consumeOk(1, 'amq.ctag-1')],
        deliver(1, 'amq.ctag-1'),
      ],
      { open: true },
    )
    expect(rows.map(short).at(-1)).toBe('1 server Deliver - 1 complete')
  })

  test('of an unknown consumer: with an acknowledgement, or alone after a while', () => {
    const turns: Turn[] = [deliver(7, 'b'), deliver(8, 'b'), 2, ['>', Talk.ack(1, 7)]]
    expect(said([...turns, 20], { joined: true, open: true })).toEqual([
      '1 server Deliver Ack 7 complete',
      '1 server Deliver - 8 complete',
    ])
    const { rows } = talk(turns, { joined: true, open: true })
    expect(rows.map(short)).toEqual(['1 server Deliver Ack 7 complete'])
  })

  test('unacknowledged: at the end, or as the server sends them anew', () => {
    expect(
      said([...consumed, deliver(1), ['>', Talk.recover(1)], ['<', Talk.recoverOk(1)], deliver(2)]).slice(1),
    ).toEqual([
      '1 server Deliver - 1 unanswered',
      '1 client 60.110 60.111 0 complete',
      '1 server Deliver - 2 unanswered',
    ])
  })

  test('an acknowledgement of what nobody saw is counted', () => {
    const { rows, counters } = talk([...consumed, ['>', Talk.ack(1, 9)], ['>', Talk.ack(1, 9, true)]])
    expect(rows).toHaveLength(1)
    expect(counters.unpairedFrames).toBe(2)
  })

  test('got, acknowledged, and nothing to get', () => {
    const { rows } = talk([
      ['>', Talk.get(1, 'orders')],
      ['<', Talk.getOk(1, 3, 'key', 'text')],
      ['>', Talk.ack(1, 3)],
      ['>', Talk.get(1, 'orders')],
      ['<', Talk.getEmpty(1)],
    ])
    expect(rows.map(short)).toEqual([
      '1 client Get GetOk 3 complete',
      '1 server GetOk Ack 3 complete',
      '1 client Get GetEmpty 0 complete',
    ])
    expect(rows.map((row) => [row.queue, row.body_size])).toEqual([
      ['orders', 4],
      ['orders', -1],
      ['orders', -1],
    ])
  })
})

describe('errors', () => {
  test('what failed has the close as its answer', () => {
    const why = "NOT_FOUND - no queue 'none'"
    const { rows } = talk([
      ['>', Talk.queueDeclare(1, 'none', '', 1)],
      ['<', Talk.channelClose(1, 404, why, 50, 10)],
      ['>', Talk.channelCloseOk(1)],
      ['>', Talk.open('/none')],
      ['<', Talk.close(530, 'NOT_ALLOWED - vhost /none not found', 10, 40)],
      ['>', Talk.closeOk()],
    ])
    expect(rows.map((row) => `${short(row)} ${row.reply_code} ${row.reply_text}`)).toEqual([
      `1 client Declare Channel.Close 0 complete 404 ${why}`,
      '0 client 10.40 Connection.Close 0 complete 530 NOT_ALLOWED - vhost /none not found',
    ])
  })

  test('a login that fails', () => {
    const { rows } = talk([
      ['>', Talk.OPENING],
      ['<', Talk.start()],
      ['>', Talk.startOk('jane', 'hunter2')],
      ['<', Talk.close(403, 'ACCESS_REFUSED', 0, 0)],
      ['>', Talk.closeOk()],
    ])
    expect(rows.map((row) => `${short(row)} ${row.reply_code}`)).toEqual([
      '0 server Start StartOk 0 complete 0',
      '0 server Connection.Close Connection.CloseOk 0 complete 403',
    ])
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|jane/)
  })

  test('a message that is returned', () => {
    const [row] = talk([['<', Talk.returnMethod(1, 'events', 'key') + Talk.content(1, 'text')]]).rows
    expect(row).toMatchObject({ reply_code: 312, reply_text: 'NO_ROUTE', exchange: 'events', body_size: 4 })
  })

  test('methods without an answer: nowait, and what the server cancels', () => {
    expect(
      said([
        ['>', Talk.consume(1, 'orders', 'a', Talk.NOWAIT)],
        ['<', Talk.cancel(1, 'a')],
      ]),
    ).toEqual(['1 client Consume - 0 complete', '1 server Cancel - 0 complete'])
  })
})

describe('contents', () => {
  test('properties and tables of every kind', () => {
    const { short, long, table, u8, u16, u32, u64 } = Talk
    const fields = [
      `${short('yes')}t\x01`,
      `${short('small')}b\xff`,
      `${short('byte')}B\xff`,
      `${short('short')}s\xff\xfe`,
      `${short('word')}u\xff\xfe`,
      `${short('int')}I${u32(0xfffffffd)}`,
      `${short('uint')}i${u32(0xfffffffd)}`,
      `${short('long')}l${'\xff'.repeat(8)}`,
      `${short('huge')}l\x7f${'\xff'.repeat(7)}`,
      `${short('half')}d\x3f\xe0${'\0'.repeat(6)}`,
      `${short('price')}D\x02${u32(1999)}`,
      `${short('when')}T${u64(86_400)}`,
      `${short('text')}S${long('é'.normalize('NFC') === 'é' ? '\xc3\xa9' : '')}`,
      `${short('bytes')}x${long('\x00\x01')}`,
      `${short('none')}V`,
      `${short('list')}A${long(`I${u32(1)}S${long('two')}`)}`,
      `${short('table')}F${table(Talk.field('in', 'deep') + Talk.field('client_secret', 'hunter2'))}`,
    ].join('')
    const properties: Talk.Properties = [
      0xfffc & ~0x0004,
      `${short('application/json')}${short('gzip')}${table(fields)}${u8(2)}${u8(5)}${short('c1')}${short('answers')}${short('1000')}${short('m1')}${u64(0)}${short('order')}${short('jane')}${short('shop')}`,
    ]
    const args = argsOf(talk([['>', Talk.publish(1, 'events', 'key', '{"a":1}', properties)]]).rows[0])
    expect(args).toEqual({
      exchange: 'events',
      routing_key: 'key',
      mandatory: false,
      immediate: false,
      properties: {
        content_type: 'application/json',
        content_encoding: 'gzip',
        headers: {
          yes: true,
          small: -1,
          byte: 255,
          short: -2,
          word: 65534,
          int: -3,
          uint: 4294967293,
          long: -1,
          huge: '9223372036854775807',
          half: 0.5,
          price: '19.99',
          when: '1970-01-02T00:00:00.000Z',
          text: 'é',
          bytes: '<binary 2 bytes> ..',
          none: null,
          list: [1, 'two'],
          table: { in: 'deep', client_secret: '[redacted]' },
        },
        delivery_mode: 2,
        priority: 5,
        correlation_id: 'c1',
        reply_to: 'answers',
        expiration: '1000',
        message_id: 'm1',
        timestamp: '1970-01-01T00:00:00.000Z',
        type: 'order',
        user_id: 'jane',
        app_id: 'shop',
      },
      body_size: 7,
      body: '{"a":1}',
    })
    expect(u16(1)).toBe('\0\x01')
  })

  test('a field that is named as JavaScript’s own is a field', () => {
    const properties = Talk.headers(Talk.field('__proto__', 'x') + Talk.field('constructor', 'y'))
    const [row] = talk([['>', Talk.publish(1, '', 'key', '', properties)]]).rows
    expect(String(row!.req_msg)).toContain('{"__proto__":"x","constructor":"y"}')
  })

  test('a long body is kept as far as bodies are; its size is told', () => {
    const text = 'y'.repeat(300_000)
    const [row] = talk([['>', Talk.publishMethod(1, 'events', 'key') + Talk.content(1, text)]]).rows
    expect(row).toMatchObject({ body_size: 300_000, outcome: 'complete' })
    expect(argsOf(row).body).toBe('y'.repeat(1024))
  })

  test('only the beginning of a long body is captured', () => {
    const text = 'y'.repeat(100_000)
    const { rows } = talk([['>', Talk.publish(1, 'events', 'key', text), 4096], publish(2)])
    expect(rows.map(({ body_size, outcome }) => [body_size, outcome])).toEqual([
      [100_000, 'complete'],
      [1, 'complete'],
    ])
  })

  test('a hole of unknown length ends what is under way', () => {
    const parts = Talk.publish(1, 'events', 'key', 'text')
    const { rows } = talk([['>', parts.slice(0, -5)], ['>', 'z'.repeat(9000), 0], publish(1)])
    expect(rows.map(({ outcome }) => outcome)).toEqual(['cut', 'complete'])
  })

  test('seen at the client: roles are those of the connection, whoever says it', () => {
    const { rows } = talk(
      [publish(1), ['<', Talk.deliver(1, 'a', 1, 'key', 'text')], ['>', Talk.ack(1, 1)]],
      {
        socket: { role: ROLE_CLIENT, local: ['10.0.0.2', 40_000], remote: ['10.0.0.1', 5672] },
      },
    )
    expect(rows.map(({ trace_role, sender }) => [trace_role, sender])).toEqual([
      [ROLE_CLIENT, 'client'],
      [ROLE_CLIENT, 'server'],
    ])
  })
})

describe('hostile', () => {
  test('tables within tables, and many values, are bounded', () => {
    let deep = Talk.field('x', 'y')
    for (let i = 0; i < 50; i++) deep = `${Talk.short('t')}F${Talk.table(deep)}`
    const many = Array.from({ length: 5000 }, (_, i) => Talk.field(`f${i}`, 'v')).join('')
    const { rows } = talk([
      ['>', Talk.OPENING + Talk.publish(1, '', 'deep', 'a', Talk.headers(deep))],
      ['>', Talk.publish(1, '', 'many', 'b', Talk.headers(many))],
      publish(1),
    ])
    expect(rows.length).toBeGreaterThanOrEqual(1)
    expect(rows.every(({ req_msg }) => String(req_msg).length < 40_000)).toBe(true)
  })

  test('channels, consumers and unacknowledged messages without end are bounded', () => {
    const turns: Turn[] = [['>', Talk.OPENING]]
    for (let channel = 1; channel < 20_000; channel++) turns.push(['>', Talk.channelOpen(channel)])
    for (let i = 0; i < 5000; i++)
      turns.push(['>', Talk.consume(1, 'q'.repeat(100), `consumer ${i}`, Talk.NOWAIT)])
    for (let i = 0; i < 9000; i++)
      turns.push(['<', Talk.deliver(1, 'consumer 4999', i + 1, 'key', 'x'.repeat(900))])
    const { streams } = talk(turns, { open: true })
    expect(streams.heldBytes).toBeLessThan(8 << 20)
  }, 30_000)
})

describe('not taken', () => {
  test.each([
    ['AMQP 1.0', 'AMQP\0\x01\0\0'],
    ['AMQP 1.0, SASL', 'AMQP\x03\x01\0\0'],
    ['AMQP 0-8', 'AMQP\x01\x01\x08\0'],
    ['AMQP 0-9', 'AMQP\x01\x01\0\x09'],
  ])('%s', (_, opening) => {
    const { rows } = talk([
      ['>', opening],
      ['<', opening],
      ['>', `\0\0\0\x1c\x02\0\0\0\0\x53\x10\xc0\x0f\x02\xa1\x05hello\xa1\x04test`],
    ])
    expect(rows).toEqual([])
  })
})
