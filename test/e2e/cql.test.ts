/** Each request of clients of Cassandra has its row: the drivers of Python and Node, of each version and compression, against their logs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import {
  type Cassandra,
  type CqlRow,
  cqlRows,
  type Ran,
  runCqlClient,
  type Said,
  startCassandra,
} from '../support/cassandra'
import { isRoot, Nixie, root } from '../support/nixie'
import { PATIENCE_MS, Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

const [STARTUP, QUERY, PREPARE, EXECUTE, REGISTER, BATCH, AUTH_RESPONSE] = [1, 7, 9, 10, 11, 13, 15]
const EVENT = 12
const clients = join(root, 'test/support/clients')

/** What a driver asks for itself, of tables of the system, and to choose a keyspace. */
const isOwn = ({ body }: Said) => / (?:system\w*)\.|^USE /.test(body)
const APP = new Set([QUERY, EXECUTE, BATCH])

const saidIn = (rows: readonly Said[]): string[] =>
  rows.map(({ op, body, rows, error }) => JSON.stringify({ op, body, rows, error })).sort()

/** Versions and compressions of the driver for Python. */
const WAYS = [
  ['5', 'none'],
  ['5', 'lz4'],
  ['4', 'lz4'],
  ['3', 'snappy'],
] as const

describe.skipIf(!isRoot)('Cassandra (needs root)', () => {
  const scope = new Scope('cql')
  let server: Cassandra
  let nixie: Nixie
  const older = new Map<string, Ran>()
  const ran = new Map<string, Ran>()

  beforeAll(async () => {
    const starting = startCassandra(scope)
    const python = makePython(scope, 'cql-requirements.txt')
    server = await starting
    const port = String(server.port)
    const py = (...args: readonly string[]) => [python, join(clients, 'cql.py'), port, ...args]
    const node = (...args: readonly string[]) => ['node', join(clients, 'cql.mjs'), port, ...args]
    await runCqlClient(py('5', 'none', 'setup'))
    const started = Promise.withResolvers<void>()
    let ready = 0
    const whenReady = async () => {
      if (++ready === WAYS.length) {
        nixie = await Nixie.start(scope)
        started.resolve()
      }
      await started.promise
    }
    const joined = WAYS.map(async (way) =>
      older.set(way.join(), await runCqlClient(py(...way, 'older'), whenReady)),
    )
    await Promise.all(joined)
    const clientsOf = [
      ...WAYS.map((way) => [way.join(), py(...way)] as const),
      ['node', node()],
      ['tls', node('tls')],
    ] as const
    await Promise.all(clientsOf.map(async ([name, command]) => ran.set(name, await runCqlClient(command))))
  }, 4 * PATIENCE_MS)
  afterAll(() => scope.close())

  /** The rows of a client, once there are as many as it has logged. */
  const rowsOf = ({ pid, log }: Ran): Promise<CqlRow[]> =>
    until('rows of a client', async () => {
      const rows = (await cqlRows(nixie, server.port)).filter(
        (row) => row.remotePid === pid || row.pid === pid,
      )
      return rows.filter((row) => APP.has(row.op) && !isOwn(row)).length >= log.length && rows
    })

  for (const name of [...WAYS.map((way) => way.join()), 'node', 'tls']) {
    describe(name, () => {
      let rows: CqlRow[]
      beforeAll(async () => {
        rows = await rowsOf(ran.get(name)!)
      })

      test('each request is one row: statement and values, rows, number of the error', () => {
        const asked = rows.filter((row) => APP.has(row.op) && !isOwn(row))
        expect(saidIn(asked)).toEqual(saidIn(ran.get(name)!.log))
        expect(rows.filter(({ outcome }) => outcome !== 'complete')).toEqual([])
      })

      test('each connection begins with a login; no secret is stored', () => {
        const [starts, logins] = [STARTUP, AUTH_RESPONSE].map((op) => rows.filter((row) => row.op === op))
        expect(logins!.length).toBeGreaterThan(1)
        expect(starts!.filter(({ error }) => error === 0)).toHaveLength(logins!.length)
        expect(new Set(logins!.map(({ body }) => body))).toEqual(
          new Set(['{"user":"cassandra","token":"[redacted]"}']),
        )
        for (const secret of ['hunter2', 'pa55w0rd', '\\u0000cassandra'])
          expect(JSON.stringify(rows)).not.toContain(secret)
      })

      test('version, encryption, and whose row it is', () => {
        const asked = rows.filter((row) => row.op === QUERY)
        const version = name === 'node' || name === 'tls' ? asked[0]!.version : Number(name[0])
        expect(new Set(asked.map((row) => row.version))).toEqual(new Set([version]))
        // Java has TLS of its own: what it says there is seen at the client.
        expect(new Set(rows.map((row) => row.encrypted))).toEqual(new Set([name === 'tls']))
        expect(new Set(rows.map(({ pid }) => pid))).toEqual(
          new Set([name === 'tls' ? ran.get(name)!.pid : server.pid]),
        )
      })

      test('prepared statements, and the keyspace in use', () => {
        const prepared = rows.filter((row) => row.op === PREPARE)
        expect(prepared.map(({ body }) => body)).toContain(
          'INSERT INTO shop.goods (name, price, password) VALUES (?, ?, ?)',
        )
        const executed = rows.filter((row) => row.op === EXECUTE)
        expect(new Set(executed.map(({ keyspace }) => keyspace))).toEqual(new Set(['shop']))
      })
    })
  }

  test('warnings, traces, custom payloads', async () => {
    for (const way of WAYS) {
      const { log, ...rest } = ran.get(way.join())!
      const rows = await rowsOf({ log, ...rest })
      const traced = rows.filter((row) => row.traced)
      expect(traced).toHaveLength(1)
      expect(traced[0]!.traceId).toMatch(/^[\da-f]{8}-[\da-f]{4}-1[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/)
      if (way[0] === '3') continue
      const warnings = log.flatMap(({ warnings = [] }) => warnings)
      expect(warnings).toHaveLength(1)
      expect(rows.flatMap((row) => (row.warnings ? JSON.parse(row.warnings) : []))).toEqual(warnings)
      const payload = rows.filter((row) => row.payload !== '')
      expect(payload.map((row) => JSON.parse(row.payload))).toEqual([
        { from: 'tests', password: '[redacted]' },
      ])
    }
  })

  test('events are pushed to who has registered', async () => {
    const rows = await cqlRows(nixie, server.port)
    expect(
      rows.filter((row) => row.op === REGISTER && row.body.includes('SCHEMA_CHANGE')).length,
    ).toBeGreaterThan(3)
    await runCqlClient(['node', join(clients, 'cql.mjs'), String(server.port), 'events'])
    const told = await until('events', async () => {
      const events = (await cqlRows(nixie, server.port)).filter(({ answerOp }) => answerOp === EVENT)
      return events.length > 0 && events
    })
    expect(told.map(({ answer }) => answer)).toContain('SCHEMA_CHANGE CREATED TABLE shop.told')
  })

  test('connections that are older than Nixie: what was prepared before is unknown', async () => {
    for (const way of WAYS) {
      const rows = await rowsOf(older.get(way.join())!)
      const asked = rows.filter((row) => APP.has(row.op) && !isOwn(row))
      expect(saidIn(asked)).toEqual(saidIn(older.get(way.join())!.log))
    }
  })

  test('the scripts of the library give real answers', async () => {
    const data = await nixie.ask('/api/run/px/cql_data?start_time=-10m&max_num_records=7')
    expect(data.tables[0]!.rows).toHaveLength(7)
    expect(data.tables[0]!.rows.every((row) => /^[A-Z]/.test(String(row.req_op)))).toBe(true)
    const stats = await nixie.ask('/api/run/px/cql_stats?start_time=-10m')
    const summary = stats.tables.find(({ name }) => name.includes('Summary'))!
    expect(summary.rows.reduce((sum, row) => sum + Number(row.total_requests), 0)).toBeGreaterThan(200)
    const graph = await nixie.ask('/api/run/px/cql_flow_graph?start_time=-10m')
    expect(graph.tables.flatMap(({ rows }) => rows).length).toBeGreaterThan(0)
  })
})
