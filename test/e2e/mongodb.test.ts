/** Each command that MongoDB clients sent has its row: those of Node and Python, compressed or not, in TLS, against their own monitoring. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type Logged, type MongoServer, type Ran, runMongoClient, startMongo } from '../support/mongodb'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

const clients = join(root, 'test/support/clients')
const COLUMNS =
  "['time_', 'upid', 'remote_upid', 'trace_role', 'encrypted', 'req_cmd', 'req_body', 'resp_status', 'resp_body', 'latency', 'database', 'collection', 'docs_sent', 'docs_returned', 'n', 'n_modified', 'error_code', 'error_text', 'answers', 'compression', 'outcome']"
/** What drivers say for themselves, and don't tell. */
const OWN = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions'])

type Said = Omit<Logged, 'req' | 'resp'>
const saidIn = ({
  cmd,
  status,
  database,
  collection,
  sent,
  returned,
  n,
  modified,
  code,
  text,
  answers,
}: Said) =>
  JSON.stringify({ cmd, status, database, collection, sent, returned, n, modified, code, text, answers })

const said = (row: Row): Said => ({
  cmd: String(row.req_cmd),
  status: String(row.resp_status),
  database: String(row.database),
  collection: String(row.collection),
  sent: Number(row.docs_sent),
  returned: Number(row.docs_returned),
  n: Number(row.n),
  modified: Number(row.n_modified),
  code: Number(row.error_code),
  text: String(row.error_text),
  answers: Number(row.answers),
})

/** As rows show it. */
const safe = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll('hunter2', '[redacted]'))

describe.skipIf(!isRoot)('MongoDB (needs root)', () => {
  const scope = new Scope('mongodb')
  let server: MongoServer
  let nixie: Nixie
  const ran = new Map<string, Ran>()

  beforeAll(async () => {
    const python = makePython(scope, 'mongodb-requirements.txt')
    server = await startMongo(scope, python)
    const run = async (
      name: string,
      command: readonly string[],
      url: string,
      started?: () => Promise<unknown>,
    ) => {
      const args = [...command, url, name.replace(/\W/g, ''), ...(started ? ['older'] : [])]
      ran.set(name, await runMongoClient(scope, args, started))
    }
    const node = ['node', join(clients, 'mongodb.mjs')]
    const pymongo = [python, join(clients, 'mongodb.py')]
    const plain = `mongodb://127.0.0.1:${server.port}/`
    const tls = `mongodb://127.0.0.1:${server.tlsPort}/?tls=true&tlsAllowInvalidCertificates=true`
    await run('node, older', node, plain, async () => {
      nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    })
    const packed = ['zlib', 'snappy', 'zstd'].map((compressor) =>
      run(`pymongo ${compressor}`, pymongo, `${plain}?compressors=${compressor}`),
    )
    await Promise.all([
      ...packed,
      run('pymongo', pymongo, plain),
      run('pymongo TLS', pymongo, tls),
      run('node', node, plain),
      run('node zlib', node, `${plain}?compressors=zlib`),
      run('node TLS', node, tls),
    ])
  })
  afterAll(() => scope.close())

  /** The rows of a client's commands, in order. */
  const rowsOf = (name: string): Promise<Row[]> => {
    const { pid, log } = ran.get(name)!
    return until(`${log.length} rows of ${name}`, async () => {
      const rows = await nixie.query(`import px
df = px.DataFrame('mongodb_events', start_time='-10m', select=${COLUMNS})
df.pid = px.upid_to_pid(df.upid)
df.remote_pid = px.upid_to_pid(df.remote_upid)
px.display(df[df.remote_pid == ${pid}])
`)
      const own = rows.filter(({ req_cmd }) => !OWN.has(String(req_cmd)))
      if (own.length < log.filter(({ cmd }) => !OWN.has(cmd)).length) throw new Error(`${own.length} rows`)
      return own.sort((a, b) => (String(a.time_) < String(b.time_) ? -1 : 1))
    })
  }

  describe.each([
    ['node, older', '', false],
    ['node', '', false],
    ['node zlib', 'zlib', false],
    ['node TLS', '', true],
    ['pymongo', '', false],
    ['pymongo zlib', 'zlib', false],
    ['pymongo snappy', 'snappy', false],
    ['pymongo zstd', 'zstd', false],
    ['pymongo TLS', '', true],
  ])('%s', (name, compression, encrypted) => {
    let rows: Row[]
    let log: readonly Logged[]
    beforeAll(async () => {
      rows = await rowsOf(name)
      log = ran.get(name)!.log.filter(({ cmd }) => !OWN.has(cmd))
    })

    test('each command is one row: what it sent and got, how many, and errors', () => {
      expect(rows.map(said).map(saidIn)).toEqual(log.map(saidIn))
      for (const row of rows)
        expect(row).toMatchObject({
          outcome: 'complete',
          compression,
          encrypted,
          trace_role: 2,
          pid: server.frontPid,
        })
    })

    test('commands and answers are those that the driver saw; secrets are left out', () => {
      const bodies = rows.flatMap((row, i) => {
        const { req, resp } = log[i]!
        return [
          [String(row.req_body), req] as const,
          ...(resp ? [[String(row.resp_body), resp] as const] : []),
        ]
      })
      for (const [body, logged] of bodies) {
        if (body.endsWith('…')) expect(body.length).toBe(1025)
        else expect(JSON.parse(body)).toEqual(safe(logged))
      }
      expect(bodies.filter(([body]) => !body.endsWith('…')).length).toBeGreaterThan(20)
      expect(JSON.stringify(rows)).not.toContain('hunter2')
    })
  })

  test('px/mongodb_data shows who asked whom', async () => {
    const { tables } = await nixie.ask('/api/run/px/mongodb_data?start_time=-10m&max_num_records=200')
    const rows = tables.find(({ name }) => name === 'mongodb_data')!.rows
    expect(rows.filter((row) => row.req_cmd === 'distinct').length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).toContain('noSuchCommand')
  })
})
