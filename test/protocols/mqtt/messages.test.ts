/** What the rows of MQTT say, packet by packet. */
import { describe, expect, test } from 'bun:test'
import { mqtt } from '../../../src/protocols/mqtt'
import { recognise } from '../../../src/protocols/mqtt/recognise'
import type { Head } from '../../../src/protocols/protocol'
import { bytesOf, pass, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

const { talk } = Talk
const opened = (version: 4 | 5): Talk.Turn[] => [
  ['>', Talk.connect({ version })],
  ['<', Talk.connack(0, version === 5 ? '' : undefined)],
]
const json = (value: unknown) => JSON.parse(String(value))

test('CONNECT: who, how, and what is said when it is gone', () => {
  const { rows } = talk([
    [
      '>',
      Talk.connect({
        version: 5,
        user: 'jane',
        password: 'hunter2',
        will: ['home/gone', 'password=hunter2'],
        properties: Talk.authMethod('SCRAM') + Talk.authData('hunter2'),
      }),
    ],
    ['<', Talk.connack(0x86, Talk.reasonString('who are you'))],
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    req_cmd: 'CONNECT',
    client_id: 'kettle',
    resp_cmd: 'CONNACK',
    reason_code: 134,
    qos: -1,
  })
  expect(json(rows[0]!.req)).toEqual({
    version: '5',
    clean: true,
    keep_alive: 60,
    properties: { authentication_method: 'SCRAM', authentication_data: '[redacted]' },
    will: { topic: 'home/gone', payload: 'password=[redacted]', qos: 0, retain: false },
    username: '[redacted]',
    password: '[redacted]',
  })
  expect(json(rows[0]!.resp)).toEqual({
    session_present: false,
    reason: 'Bad user name or password',
    properties: { reason: 'who are you' },
  })
})

test('3.1, and a refusal of 3.1.1', () => {
  expect(
    json(
      talk([
        ['>', Talk.connect({ version: 3 })],
        ['<', Talk.connack()],
      ]).rows[0]!.req,
    ).version,
  ).toBe('3.1')
  const { rows } = talk([
    ['>', Talk.connect()],
    ['<', Talk.connack(5)],
  ])
  expect(json(rows[0]!.resp).reason).toBe('Not authorized')
})

describe('qualities of service', () => {
  test('2: the row is of the last step, sent again it is the same', () => {
    const { rows, counters } = talk([
      ...opened(4),
      ['>', Talk.publish('a/b', 'x', { qos: 2, id: 5 })],
      ['>', Talk.publish('a/b', 'x', { qos: 2, id: 5, dup: true })],
      ['<', Talk.pubrec(5)],
      ['>', Talk.pubrel(5)],
      ['<', Talk.pubcomp(5)],
    ])
    expect(rows.slice(1)).toMatchObject([
      { topic: 'a/b', qos: 2, dup: false, packet_id: 5, resp_cmd: 'PUBCOMP', latency: 4000 },
    ])
    expect(counters.unpairedFrames).toBe(1)
  })

  test('2, refused by PUBREC', () => {
    const { rows } = talk([
      ...opened(5),
      ['>', Talk.publish('a/b', 'x', { qos: 2, id: 5, properties: '' })],
      ['<', Talk.pubrec(5, 0x97)],
    ])
    expect(rows[1]).toMatchObject({ resp_cmd: 'PUBREC', reason_code: 151, outcome: 'complete' })
    expect(json(rows[1]!.resp).reason).toBe('Quota exceeded')
  })

  test('an identifier is each end’s own', () => {
    const { rows } = talk([
      ...opened(4),
      ['>', Talk.publish('mine', 'x', { qos: 1, id: 5 })],
      ['<', Talk.publish('yours', 'y', { qos: 1, id: 5 })],
      ['>', Talk.puback(5)],
      ['<', Talk.puback(5)],
      ['<', Talk.puback(6)],
    ])
    expect(rows.slice(1).map(({ sender, topic }) => [sender, topic])).toEqual([
      ['server', 'yours'],
      ['client', 'mine'],
    ])
  })

  test('without its answer', () => {
    const { rows } = talk([...opened(4), ['>', Talk.publish('a', 'x', { qos: 1, id: 5 })]])
    expect(rows[1]).toMatchObject({ resp_cmd: '', reason_code: -1, outcome: 'unanswered' })
  })
})

test('filters, their options and what came of each', () => {
  const { rows } = talk([
    ...opened(5),
    [
      '>',
      Talk.subscribe(
        1,
        [
          ['a/#', 2],
          ['$share/g/b', 1],
        ],
        '',
      ),
    ],
    ['<', Talk.suback(1, [2, 0x87], '')],
    ['>', Talk.unsubscribe(2, ['a/#'], '')],
    ['<', Talk.unsuback(2, [17], '')],
  ])
  expect(rows[1]).toMatchObject({ topic: 'a/#,$share/g/b', req: '{"qos":[2,1]}', reason_code: 135 })
  expect(json(rows[1]!.resp)).toEqual({ codes: [2, 135], reason: 'Not authorized' })
  expect(rows[2]).toMatchObject({
    req_cmd: 'UNSUBSCRIBE',
    topic: 'a/#',
    resp_cmd: 'UNSUBACK',
    reason_code: 17,
  })
})

test('an alias stands for its topic, and is unknown after a loss', () => {
  const named = Talk.publish('a/long/topic', '1', { properties: Talk.topicAlias(3) })
  const short = Talk.publish('', '2', { properties: Talk.topicAlias(3) })
  expect(
    talk([...opened(5), ['>', named], ['>', short]])
      .rows.slice(1)
      .map(({ topic }) => topic),
  ).toEqual(['a/long/topic', 'a/long/topic'])
  const { rows } = talk([
    ...opened(5),
    ['>', named],
    ['>', `${Talk.PINGREQ.repeat(8)}${short}`, 0],
    ['>', Talk.publish('b', '', { properties: '' })],
    ['>', short],
  ])
  expect(rows.slice(1).map(({ topic }) => topic)).toEqual(['a/long/topic', 'b', '<unknown alias 3>'])
})

test('DISCONNECT and AUTH', () => {
  const { rows } = talk([
    ...opened(5),
    ['<', Talk.auth(0x18, Talk.authMethod('SCRAM') + Talk.authData('hunter2'))],
    ['<', Talk.disconnect(0x8e)],
  ])
  expect(rows[1]).toMatchObject({ sender: 'server', req_cmd: 'AUTH', reason_code: 24 })
  expect(rows[1]!.req).not.toContain('hunter2')
  expect(rows[2]).toMatchObject({ sender: 'server', req_cmd: 'DISCONNECT', reason_code: 142 })
  expect(json(rows[2]!.req)).toEqual({ code: 142, reason: 'Session taken over' })
})

describe('sizes', () => {
  const large = Talk.publish('cam/1', 'x'.repeat(300_000), { qos: 1, id: 9 })

  test('of a large payload: its head is kept, and a hole in the rest costs nothing', () => {
    const { rows } = talk([...opened(4), ['>', large, 3000], ['<', Talk.puback(9)]])
    expect(rows[1]).toMatchObject({ payload: 'x'.repeat(1024), payload_size: 300_000, outcome: 'complete' })
  })

  test('of one whose head is not whole', () => {
    const { rows } = talk([...opened(4), ['>', large, 500], ['<', Talk.puback(9)]])
    expect(rows[1]).toMatchObject({ topic: 'cam/1', payload_size: 300_000, outcome: 'cut' })
  })
})

describe('on a connection older than Nixie', () => {
  const joined = (...turns: readonly Talk.Turn[]) => talk(turns, { joined: true }).rows

  test('what fits one version only tells it', () => {
    const [first, second] = joined(
      ['>', Talk.publish('a/b', '{"t":1}')],
      ['>', Talk.publish('a/b', '\0\x01')],
    )
    expect(first).toMatchObject({ client_id: '<unknown>', payload: '{"t":1}', payload_size: 7 })
    expect(second).toMatchObject({ payload_size: 2 })
    const five = joined(
      ['>', Talk.publish('a/b', 'x', { properties: Talk.contentType('t') })],
      ['>', Talk.publish('a/b', 'yy', { properties: '' })],
    )
    expect(five.map(({ payload }) => payload)).toEqual(['x', 'yy'])
  })

  test('what fits both is not guessed', () => {
    const rows = joined(['>', Talk.publish('a/b', 'on', { properties: '' })])
    expect(rows[0]!.payload).toStartWith('<unknown version of MQTT>')
  })

  test('a SUBSCRIBE tells it', () => {
    const rows = joined(
      ['>', Talk.subscribe(1, [['a/b', 1]], '')],
      ['<', Talk.suback(1, [1], '')],
      ['<', Talk.publish('a/b', 'on', { properties: '' })],
    )
    expect(rows.map(({ payload, reason_code }) => [payload, reason_code])).toEqual([
      ['', 1],
      ['on', -1],
    ])
  })
})

describe('recognition', () => {
  const asked = (bytes: string, port = 5000) => {
    const head: Head = {
      bytes: bytesOf(bytes),
      transport: 'tcp',
      isOpening: false,
      from: undefined,
      ownPort: 40_000,
      peerPort: port,
    }
    return recognise(head)
  }

  test('CONNECT is sure, SUBSCRIBE and PUBLISH are likely', () => {
    expect(asked(Talk.connect())).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.subscribe(1, [['a/#', 0]]))).toEqual({ side: 'client', sure: false })
    expect(asked(Talk.publish('a/b', 'x'))).toMatchObject({ sure: false })
    expect(asked(Talk.publish('lamp', 'x'), 1883)).toEqual({ side: 'client', sure: false })
  })

  test.each([
    ['a ping', Talk.PINGREQ],
    ['an acknowledgement', Talk.puback(1)],
    ['a word without a slash, away from the port', Talk.publish('lamp', 'x')],
    ['a length beyond what follows', `${Talk.publish('a/b', 'x')}junk`],
    ['LDAP', '\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0'],
  ])('not by %s', (_, bytes) => expect(asked(bytes)).toBe('no'))
})

