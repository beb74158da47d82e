/** Each request of Kafka's clients has its row: Kafka with its own clients in Java, one in JavaScript, and librdkafka in TLS. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { logOf } from '../support/http2'
import {
  javaLog,
  type KafkaServer,
  kafkaRows,
  outputOf,
  PASSWORD,
  shouted,
  startKafka,
  USER,
} from '../support/kafka'
import { differences, type Logged, parseLog } from '../support/kafka-log'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { PATIENCE_MS, Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

const clients = join(root, 'test/support/clients')
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
/** librdkafka has its own name for one of them. */
const nameOf = (api: string | undefined) => (api === 'ApiVersion' ? 'ApiVersions' : api)
const jsonOf = (value: unknown) => JSON.parse(String(value))

/** A line of kafka.mjs. */
interface Said {
  readonly what: 'sent' | 'heard'
  readonly key: number
  readonly version: number
  readonly id: number
  readonly failed: boolean
}

describe.skipIf(!isRoot)('Kafka (needs root)', () => {
  const scope = new Scope('kafka')
  let nixie: Nixie
  let kafka: KafkaServer
  /** What the clients log; they run side by side. */
  let java: Logged[]
  let node: Said[]
  let librdkafka: string

  beforeAll(async () => {
    const python = makePython(scope, 'kafka-requirements.txt')
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off', '--body-limit', '65536'] })
    kafka = await startKafka(scope)
    const [sasl, tls] = [kafka.saslPort, kafka.tlsPort].map((port) => `127.0.0.1:${port}`)
    const all = [
      javaLog(kafka),
      logOf<Said>(['node', join(clients, 'kafka.mjs'), sasl!, USER, PASSWORD]),
      outputOf([python, join(clients, 'kafka.py'), tls!, kafka.certificate, USER, PASSWORD]),
    ] as const
    const [ofJava, ofNode, ofPython] = await Promise.all(all)
    java = parseLog(ofJava)
    node = ofNode
    librdkafka = ofPython.stderr
  }, 4 * PATIENCE_MS)
  afterAll(() => scope.close())

  /** Rows of a port, once there are as many as requests. */
  const rowsOf = (port: number, requests: number): Promise<Row[]> =>
    until(`${requests} rows of port ${port}`, async () => {
      const rows = await kafkaRows(nixie, port)
      return rows.length >= requests && rows
    })

  describe('its clients in Java', () => {
    let rows: Row[]
    const keyOf = ({ api, version, client, id }: Logged) => `${client} ${id} ${api} ${version}`
    const keyOfRow = (row: Row) =>
      `${row.client_id} ${row.correlation_id} ${shouted(String(row.api))} ${row.req_version}`

    beforeAll(async () => {
      const asked = java.filter(({ isAnswer }) => !isAnswer).length
      rows = await until('rows of all requests', async () => {
        const all = await kafkaRows(nixie, kafka.port)
        // The broker asks itself, too.
        const own = all.filter((row) => String(row.client_id).startsWith('j-'))
        return own.length >= asked && own
      })
    }, 2 * PATIENCE_MS)

    test('all requests, and all answers', () => {
      const asked = java.filter(({ isAnswer }) => !isAnswer)
      expect(rows.map(keyOfRow).sort()).toEqual(asked.map(keyOf).sort())
      const heard = java.filter(({ isAnswer }) => isAnswer).map(keyOf)
      const answered = rows.filter((row) => row.resp !== '').map(keyOfRow)
      // A client may close before it has read all answers.
      expect(heard.filter((key) => !answered.includes(key))).toEqual([])
      const wrong = rows.filter((row) => row.outcome !== 'complete' && heard.includes(keyOfRow(row)))
      expect(wrong).toEqual([])
    })

    test('each field of each of them', () => {
      const byKey = new Map(rows.map((row) => [keyOfRow(row), row]))
      const different = java.flatMap((logged) => {
        const row = byKey.get(keyOf(logged))
        if (!row || !logged.data) return []
        const ours = jsonOf(logged.isAnswer ? row.resp : row.req_body)
        return differences(ours, logged.data, keyOf(logged))
      })
      expect(different).toEqual([])
    })

    test('groups of all kinds, transactions, and topics by name', () => {
      const apis = new Set(rows.map((row) => row.api))
      for (const api of [
        'Produce Fetch Metadata FindCoordinator JoinGroup SyncGroup LeaveGroup OffsetCommit OffsetFetch DeleteRecords',
        'ConsumerGroupHeartbeat ShareGroupHeartbeat ShareFetch ShareAcknowledge InitProducerId EndTxn',
      ].flatMap((line) => line.split(' ')))
        expect(apis).toContain(api)
      expect(rows.filter((row) => String(row.resp).includes('<unknown topic'))).toEqual([])
      // The broker sends records by sendfile, so that only their size is seen.
      const sizeOf = ({ message_set }: { message_set: { size: number } | null }) => message_set?.size ?? 0
      const fetched = rows
        .filter((row) => row.api === 'Fetch' && row.resp !== '')
        .flatMap((row) => jsonOf(row.resp).topics)
        .filter(({ partitions }) => partitions.some((one: never) => sizeOf(one) > 0))
      expect(fetched.length).toBeGreaterThanOrEqual(2)
      expect([...new Set(fetched.map(({ name }) => name))]).toEqual(['j-orders'])
    })

    test('batches with their codecs and the sizes of keys; acks=0 without an answer', () => {
      const produced = rows.filter((row) => row.api === 'Produce' && row.client_id !== 'j-transaction')
      const said = produced.map((row) => {
        const { acks, topics } = jsonOf(row.req_body)
        const { base_offset, size, ...batch } = topics[0].partitions[0].message_set.batches[0]
        return JSON.stringify({ acks, name: topics[0].name, isAnswered: row.resp !== '', ...batch })
      })
      const sizes = { key_bytes: 5 * 5, value_bytes: 5 * 13 + 100 }
      const expected = [...CODECS, 'none'].map((compression, i) => {
        const isLast = i === CODECS.length
        const common = { acks: isLast ? 0 : 1, name: isLast ? 'j-beats' : 'j-orders', isAnswered: !isLast }
        return JSON.stringify({ ...common, records: 5, compression, ...(compression === 'none' && sizes) })
      })
      expect(said.sort()).toEqual(expected.sort())
    })

    test('what waits for news is seen to wait', () => {
      const slowest = Math.max(...rows.filter((row) => row.api === 'Fetch').map((row) => Number(row.latency)))
      expect(slowest).toBeGreaterThan(1e6)
    })

    test('no secret, no content of a record', () => {
      const altered = rows.find((row) => String(row.req_body).includes('ssl.key.password'))!
      expect(String(altered.req_body)).toContain('[redacted]')
      expect(JSON.stringify(rows)).not.toMatch(/hunter2|hidden value/)
    })
  })

  test('@platformatic/kafka with SASL: all requests of its connections', async () => {
    const sent = node.filter(({ what }) => what === 'sent')
    const rows = await rowsOf(kafka.saslPort, sent.length)
    const asked = ({ key, version, id }: Said) => `${key} ${version} ${id}`
    const shown = rows.map((row) => `${row.req_cmd} ${row.req_version} ${row.correlation_id}`)
    expect(shown.sort()).toEqual(sent.map(asked).sort())
    const heard = node.filter(({ what, failed }) => what === 'heard' && !failed)
    expect(rows.filter((row) => row.resp !== '').length).toBeGreaterThanOrEqual(heard.length)
    expect(rows.map((row) => row.api)).toContain('SaslAuthenticate')
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|jane|hidden/)
  })

  test('librdkafka in TLS: all requests with their sizes', async () => {
    const sent = [...librdkafka.matchAll(/Sent (\w+)Request \(v(\d+), (\d+) bytes @ \d+, CorrId (\d+)\)/g)]
    const heard = [
      ...librdkafka.matchAll(/Received (\w+)Response \(v(\d+), (\d+) bytes, CorrId (\d+), rtt ([\d.]+)ms\)/g),
    ]
    expect(sent.length).toBeGreaterThan(20)
    const rows = await rowsOf(kafka.tlsPort, sent.length)
    const asked = sent.map(
      ([, api, version, bytes, id]) => `${nameOf(api)} ${version} ${Number(bytes) - 4} ${id}`,
    )
    const shown = rows.map((row) => `${row.api} ${row.req_version} ${row.req_size} ${row.correlation_id}`)
    expect(shown.sort()).toEqual(asked.sort())
    const answers = heard.map(([, api, version, bytes, id]) => `${nameOf(api)} ${version} ${bytes} ${id}`)
    const answered = rows
      .filter((row) => row.resp !== '')
      .map((row) => `${row.api} ${row.req_version} ${Number(row.resp_size) - 4} ${row.correlation_id}`)
    expect(answers.filter((answer) => !answered.includes(answer))).toEqual([])
    expect(rows.some((row) => row.api === 'Fetch' && String(row.resp).includes('"compression":"lz4"'))).toBe(
      true,
    )
    expect(rows.every((row) => row.encrypted === true)).toBe(true)
    expect(JSON.stringify(rows)).not.toMatch(/hunter2|jane|hidden/)
  })

  test('scripts of the library: requests, topics, groups', async () => {
    /** Rows that have the column, of all tables that the script shows. */
    const rowsWith = async (column: string, script: string, query = '') => {
      const { tables, text } = await nixie.ask(`/api/run/${script}?start_time=-10m${query}`)
      if (!tables) throw new Error(text)
      return tables.flatMap(({ rows }) => rows).filter((row) => row[column] !== undefined)
    }
    const commands = (await rowsWith('req_cmd', 'px/kafka_data')).map((row) => row.req_cmd)
    expect(commands).toContain('ShareFetch')
    const topics = await rowsWith('bytes_consumed_total', 'px/kafka_overview')
    const orders = topics.find((row) => row.topic_name === 'j-orders')!
    expect(Number(orders.bytes_produced_total)).toBeGreaterThan(0)
    expect(Number(orders.bytes_consumed_total)).toBeGreaterThan(0)
    const delays = await rowsWith('delay', 'px/kafka_consumer_rebalancing')
    expect(delays.map((row) => row.group_id)).toContain('j-classic')
    const query = '&topic=j-orders&namespace='
    expect((await rowsWith('delay', 'px/kafka_producer_consumer_latency', query)).length).toBeGreaterThan(0)
  })
})
