/** Each statement that PostgreSQL's clients ran has its row: of Debian's server, against the logs of psql, pgbench, pg, asyncpg, pgx and JDBC. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bind, execute, parse, SYNC, startup } from '../protocols/pgsql/build'
import { RawClient } from '../support/clients'
import { classPath } from '../support/maven'
import { isRoot, Nixie } from '../support/nixie'
import {
  buildPgx,
  clients,
  PASSWORD,
  type PgsqlRow,
  type PgsqlServer,
  pgsqlRows,
  type Ran,
  runClient,
  sql,
  startBouncer,
  startPgsql,
} from '../support/pgsql'
import { Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

/** Statements that ran, or tried to. */
const LATE_NS = 50e6
const RAN = new Set(['Query', 'Execute', 'Parse', 'Bind'])

describe.skipIf(!isRoot)('PostgreSQL (needs root)', () => {
  const scope = new Scope('pgsql')
  let server: PgsqlServer
  let bouncer: { port: number; pid: number }
  let nixie: Nixie
  let older: RawClient
  let pgx: string
  let python: string
  let jdbc: string
  const ways = ['in the clear', 'within TLS']
  const runs = new Map<string, Promise<Ran>>()

  beforeAll(async () => {
    pgx = buildPgx(scope)
    python = makePython(scope, 'pgsql-requirements.txt')
    jdbc = classPath(scope, join(clients, 'jdbc'))
    server = await startPgsql(scope)
    bouncer = await startBouncer(scope, server)
    older = await RawClient.open(scope, server.port)
    older.write(startup({ user: 'pooler', database: 'postgres' }))
    await older.waitFor('the login', (received) => received.includes('Z\0\0\0\x05I'))
    older.write(parse('older_statement', 'SELECT $1::text') + SYNC)
    await older.waitFor('the statement', (received) => received.includes('1\0\0\0\x04Z'))
    nixie = await Nixie.start(scope)
    // All at once: each knows its own by its marks.
    for (const name of Object.keys(commands))
      for (const way of ways) {
        const own = `${name}-${way === 'within TLS' ? 'tls' : 'clear'}`
        const mode = way === 'within TLS' ? 'require' : 'disable'
        runs.set(own, runClient(commands[name]!(urlOf(server.port, `?sslmode=${mode}`), own)))
      }
    await Promise.allSettled(runs.values())
  })
  afterAll(() => scope.close())

  const urlOf = (port: number, more = '') => `postgres://test:${PASSWORD}@127.0.0.1:${port}/postgres${more}`
  const commands: Readonly<Record<string, (url: string, name: string) => string[]>> = {
    pg: (url, name) => ['node', join(clients, 'pgsql.mjs'), url, name],
    asyncpg: (url, name) => [python, join(clients, 'pgsql.py'), url, name],
    pgx: (url, name) => [pgx, url, name],
    JDBC: (url, name) => {
      const { host, searchParams } = new URL(url)
      const own = `jdbc:postgresql://${host}/postgres?user=test&password=${PASSWORD}&${searchParams}`
      return ['java', '-cp', jdbc, join(clients, 'jdbc/PgsqlClient.java'), own, name]
    },
  }

  /** The rows, once there are as many executions as the client asked for. */
  async function rowsOf({ asked }: Ran, port: number, isTls = false): Promise<PgsqlRow[]> {
    return until('the rows', async () => {
      const rows = (await pgsqlRows(nixie, port)).filter(({ encrypted }) => encrypted === isTls)
      const missing = asked.filter(({ mark }) => executionsOf(rows, mark).length < countOf(asked, mark))
      if (missing.length > 0) throw new Error(`nothing of ${missing.map(({ mark }) => mark)}`)
      return rows
    })
  }

  const countOf = (asked: Ran['asked'], mark: string) => asked.filter((one) => one.mark === mark).length

  /** Rows of statements with this mark that ran; those that could not be prepared or bound, as their only ones. */
  function executionsOf(rows: readonly PgsqlRow[], mark: string): PgsqlRow[] {
    const sign = mark.endsWith('-copy') ? copySign(rows, mark) : `/* ${mark} */`
    const own = rows.filter(({ cmd, req }) => RAN.has(cmd) && req.includes(sign))
    return own.filter(({ cmd, error }) => cmd === 'Query' || cmd === 'Execute' || error !== '')
  }

  const copySign = (_: readonly PgsqlRow[], mark: string) =>
    mark.includes('pgx') ? 'copy "things" ( "id", "name" )' : 'COPY "things"("id", "name")'

  for (const name of ['pg', 'asyncpg', 'pgx', 'JDBC'])
    for (const way of ways) {
      describe(`${name} ${way}`, () => {
        const isTls = way === 'within TLS'
        const own = `${name}-${isTls ? 'tls' : 'clear'}`
        let ran: Ran
        let rows: PgsqlRow[]

        beforeAll(async () => {
          ran = (await runs.get(own))!
          rows = await rowsOf(ran, server.port, isTls)
        })

        test('each statement is one row, with its rows, its error and its latency', () => {
          for (const mark of new Set(ran.asked.map((one) => one.mark))) {
            const asked = ran.asked.filter((one) => one.mark === mark)
            const seen = executionsOf(rows, mark)
            const known = (one: { rows: number; error: string }) => `${one.rows} ${one.error}`
            expect(seen.map(known).sort(), mark).toEqual(asked.map(known).sort())
            for (const { outcome, latency } of seen) {
              expect(outcome).toBe('complete')
              expect(latency).toBeGreaterThan(0)
              // The server's call may return after the client has read what it sent.
              expect(latency).toBeLessThanOrEqual(Math.max(...asked.map(({ ns }) => ns)) + LATE_NS)
            }
          }
        })

        if (name === 'asyncpg')
          test('values in binary are shown as the server itself shows them', () => {
            const values = ran.others.filter(({ value }) => value !== undefined)
            expect(values.length).toBeGreaterThan(30)
            for (const { value, shown } of values) {
              const [row] = executionsOf(rows, String(value))
              expect(row?.req, String(value)).toEndWith(`params=[${shown}]`)
              expect(row?.resp, String(value)).toBe(`v\n${shown}\nSELECT 1`)
            }
          })

        test('rows name the processes of both ends, and hold no password', () => {
          const seen = rows.filter(({ req }) => req.includes(`/* ${own}`))
          expect(new Set(seen.map(({ remotePid }) => remotePid))).toEqual(new Set([ran.pid]))
          expect(rows.filter(({ text }) => text.includes(PASSWORD))).toEqual([])
        })
      })
    }

  const rowsWith = (what: string, port: number, isThere: (rows: PgsqlRow[]) => boolean) =>
    until(what, async () => {
      const rows = await pgsqlRows(nixie, port)
      return isThere(rows) && rows
    })

  test('psql: logins, several statements, errors with notices, COPY both ways', async () => {
    const env = { PGPASSWORD: PASSWORD, PGSSLMODE: 'disable', PGAPPNAME: 'psql-clear' }
    const input = `CREATE TEMP TABLE t (a int, b text);
COPY t FROM STDIN;
1\tone
2\ttwo
\\.
COPY t TO STDOUT;
DO $$ BEGIN RAISE NOTICE 'noticed'; RAISE EXCEPTION 'failed' USING ERRCODE = 'P0042', DETAIL = 'in detail'; END $$;
SELECT a, b, NULL AS c FROM t ORDER BY a;
UPDATE t SET b = 'x';
SELECT 'the last of psql';
`
    const args = ['-X', '-q', '-h', '127.0.0.1', '-p', String(server.port), '-U', 'test', 'postgres']
    await runClient(['psql', ...args], input, env)
    const rows = await rowsWith('what psql asked', server.port, (all) =>
      all.some(({ req }) => req.includes('the last of psql')),
    )
    const last = rows.find(({ req }) => req.includes('the last of psql'))!
    const own = rows.filter(({ remotePort }) => remotePort === last.remotePort)
    expect(own.map(({ cmd, rows, error }) => [cmd, rows, error])).toEqual([
      ['StartupMessage', 0, ''],
      ['Query', 0, ''],
      ['Query', 2, ''],
      ['Query', 2, ''],
      ['Query', 0, 'P0042'],
      ['Query', 2, ''],
      ['Query', 2, ''],
      ['Query', 1, ''],
    ])
    expect(own[0]!.req).toContain('application_name=psql-clear')
    expect(own[0]!.resp).toBe('AuthenticationSASL SCRAM-SHA-256\nAuthenticationOk')
    expect(own[2]!.data).toStartWith('1\tone\n2\ttwo\n')
    expect(own[3]!.resp).toBe('1\tone\n2\ttwo\nCOPY 2')
    expect(own[4]!.resp).toMatch(/^NOTICE 00000: noticed\n.*\nERROR P0042: failed\nDETAIL: in detail\n/)
    expect(own[5]!.resp).toBe('a,b,c\n1,one,NULL\n2,two,NULL\nSELECT 2')
  })

  test.each(['simple', 'extended', 'prepared'])('pgbench, %s: as many rows as transactions', async (mode) => {
    const script = join(scope.dir, `${mode}.sql`)
    writeFileSync(script, `\\set n random(1, 1000)\nSELECT :n /* bench-${mode} */;\n`)
    const args = [
      '-n',
      '-M',
      mode,
      '-c',
      '4',
      '-t',
      '250',
      '-f',
      script,
      '-h',
      '127.0.0.1',
      '-p',
      String(server.port),
    ]
    const env = { PGPASSWORD: PASSWORD, PGSSLMODE: 'disable' }
    const { stdout } = await runClient(['pgbench', ...args, '-U', 'test', 'postgres'], '', env)
    expect(stdout).toContain('actually processed: 1000/1000')
    const count = await until('all of them', async () => {
      const rows = await countsOf(`bench-${mode}`)
      return rows.reduce((sum, { count }) => sum + Number(count), 0) >= 1000 && rows
    })
    const cmd = mode === 'simple' ? 'Query' : 'Execute'
    expect(count).toEqual([{ req_cmd: cmd, outcome: 'complete', count: 1000 }])
  })

  /** How many statements with this mark ran. */
  const countsOf = (mark: string) =>
    nixie.query(`import px
df = px.DataFrame(table='pgsql_events', start_time='-10m')
df = df[df.local_port == ${server.port}]
df = df[px.contains(df.req, '${mark}')]
df = df[df.req_cmd == 'Query' or df.req_cmd == 'Execute']
px.display(df.groupby(['req_cmd', 'outcome']).agg(count=('latency', px.count)))
`)

  test('notifications are pushed; a cancel is told without its key', async () => {
    const rows = await rowsWith('both', server.port, (all) =>
      ['NotificationResponse', 'CancelRequest'].every((cmd) => all.some((row) => row.cmd === cmd)),
    )
    expect(rows.find(({ cmd }) => cmd === 'NotificationResponse')!.resp).toEndWith('_news: extra')
    expect(rows.find(({ cmd }) => cmd === 'CancelRequest')!.req).toMatch(/^process \d+$/)
  })

  test('with pgbouncer between, each statement is there on both sides', async () => {
    const ran = await runClient(commands.pg!(urlOf(bouncer.port, '?pooled'), 'pooled'))
    const [before, behind] = [await rowsOf(ran, bouncer.port), await rowsOf(ran, server.port)]
    for (const mark of ['pooled-series', 'pooled-named', 'pooled-values', 'pooled-fails']) {
      const counts = [before, behind].map((rows) =>
        executionsOf(rows, mark).map(({ req, rows: n, error }) => [req, n, error]),
      )
      expect(counts[0]!.length, mark).toBe(ran.asked.filter((one) => one.mark === mark).length)
      expect(counts[1]!.toSorted(), mark).toEqual(counts[0]!.toSorted())
    }
    expect(new Set(executionsOf(behind, 'pooled-series').map(({ remotePid }) => remotePid))).toEqual(
      new Set([bouncer.pid]),
    )
  })

  test('a stream of replication is passed over, and what follows it is read', async () => {
    const env = { PGPASSWORD: PASSWORD, PGSSLMODE: 'disable' }
    const args = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'test', '-d', 'postgres', '-S', 'slot']
    await runClient(['pg_recvlogical', ...args, '--create-slot', '-P', 'test_decoding'], '', env)
    sql(server, "INSERT INTO things VALUES (1, 'streamed')")
    const until = sql(server, 'SELECT pg_current_wal_lsn()')
    sql(server, "INSERT INTO things VALUES (2, 'streamed')")
    const { stdout } = await runClient(
      ['pg_recvlogical', ...args, '--start', '-E', until, '-f', '-'],
      '',
      env,
    )
    expect(stdout).toContain('streamed')
    const rows = await rowsWith('the stream', server.port, (all) =>
      all.some(({ req }) => req.startsWith('START_REPLICATION')),
    )
    const begun = rows.find(({ req }) => req.startsWith('START_REPLICATION'))!
    expect(begun.resp).toStartWith('CopyBothResponse')
    expect(rows.filter(({ text }) => text.includes("'streamed'"))).toEqual([])
  })

  test('statements that were prepared before Nixie have no text, and are the same ones all the same', async () => {
    for (let i = 0; i < 5; i++) {
      const before = older.received.length
      older.write(bind('older_statement', [`v${i}`]) + execute() + SYNC)
      await older.waitFor('the answer', (received) => received.slice(before).includes('Z\0\0\0\x05'))
    }
    const rows = await rowsWith('an older session', server.port, (all) =>
      all.some(({ req }) => req.includes('params=[v4]')),
    )
    const own = rows.filter(({ req }) => req.includes('older_statement'))
    const expected = Array.from(
      { length: 5 },
      (_, i) => `query=[<unknown statement older_statement>] params=[v${i}]`,
    )
    expect(own.map(({ req }) => req)).toEqual(expected)
    expect(own.map(({ resp }) => resp)).toEqual(expected.map((_, i) => `v${i}\nSELECT 1`))
  })

  test('scripts show them', async () => {
    const { status, tables } = await nixie.ask('/api/run/px/pgsql_data?start_time=-10m&max_num_records=7')
    expect(status).toBe(200)
    expect(tables[0]!.rows).toHaveLength(7)
    const stats = await nixie.ask('/api/run/px/pgsql_stats?start_time=-10m')
    expect(stats.tables.find(({ name }) => name === 'Summary')!.rows.length).toBeGreaterThan(0)
    const queries = await nixie.ask('/api/run/px/sql_queries?start_time=-10m')
    // Whatever the mode and the value: one statement.
    const summary = queries.tables.find(({ name }) => name === 'Summary')!.rows
    const most = summary.toSorted((a, b) => Number(b.total_requests) - Number(a.total_requests))[0]!
    expect(most.normed_query).toStartWith('SELECT $1')
    expect(Number(most.total_requests)).toBeGreaterThanOrEqual(3000)
  })
})
