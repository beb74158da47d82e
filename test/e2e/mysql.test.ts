/** Each command that MySQL clients sent has its row: MariaDB with its own client and those of Node, Python and Go, against their logs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildMysqlClient,
  type Logged,
  type MysqlRow,
  type MysqlServer,
  mysqlRows,
  type Ran,
  runMysqlClient,
  startMariaDb,
} from '../support/mysql'
import { isRoot, Nixie, root } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

const [CONNECT, QUERY, PREPARE, EXECUTE, LONG_DATA, CLOSE, QUIT, CHANGE_USER] = [11, 3, 22, 23, 24, 25, 1, 17]
const FAILED = 3

const node = (...args: readonly string[]) => ['node', join(root, 'test/support/clients/mysql.mjs'), ...args]

/** What a client says for itself, beside what it is asked to. */
const OWN = new Set([CONNECT, PREPARE, LONG_DATA, CLOSE, QUIT, CHANGE_USER])
const saidIn = (rows: readonly Logged[]): string[] =>
  rows
    .map(({ cmd, body, rows, affected, error }) => JSON.stringify({ cmd, body, rows, affected, error }))
    .sort()

describe.skipIf(!isRoot)('MySQL (needs root)', () => {
  const scope = new Scope('mysql')
  let server: MysqlServer
  let nixie: Nixie
  let older: Ran
  const ran = new Map<string, Ran>()

  beforeAll(async () => {
    server = await startMariaDb(scope)
    const port = String(server.port)
    const file = join(scope.dir, 'rows.csv')
    writeFileSync(file, Array.from({ length: 10_000 }, (_, i) => `row ${i}\n`).join(''))
    const [python, go] = [makePython(scope, 'mysql-requirements.txt'), buildMysqlClient(scope)]
    older = await runMysqlClient(node(port, 'older'), async () => {
      nixie = await Nixie.start(scope)
    })
    ran.set('node', await runMysqlClient(node(port, file)))
    ran.set('python', await runMysqlClient([python, join(root, 'test/support/clients/mysql.py'), port, file]))
    ran.set('go', await runMysqlClient([go, port]))
  })
  afterAll(() => scope.close())

  /** The rows of a client, once it has said goodbye on each connection. */
  const rowsOf = ({ pid }: Ran, connections: number): Promise<MysqlRow[]> =>
    until('rows of a client', async () => {
      const rows = (await mysqlRows(nixie, server.port)).filter(({ remotePid }) => remotePid === pid)
      return rows.filter(({ cmd }) => cmd === QUIT).length === connections && rows
    })

  for (const [name, connections] of [
    ['node', 3],
    ['python', 2],
    ['go', 3],
  ] as const) {
    describe(name, () => {
      let rows: MysqlRow[]
      beforeAll(async () => {
        rows = await rowsOf(ran.get(name)!, connections)
      })

      test('each command is one row: statement and values, rows, number of the error', () => {
        const logged = ran.get(name)!.log.filter(({ cmd }) => cmd !== CONNECT)
        expect(saidIn(rows.filter(({ cmd }) => !OWN.has(cmd)))).toEqual(saidIn(logged))
        expect(rows.filter(({ outcome }) => outcome !== 'complete')).toEqual([])
        expect(new Set(rows.map(({ pid }) => pid))).toEqual(new Set([server.pid]))
      })

      test('each connection begins with a login, of which a part is encrypted', () => {
        const logins = rows.filter(({ cmd }) => cmd === CONNECT)
        const ports = new Set(rows.map(({ remotePort }) => remotePort))
        expect(logins).toHaveLength(ports.size)
        for (const { body } of logins)
          expect(JSON.parse(body)).toMatchObject({
            user: 'app',
            database: 'shop',
            plugin: 'mysql_native_password',
          })
        const encrypted = new Set(
          rows.filter(({ encrypted }) => encrypted).map(({ remotePort }) => remotePort),
        )
        expect(encrypted.size).toBe(1)
      })

      test('no secret is stored', () => {
        const text = JSON.stringify(rows)
        for (const secret of ['hunter', 'pa55w0rd']) expect(text).not.toContain(secret)
      })
    })
  }

  test('errors have number, state and text; the database in use follows the commands', async () => {
    const rows = await rowsOf(ran.get('node')!, 3)
    const missing = rows.find(({ body }) => body === 'SELECT * FROM missing_nodeplain')!
    expect(missing).toMatchObject({ status: FAILED, database: 'shop' })
    expect(missing.answer).toBe("ERROR 1146 (42S02): Table 'shop.missing_nodeplain' doesn't exist")
    expect(rows.find(({ body }) => body === "SELECT DATABASE(), 'nodezip'")?.database).toBe('second')
    const refused = rows.findLast(({ cmd }) => cmd === CONNECT)!
    expect(refused).toMatchObject({ status: FAILED, error: 1045 })
    const several = rows.find(({ body }) => body.startsWith("SELECT 1, 'nodeplain'"))!
    expect(several.answer).toBe(
      'Resultset rows = 1; Rows affected = 1, Rows matched: 1  Changed: 1  Warnings: 0; Resultset rows = 1',
    )
  })

  test('a value that came in parts is in its execution', async () => {
    const rows = await rowsOf(ran.get('go')!, 3)
    const parts = rows.filter(({ cmd }) => cmd === LONG_DATA)
    expect(parts.map(({ body }) => body.replace(/Statement \d+/, '')).sort()).toEqual([
      ', parameter 0, 700005 bytes',
      ', parameter 0, 700005 bytes',
      ', parameter 0, 700007 bytes',
    ])
  })

  test('a connection that is older than Nixie: what was prepared before is unknown', async () => {
    const rows = await rowsOf(older, 1)
    const asked = rows.filter(({ cmd }) => cmd === QUERY || cmd === EXECUTE)
    const said = asked.map((row) => ({ ...row, body: row.body.replace(/statement \d+/, 'statement') }))
    expect(saidIn(said)).toEqual(saidIn(older.log))
  })

  test('MariaDB’s own client, compressed and encrypted', async () => {
    for (const [options, encrypted] of [
      [['--compress', '--skip-ssl'], false],
      [['--ssl'], true],
    ] as const) {
      const statements = `SELECT 'cli', 1; INSERT INTO goods (name) VALUES ('cli${encrypted}'); SELECT seq FROM seq_1_to_700`
      const args = [
        '--no-defaults',
        '-h127.0.0.1',
        `-P${server.port}`,
        '-uapp',
        '-phunter2',
        ...options,
        '--force',
      ]
      const { pid } = await runMysqlClient(['mariadb', ...args, 'shop', '-e', statements])
      const rows = await rowsOf({ pid, log: [] }, 1)
      expect(saidIn(rows.filter(({ cmd }) => cmd === QUERY))).toEqual(
        saidIn([
          { cmd: QUERY, body: "SELECT 'cli', 1", rows: 1, affected: 0, error: 0 },
          {
            cmd: QUERY,
            body: `INSERT INTO goods (name) VALUES ('cli${encrypted}')`,
            rows: 0,
            affected: 1,
            error: 0,
          },
          { cmd: QUERY, body: 'SELECT seq FROM seq_1_to_700', rows: 700, affected: 0, error: 0 },
        ]),
      )
      expect(new Set(rows.map((row) => row.encrypted))).toEqual(new Set([encrypted]))
    }
  })

  test('px/mysql_data and px/sql_queries give real answers', async () => {
    const data = await nixie.ask('/api/run/px/mysql_data?start_time=-10m&max_num_records=7')
    expect(data.status).toBe(200)
    expect(data.tables[0]!.rows).toHaveLength(7)
    const stats = await nixie.ask('/api/run/px/mysql_stats?start_time=-10m')
    const summary = stats.tables.find(({ name }) => name.includes('Summary'))!
    expect(summary.rows.reduce((sum, row) => sum + Number(row.total_requests), 0)).toBeGreaterThan(100)
    const queries = await nixie.ask('/api/run/px/sql_queries?start_time=-10m')
    const texts = JSON.stringify(queries.tables)
    expect(texts).toContain('INSERT INTO goods (name, price) VALUES (?, ?)')
  })
})
