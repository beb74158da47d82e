/** What the rows of Kafka say, message by message. */
import { describe, expect, test } from 'bun:test'
import { kafka } from '../../../src/protocols/kafka'
import { ROLE_SERVER } from '../../../src/records/types'
import { end, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

type Line = readonly [from: '>' | '<', bytes: string, lost?: number]

/** The rows of a session; a line may lose bytes from an offset of it on. */
function rowsOf(...lines: readonly Line[]) {
  const all = rig([kafka])
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (const [from, bytes, captured] of lines)
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(all.streams, wire)
  return { rows: all.sink.rows('kafka_events.beta'), counters: all.counters, verdicts: all.verdicts }
}

const app = (id: number) => ({ id, client: 'app' })
const jsonOf = (value: unknown) => JSON.parse(String(value))

test('a request and its answer: all columns', () => {
  const set = Talk.batch([{ key: 'key', value: 'value' }, { value: 'four' }])
  const asked = Talk.produce(app(1), 'orders', set)
  const said = Talk.produced(1, 'orders', 42)
  const { rows } = rowsOf(['>', asked], ['<', said])
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    trace_role: ROLE_SERVER,
    req_cmd: 0,
    req_version: 9,
    correlation_id: 1,
    client_id: 'app',
    latency: 1000,
    req_size: asked.length - 4,
    resp_size: said.length - 4,
    error: '',
    outcome: 'complete',
  })
  const [size, records] = [set.length, 2]
  expect(jsonOf(rows[0]!.req_body)).toEqual({
    transactional_id: null,
    acks: 1,
    timeout_ms: 30_000,
    topics: [
      {
        name: 'orders',
        partitions: [
          {
            index: 0,
            message_set: {
              size,
              batches: [{ base_offset: 0, records, size, compression: 'none', key_bytes: 3, value_bytes: 9 }],
            },
          },
        ],
      },
    ],
  })
  expect(jsonOf(rows[0]!.resp)).toMatchObject({
    topics: [{ name: 'orders', partitions: [{ index: 0, error_code: 0, base_offset: 42 }] }],
    throttle_time_ms: 0,
  })
  expect(JSON.stringify(rows)).not.toContain('four')
})

