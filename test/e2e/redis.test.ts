/** Each command that a client of Redis logged has its row: redis-server with ioredis, redis-py, redis-cli and redis-benchmark. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { RawClient } from '../support/clients'
import { counted, logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { makeCertificate, makePython } from '../support/tls'

const clients = join(root, 'test/support/clients')
const COLUMNS =
  "['time_', 'upid', 'remote_upid', 'remote_port', 'local_port', 'trace_role', 'encrypted', 'req_cmd', 'req_args', 'resp', 'latency', 'outcome', 'error', 'req_size', 'resp_size']"
const REQUESTS = 4000

interface Said {
  readonly cmd: string
  readonly args: string
  readonly resp: string
}

/** What one connection said, by its client. */
interface Logged {
  readonly port: number
  readonly log: readonly Said[]
}

const saidOf = ({ req_cmd, req_args, resp }: Row): Said => ({
  cmd: String(req_cmd),
  args: String(req_args),
  resp: String(resp),
})

describe.skipIf(!isRoot)('Redis (needs root)', () => {
  const scope = new Scope('redis')
  let nixie: Nixie
  let python: string
  let port: number
  let tlsPort: number
  let serverPid: number
  let older: RawClient

  beforeAll(async () => {
    python = makePython(scope, 'redis-requirements.txt')
    const { cert, key } = makeCertificate(scope)
    ;[port, tlsPort] = [await freePort(), await freePort()]
    const dir = join(scope.dir, 'data')
    mkdirSync(dir)
    const tls = `--tls-port ${tlsPort} --tls-cert-file ${cert} --tls-key-file ${key} --tls-auth-clients no`
    const flags =
      `--bind 127.0.0.1 --port ${port} --dir ${dir} --appendonly no --repl-diskless-sync-delay 0 ${tls}`.split(
        ' ',
      )
    serverPid = await serve(scope, ['redis-server', ...flags, '--save', ''], [port, tlsPort])
    older = await RawClient.open(scope, port)
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  const rowsAt = (local: number, of = 'True'): Promise<Row[]> =>
    nixie.query(`import px
df = px.DataFrame('redis_events', start_time='-10m', select=${COLUMNS})
df.pid = px.upid_to_pid(df.upid)
df = df[df.local_port == ${local}]
px.display(df[${of}])
`)

  /** The rows of a connection in order, without those of the greeting, once there are as many as were logged. */
  const rowsOf = (local: number, { port: from, log }: Logged): Promise<Row[]> =>
    until(`${log.length} rows from port ${from}`, async () => {
      const rows = (await rowsAt(local, `df.remote_port == ${from}`)).filter(
        ({ req_cmd }) => !/^(?:HELLO|CLIENT (?:SET|MAINT)|INFO)/.test(String(req_cmd)),
      )
      if (rows.length < log.length) throw new Error(`${rows.length} rows`)
      return rows.sort((a, b) => (String(a.time_) < String(b.time_) ? -1 : 1))
    })

  test.each([
    ['ioredis', () => ['node', join(clients, 'redis.mjs')]],
    ['redis-py', () => [python, join(clients, 'redis-client.py')]],
  ] as const)('%s: every command, answer and message', async (_, command) => {
    for (const connection of await logOf<Logged>([...command(), String(port)])) {
      const rows = await rowsOf(port, connection)
      expect(counted(rows.map(saidOf))).toEqual(counted(connection.log))
      for (const row of rows)
        expect(row).toMatchObject({
          ...{ outcome: 'complete', encrypted: false, trace_role: 2, pid: serverPid },
          error: /^-(\w+)/.exec(String(row.resp))?.[1] ?? '',
        })
    }
  })

  test.each([
    ['ioredis', () => ['node', join(clients, 'redis.mjs')]],
    ['redis-py', () => [python, join(clients, 'redis-client.py')]],
  ] as const)('%s within TLS', async (_, command) => {
    // A library is read up to a second after its first use.
    const connections = await until('encrypted rows of all connections', async () => {
      const logged = await logOf<Logged>([...command(), String(tlsPort), 'tls'])
      const counts = await Promise.all(
        logged.map(async ({ port, log }) => {
          const rows = await until(
            'rows',
            async () => {
              const found = await rowsAt(tlsPort, `df.remote_port == ${port}`)
              return found.length > 0 && found
            },
            5000,
          ).catch(() => [])
          return rows.length >= log.length
        }),
      )
      return counts.every(Boolean) && logged
    })
    for (const connection of connections) {
      const rows = await rowsOf(tlsPort, connection)
      expect(counted(rows.map(saidOf))).toEqual(counted(connection.log))
      for (const row of rows)
        expect(row).toMatchObject({ encrypted: true, trace_role: 2, outcome: 'complete' })
    }
  })

  test('the latency of a command that blocks is that of the block', async () => {
    const rows = await until('BLPOP', async () => {
      const found = await rowsAt(port, "px.contains(df.req_args, 'node:none')")
      return found.length > 0 && found
    })
    for (const { latency, resp } of rows) {
      expect(resp).toBe('<NULL>')
      expect(Number(latency)).toBeGreaterThan(250e6)
    }
  })

  test('redis-cli, also in RESP3; who logs in isn’t stored', async () => {
    const cli = (...args: readonly string[]) =>
      execFileSync('redis-cli', ['-p', String(port), ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
    expect(cli('SET', 'cli:key', 'cli value')).toBe('OK')
    expect(cli('-3', 'CONFIG', 'GET', 'cli-nothing')).toBe('')
    cli('-a', 'hunter2', '--user', 'cli-user', 'GET', 'cli:key')
    cli('COMMAND')
    const rows = await until('COMMAND', async () => {
      const found = await rowsAt(
        port,
        "px.contains(df.req_cmd, 'CO') or px.contains(df.req_args, 'cli:key') or df.req_cmd == 'AUTH'",
      )
      return found.some(({ req_cmd, req_args }) => req_cmd === 'COMMAND' && req_args === '[]') && found
    })
    const said = rows.map(saidOf)
    expect(said).toContainEqual({ cmd: 'SET', args: '["cli:key","cli value"]', resp: 'OK' })
    expect(said).toContainEqual({ cmd: 'CONFIG GET', args: '["cli-nothing"]', resp: '{}' })
    expect(rows.find(({ req_cmd }) => req_cmd === 'AUTH')).toMatchObject({
      req_args: '["[redacted]","[redacted]"]',
      error: 'WRONGPASS',
    })
    expect(rows.find(({ req_cmd }) => req_cmd === 'COMMAND')!.resp_size).toBeGreaterThan(20_000)
    expect(JSON.stringify(rows)).not.toContain('hunter2')
  })

  test('redis-benchmark: as many rows as it asked', async () => {
    const args = `-p ${port} -n ${REQUESTS} -c 10 -P 16 -t set,get,lpush -q`.split(' ')
    execFileSync('redis-benchmark', args, { stdio: 'ignore' })
    const counts = await until('all of them', async () => {
      const rows = await nixie.query(`import px
df = px.DataFrame('redis_events', start_time='-10m')
df = df[df.local_port == ${port}]
df = df[px.contains(df.req_args, 'key:') or px.contains(df.req_args, 'mylist')]
df = df[df.outcome == 'complete']
px.display(df.groupby('req_cmd').agg(rows=('latency', px.count)))
`)
      const found = Object.fromEntries(rows.map((row) => [String(row.req_cmd), Number(row.rows)]))
      return ['SET', 'GET', 'LPUSH'].every((name) => Number(found[name]) >= REQUESTS) && found
    })
    expect(counts).toMatchObject({ SET: REQUESTS, GET: REQUESTS, LPUSH: REQUESTS })
  })

  test('a connection that is older than Nixie', async () => {
    for (let i = 0; i < 20; i++) {
      older.write(`*2\r\n$4\r\nECHO\r\n$8\r\nolder-${10 + i}\r\n`)
      await older.waitFor('the echo', (text) => text.includes(`older-${10 + i}`))
    }
    const rows = await until('its rows', async () => {
      const found = await rowsAt(port, "df.req_cmd == 'ECHO'")
      return found.length >= 15 && found
    })
    for (const { req_args, resp } of rows) expect(JSON.parse(String(req_args))).toEqual([resp])
  })

  test('what another Redis copies is passed over', async () => {
    const [replica, dir] = [await freePort(), join(scope.dir, 'replica')]
    mkdirSync(dir)
    const flags = `--bind 127.0.0.1 --port ${replica} --dir ${dir} --replicaof 127.0.0.1 ${port}`.split(' ')
    await serve(scope, ['redis-server', ...flags, '--save', ''], [replica])
    const [row] = await until('PSYNC', async () => {
      const found = await rowsAt(port, "df.req_cmd == 'PSYNC'")
      return found.length > 0 && found
    })
    expect(String(row!.resp)).toMatch(/^FULLRESYNC [0-9a-f]{40} \d+$/)
  })

  test('px/redis_data and px/redis_stats', async () => {
    const { status, tables } = await nixie.ask('/api/run/px/redis_data?start_time=-10m&max_num_records=7')
    expect(status).toBe(200)
    expect(tables[0]!.rows).toHaveLength(7)
    expect(Object.keys(tables[0]!.rows[0]!)).toEqual(
      'time_ source destination remote_port req_cmd req_args resp latency'.split(' '),
    )
    const stats = await nixie.ask('/api/run/px/redis_stats?start_time=-10m&pod=')
    const summary = stats.tables.find(({ name }) => name === 'Summary')!
    const total = summary.rows.reduce((sum, row) => sum + Number(row.total_requests), 0)
    expect(total).toBeGreaterThan(3 * REQUESTS)
  })

  test('nothing was read wrongly', async () => {
    const { losses } = await nixie.status()
    expect(losses.parse).toBe(0)
  })
})
