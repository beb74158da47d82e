/** Each query of clickhouse-client and clickhouse-driver has its row, as they log it, and so have queries over HTTP in the view. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { counted, logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { makePython } from '../support/tls'

const SECRET = 'hunter2'

interface Logged {
  readonly query: string
  readonly rows: number
  readonly written: number
  readonly error: number
  readonly id: string
}

const config = (dir: string, http: number, native: number) => `<yandex>
<logger><level>error</level><console>1</console></logger>
<http_port>${http}</http_port><tcp_port>${native}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>${dir}/data/</path><tmp_path>${dir}/tmp/</tmp_path><user_files_path>${dir}/files/</user_files_path>
<format_schema_path>${dir}/formats/</format_schema_path><mark_cache_size>5368709</mark_cache_size>
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
</yandex>`
const user = (name: string, password: string) =>
  `<${name}><password>${password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></${name}>`
const users = `<yandex><profiles><default/></profiles><quotas><default/></quotas>
<users>${user('default', '')}${user('jane', SECRET)}</users></yandex>`

describe.skipIf(!isRoot)('ClickHouse (needs root)', () => {
  const scope = new Scope('clickhouse')
  let nixie: Nixie
  let python: string
  let http: number
  let native: number

  const byClient = (query: string, ...more: readonly string[]) =>
    execFileSync('clickhouse-client', [
      ...['--host', '127.0.0.1', '--port', String(native), '--user', 'jane', '--password', SECRET],
      ...['--query', query, ...more],
    ]).toString()

  beforeAll(async () => {
    python = makePython(scope, 'clickhouse-requirements.txt')
    const dir = join(scope.dir, 'clickhouse')
    for (const each of ['data', 'tmp', 'files', 'formats']) mkdirSync(join(dir, each), { recursive: true })
    ;[http, native] = [await freePort(), await freePort()]
    writeFileSync(join(dir, 'config.xml'), config(dir, http, native))
    writeFileSync(join(dir, 'users.xml'), users)
    await serve(scope, ['clickhouse-server', '--config-file', join(dir, 'config.xml')], [http, native])
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    byClient('CREATE DATABASE shop')
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  const rowsAt = (filter: string): Promise<Row[]> =>
    nixie.query(`import px
df = px.DataFrame('clickhouse_events', start_time='-10m')
df = df[df.local_port == ${native}]
px.display(df[${filter}])
`)
  const rowsOf = (filter: string, count: number): Promise<Row[]> =>
    until(`${count} rows`, async () => {
      const rows = await rowsAt(filter)
      if (rows.length < count) throw new Error(`${rows.length} rows`)
      return rows
    })

  /** Its queries, each with what it logged, and their rows. */
  const asked = async (compression: string) => {
    const filter = `px.contains(df.client, 'python') and df.cmd == 'query'`
    const before = (await rowsAt(filter)).length
    const client = join(root, 'test/support/clients/clickhouse.py')
    const log = await logOf<Logged>([python, client, String(native), compression])
    // The newest first.
    const own = (await rowsOf(filter, before + log.length)).slice(0, log.length)
    return { log, own }
  }

  test.each(['none', 'lz4', 'zstd'])('clickhouse-driver, blocks compressed by %s', async (compression) => {
    // Where the ring had no room for a large result, that is counted, and the row says that it is cut.
    const { log, own } = await until('a run of which no byte was lost', async () => {
      const { gaps } = (await nixie.status()).losses
      const run = await asked(compression)
      if (!run.own.some(({ outcome }) => outcome === 'cut')) return run
      await until('the hole is counted', async () => (await nixie.status()).losses.gaps > gaps)
      return false
    })
    const name = compression === 'none' ? 'none' : compression.toUpperCase()
    expect(
      counted(
        own.map(({ query, rows, written_rows: written, error_code: error, query_id: id }) => ({
          query,
          rows,
          written,
          error,
          id,
        })),
      ),
    ).toEqual(counted(log))
    for (const row of own)
      expect(row).toMatchObject({
        outcome: 'complete',
        user: 'jane',
        database: 'shop',
        encrypted: false,
        trace_role: 2,
      })
    // What the server says is compressed by a setting of its own.
    const by = (start: string) => own.find(({ query }) => String(query).startsWith(start))!.compression
    expect([by('INSERT'), by('SELECT *')]).toEqual([name, compression === 'none' ? 'none' : 'LZ4'])
    expect(own.find(({ query }) => String(query).includes('LIMIT 5500'))).toMatchObject({
      rows: 5500,
      blocks: 6,
    })
    expect(String(own.find(({ error_code }) => error_code === 47)!.error)).toContain('wrong')
  })

  test('clickhouse-client: settings, totals, and a login that fails', async () => {
    const totals = 'SELECT number % 2 AS half, count() FROM numbers(10) GROUP BY half WITH TOTALS'
    byClient(totals, '--max_threads', '1', '--totals_mode', 'before_having')
    byClient(totals, '--compression', '0')
    expect(() =>
      execFileSync(
        'clickhouse-client',
        ['--port', String(native), '--user', 'jane', '--password', 'no', '--query', 'SELECT 1'],
        {
          stdio: 'ignore',
        },
      ),
    ).toThrow()
    const [second, first] = await rowsOf(
      "px.contains(df.query, 'WITH TOTALS') and px.contains(df.client, 'ClickHouse')",
      2,
    )
    expect(first).toMatchObject({
      query: totals,
      rows: 2,
      compression: 'LZ4',
      read_rows: 10,
      outcome: 'complete',
    })
    expect(second).toMatchObject({ query: totals, rows: 2, compression: 'none', read_rows: 10 })
    const [failed] = await rowsOf("df.cmd == 'hello' and df.error_code != 0", 1)
    expect(failed).toMatchObject({ user: 'jane', error_code: 193, outcome: 'complete' })
    expect(String(failed!.error)).toContain('Wrong password')
  })

  test('queries over HTTP', async () => {
    const ask = (path: string, body?: string) =>
      fetch(`http://127.0.0.1:${http}${path}`, { method: 'POST', ...(body !== undefined && { body }) }).then(
        (answer) => answer.text(),
      )
    await ask(`/?database=shop&user=jane&password=${SECRET}&query=SELECT+1+FORMAT+JSON`)
    await ask('/?database=system', 'SELECT wrong FROM numbers')
    const shown = await until('both queries', async () => {
      const { tables, status, text } = await nixie.ask('/api/run/nixie/clickhouse_data?start_time=-10m')
      if (status !== 200) throw new Error(text)
      const rows = tables.find(({ name }) => name === 'clickhouse_http')!.rows
      return rows.length >= 2 && { rows, native: tables.find(({ name }) => name === 'clickhouse_data')!.rows }
    })
    expect(shown.rows).toMatchObject([
      { query: 'SELECT wrong FROM numbers', database: 'system', exception_code: 47, resp_status: 404 },
      { query: 'SELECT 1 FORMAT JSON', database: 'shop', user: 'jane', exception_code: 0, resp_status: 200 },
    ])
    expect(JSON.stringify(shown)).not.toContain(SECRET)
    expect(shown.native.length).toBeGreaterThan(20)
  })

  test('nothing was read wrongly, and no row has the password', async () => {
    const { losses } = await nixie.status()
    expect(losses.parse).toBe(0)
    expect(JSON.stringify(await rowsAt("df.cmd != ''"))).not.toContain(SECRET)
  })
})