test('the first error has its name', () => {
  const { rows } = rowsOf(
    ['>', Talk.produce(app(1), 'orders', Talk.batch([{ value: 'v' }]))],
    ['<', Talk.produced(1, 'orders', 0, 3)],
    ['>', Talk.heartbeat(2, 'group', 'me')],
    ['<', Talk.heartbeaten(2, 27)],
  )
  expect(rows.map(({ error }) => error)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', 'REBALANCE_IN_PROGRESS'])
})

describe('record batches', () => {
  const setOf = (set: string) => {
    const { rows } = rowsOf(['>', Talk.produce(app(1), 'orders', set)], ['<', Talk.produced(1, 'orders', 0)])
    expect(rows[0]?.outcome).toBe('complete')
    return jsonOf(rows[0]!.req_body).topics[0].partitions[0].message_set
  }

  test.each([
    [1, 'gzip'],
    [2, 'snappy'],
    [3, 'lz4'],
    [4, 'zstd'],
    [7, '<unknown codec 7>'],
  ])('codec %d is %s, and hides the sizes of keys', (codec, compression) => {
    const set = Talk.batch([{ value: 'v' }], codec)
    expect(setOf(set).batches).toEqual([{ base_offset: 0, records: 1, size: set.length, compression }])
  })

  test('of a transaction, control ones', () => {
    expect(setOf(Talk.batch([{ value: 'v' }], 0x30)).batches[0]).toMatchObject({
      is_transactional: true,
      is_control: true,
    })
  })

  test('several; one that is cut off has no sizes of keys', () => {
    const [first, second] = [Talk.batch([{ key: 'ab', value: 'c' }]), Talk.batch([{ key: 'de', value: 'f' }])]
    const { batches } = setOf(first + second.slice(0, -2))
    expect(batches).toHaveLength(2)
    expect(batches[0]).toMatchObject({ key_bytes: 2, value_bytes: 1 })
    expect(batches[1].key_bytes).toBeUndefined()
  })

  test('messages before version 2', () => {
    const old = `${Talk.u64(0) + Talk.u32(20) + Talk.u32(7)}\x01\x02${'x'.repeat(14)}`
    expect(setOf(old)).toEqual({ size: old.length, batches: [{ magic: 1, compression: 'snappy' }] })
  })

  test('a hole in records costs their sizes; what is behind it is read', () => {
    const set = Talk.batch(
      Array.from({ length: 100 }, (_, i) => ({ key: `key-${i}`, value: 'v'.repeat(50) })),
    )
    const asked = Talk.produce(app(1), 'orders', set)
    const [head, rest] = [asked.slice(0, 4000), asked.slice(4000)]
    const { rows } = rowsOf(['>', head, 200], ['>', rest], ['<', Talk.produced(1, 'orders', 7)])
    expect(rows[0]?.outcome).toBe('complete')
    expect(jsonOf(rows[0]!.req_body).topics[0].partitions[0].message_set).toEqual({
      size: set.length,
      batches: [{ base_offset: 0, records: 100, size: set.length, compression: 'none' }],
    })
  })

  test('a hole in a value that isn’t shown costs nothing', () => {
    const set = Talk.batch([{ key: 'k', value: 'v'.repeat(5000) }])
    const asked = Talk.produce(app(1), 'orders', set)
    const [head, rest] = [asked.slice(0, 4000), asked.slice(4000)]
    const { rows } = rowsOf(['>', head, 200], ['>', rest], ['<', Talk.produced(1, 'orders', 7)])
    const [batch] = jsonOf(rows[0]!.req_body).topics[0].partitions[0].message_set.batches
    expect(batch).toMatchObject({ key_bytes: 1, value_bytes: 5000 })
  })

  test('a hole elsewhere costs what is behind it', () => {
    const asked = Talk.produce(app(1), 'orders', Talk.batch([{ value: 'v' }]))
    const { rows } = rowsOf(
      ['>', asked.slice(0, 40), 30],
      ['>', asked.slice(40)],
      ['<', Talk.produced(1, 'orders', 7)],
      ['>', Talk.heartbeat(2, 'group', 'me')],
      ['<', Talk.heartbeaten(2, 0)],
    )
    expect(rows.map(({ outcome }) => outcome)).toEqual(['cut', 'complete'])
    expect(jsonOf(rows[0]!.req_body)).toEqual({
      transactional_id: null,
      acks: 1,
      timeout_ms: 30_000,
      topics: [{}],
    })
  })
})

describe('topic ids', () => {
  const [known, unknown] = [Talk.topicId('known'), Talk.topicId('strange')]

  test('have the names that the broker told, on another connection of the process too', () => {
    const asked: readonly Line[] = [
      ['>', Talk.fetch(app(2), known, 5)],
      ['<', Talk.fetched(2, known, Talk.batch([{ value: 'v' }]))],
    ]
    const told = rowsOf(
      ['>', Talk.metadata12(app(1))],
      ['<', Talk.metadata12Of(1, { orders: known })],
      ...asked,
    )
    for (const row of [told.rows[1]!, rowsOf(...asked).rows[0]!]) {
      const [topic] = jsonOf(row.req_body).topics
      expect(topic).toMatchObject({ name: 'orders', topic_id: Talk.idText(known) })
      expect(topic.partitions[0]).toMatchObject({ index: 0, fetch_offset: 5 })
      expect(jsonOf(row.resp).topics[0]).toMatchObject({ name: 'orders', partitions: [{ index: 0 }] })
    }
  })

  test('of the log of controllers is the same everywhere', () => {
    const { rows } = rowsOf(['>', Talk.fetch(app(1), `${'\0'.repeat(15)}\x01`, 0)])
    expect(jsonOf(rows[0]!.req_body).topics[0].name).toBe('__cluster_metadata')
  })

  test('from before are said to be unknown, and counted', () => {
    const { rows, counters } = rowsOf(
      ['>', Talk.fetch(app(1), unknown, 0)],
      ['<', Talk.fetched(1, unknown, '')],
    )
    expect(jsonOf(rows[0]!.req_body).topics[0].name).toBe(`<unknown topic ${Talk.idText(unknown)}>`)
    expect(counters.partialHeads).toBe(2)
  })
})

test('acks=0 has no answer', () => {
  const set = Talk.batch([{ value: 'v' }])
  const { rows } = rowsOf(
    ['>', Talk.produce(app(1), 'beats', set, 0)],
    ['>', Talk.heartbeat(2, 'group', 'me')],
    ['<', Talk.heartbeaten(2, 0)],
  )
  expect(rows.map(({ req_cmd, resp, outcome }) => [req_cmd, resp, outcome])).toEqual([
    [0, '', 'complete'],
    [12, '{"error_code":0}', 'complete'],
  ])
})

test('an answer without its request is counted, and nothing is guessed', () => {
  const { rows, counters } = rowsOf(
    ['>', Talk.heartbeat(1, 'group', 'me')],
    ['<', Talk.heartbeaten(9, 0)],
    ['<', Talk.heartbeaten(1, 0)],
  )
  expect(rows.map(({ correlation_id }) => correlation_id)).toEqual([1])
  expect(counters.unpairedFrames).toBe(1)
})

test('an answer that has other fields than its request asks for makes no row', () => {
  const { rows, counters } = rowsOf(
    ['>', Talk.heartbeat(1, 'group', 'me')],
    ['<', Talk.answer(1, 'something else')],
    ['>', Talk.heartbeat(2, 'group', 'me')],
    ['<', Talk.heartbeaten(2, 0)],
  )
  expect(rows.map(({ correlation_id }) => correlation_id)).toEqual([2])
  expect(counters.unpairedFrames).toBe(1)
})

test('versions that aren’t known: what there is, undecoded', () => {
  const { rows } = rowsOf(
    ['>', Talk.heartbeat(1, 'group', 'me')],
    ['<', Talk.heartbeaten(1, 0)],
    ['>', Talk.request({ key: 0, version: 40, ...app(2) }, 'of the future')],
    ['<', Talk.answer(2, 'as well')],
  )
  expect(rows[1]).toMatchObject({
    req_cmd: 0,
    req_version: 40,
    req_body: '{"undecoded_bytes":13}',
    resp: '{"undecoded_bytes":7}',
  })
})

test('a broker that doesn’t know a version of ApiVersions answers in the oldest', () => {
  const { rows } = rowsOf(
    ['>', Talk.flexible({ key: 18, version: 4, ...app(1) }, Talk.cstr('java') + Talk.cstr('4.4'))],
    ['<', Talk.answer(1, Talk.u16(35) + Talk.list(Talk.u16(18) + Talk.u16(0) + Talk.u16(3)))],
    ['>', Talk.flexible({ key: 18, version: 3, ...app(2) }, Talk.cstr('java') + Talk.cstr('4.4'))],
    // Its answers have no tagged fields in their heads.
    [
      '<',
      Talk.answer(
        2,
        Talk.u16(0) +
          Talk.clist(Talk.u16(1) + Talk.u16(4) + Talk.u16(18) + Talk.NO_TAGS) +
          Talk.u32(0) +
          Talk.tags([1, Talk.u64(77)], [99, 'from a later version']),
      ),
    ],
  )
  expect(rows[0]).toMatchObject({
    error: 'UNSUPPORTED_VERSION',
    resp: '{"error_code":35,"api_keys":[{"api_key":18,"min_version":0,"max_version":3}]}',
  })
  expect(jsonOf(rows[1]!.resp)).toMatchObject({ error_code: 0, finalized_features_epoch: 77 })
})

describe('secrets', () => {
  test('of SASL, in either form', () => {
    const token = (text: string) => Talk.u32(text.length) + text
    const { rows, counters } = rowsOf(
      ['>', Talk.saslHandshake(1, 0, 'SCRAM-SHA-256')],
      ['<', Talk.saslHandshaken(1, 'SCRAM-SHA-256')],
      ['>', token('n,,n=jane,r=hunter2')],
      ['<', token('r=hunter2more,s=salt,i=4096')],
      ['>', token('c=biws,r=hunter2more,p=proof')],
      ['<', token('')],
      ['>', Talk.saslAuthenticate(2, '\0jane\0hunter2')],
      ['<', Talk.saslAuthenticated(2, 'hunter2')],
    )
    expect(rows.map(({ req_cmd }) => req_cmd)).toEqual([17, 36])
    expect(jsonOf(rows[1]!.req_body)).toEqual({ auth_bytes: '[redacted]' })
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|jane|salt/)
    expect([counters.unpairedFrames, counters.parseFailures]).toEqual([0, 0])
  })

  test('settings with such names, and tokens in texts', () => {
    const settings: Readonly<Record<string, string>> = {
      'ssl.keystore.password': 'hunter2',
      'sasl.jaas.config': 'module required password="hunter3";',
      'listener.name.tls.ssl.keystore.key': 'hunter4',
      'metrics.url': 'https://jane:hunter5@host/path',
      'retention.ms': '86400000',
    }
    const configs = Object.entries(settings).map(([name, value]) => Talk.str(name) + Talk.str(value))
    const body = Talk.list(`\x04${Talk.str('1')}${Talk.list(...configs)}`)
    const { rows } = rowsOf(['>', Talk.request({ key: 33, version: 0, ...app(1) }, `${body}\0`)])
    expect(rows).toHaveLength(1)
    const shown = jsonOf(rows[0]!.req_body).resources[0].configs
    expect(shown.map(({ name }: { name: string }) => name)).toEqual(Object.keys(settings))
    expect(shown.at(-1).value).toBe('86400000')
    expect(JSON.stringify(rows)).not.toMatch(/hunter/)
  })
})

test('what is shown ends at the limit, and is JSON', () => {
  const many = Array.from({ length: 3000 }, (_, i) => `topic-${i}`)
  const { rows } = rowsOf(['>', Talk.metadata(app(1), ...many)])
  const { topics } = jsonOf(rows[0]!.req_body)
  expect(topics.at(-1)).toBe(`<${3000 - (topics.length - 1)} more>`)
  expect(String(rows[0]!.req_body).length).toBeLessThan(66_000)
  expect(rows[0]!.outcome).toBe('unanswered')
})

test('a client without a name, and one that speaks before it is answered', () => {
  const { rows } = rowsOf(
    ['>', Talk.metadata({ id: 1 }, 'orders') + Talk.metadata({ id: 2 }, 'views')],
    ['<', Talk.metadataOf(1, 'orders', 'a') + Talk.metadataOf(2, 'views', 'b')],
  )
  expect(rows.map(({ client_id, correlation_id }) => [client_id, correlation_id])).toEqual([
    ['', 1],
    ['', 2],
  ])
})