describe('bounds', () => {
  test.each([
    [
      'publications that nobody acknowledges',
      Talk.publish('a/b', 'x'.repeat(50), { qos: 1, id: 7 }).repeat(1000),
    ],
    [
      'aliases without an end',
      Array.from({ length: 500 }, (_, i) =>
        Talk.publish(`t${i}`.padEnd(100), '', { properties: Talk.topicAlias(i + 1) }),
      ).join(''),
    ],
    ['properties of no sense', Talk.publish('a', '', { properties: '\x26\0\0\0\0'.repeat(20_000) })],
    [
      'filters without an end',
      Talk.subscribe(
        1,
        Array.from({ length: 10_000 }, () => ['', 0] as const),
        '',
      ),
    ],
    ['no packet', '\0'.repeat(64 << 10)],
    ['pings', Talk.PINGREQ.repeat(30_000)],
  ])('%s: 4 MiB take less than 4 s of CPU, and are not kept', (_, bytes) => {
    const all = rig([mqtt])
    const wire = new Wire()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(Talk.connect({ version: 5 })))
    const before = process.cpuUsage()
    for (let said = 0; said < 4 << 20; said += bytes.length) {
      all.streams.handle(wire.request(bytes))
      pass(all.streams, wire)
    }
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(4000)
    expect(all.streams.heldBytes).toBeLessThan(4 << 20)
  })
})
