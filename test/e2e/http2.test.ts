/** Each stream of HTTP/2, and each call of gRPC, has its row: servers and clients of Node, Go, nginx, curl and nghttp2, against their logs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { startEnvoy } from '../support/envoy'
import {
  type Asked,
  askedOf,
  buildGrpc,
  type Called,
  calledOf,
  counted,
  logOf,
  type Servers,
  serve,
  startServers,
} from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

const client = (name: string, ...args: readonly (string | number)[]) => [
  'node',
  join(root, 'test/support/clients', name),
  ...args.map(String),
]

const COLUMNS = [
  'time_',
  'remote_port',
  'local_port',
  'trace_role',
  'encrypted',
  'major_version',
  'content_type',
  'req_headers',
  'req_method',
  'req_path',
  'req_body',
  'req_body_size',
  'resp_headers',
  'resp_status',
  'resp_body',
  'resp_body_size',
  'latency',
  'outcome',
  'req_messages',
  'resp_messages',
]

/**
 * One call of each client goes beyond its deadline. Who ends it, and with which status, is decided by a race of the client, the server
 * and nginx: the client says that it cancelled it (1), that it was too late (4), or that there was no server (14).
 */
const isLate = (row: Row) => String(row.req_body).includes('slow')
const LATE = [1, 4, 14]
const inTime = (called: readonly Called[]) => counted(called.filter(({ code }) => !LATE.includes(code)))

describe.skipIf(!isRoot)('HTTP/2 (needs root)', () => {
  const scope = new Scope('http2')
  let program: string
  let servers: Servers
  let nixie: Nixie

  beforeAll(async () => {
    program = buildGrpc(scope)
    servers = await startServers(scope, program)
    // It is about all rows, so nothing is left out for the sake of the load.
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  const rowsAt = (port: number): Promise<Row[]> =>
    nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=${JSON.stringify(COLUMNS)})
px.display(df[df.local_port == ${port}])
`)

  /** The rows of a server once there are as many as its clients logged. */
  const rowsOf = (port: number, count: number): Promise<Row[]> =>
    until(
      `${count} rows of ${port}`,
      async () => {
        const rows = await rowsAt(port)
        if (rows.length < count) throw new Error(`${rows.length} rows`)
        return rows
      },
      20_000,
    )

  test('Node: each stream is one row, with its path, status and sizes', async () => {
    const asked = (
      await Promise.all(
        ['alpha', 'beta', 'gamma'].map((word) => logOf<Asked>(client('http2.mjs', servers.node, word))),
      )
    ).flat()
    const rows = await rowsOf(servers.node, asked.length)
    expect(counted(rows.map(askedOf))).toEqual(counted(asked))
    expect(JSON.stringify(rows)).not.toContain('hunter2')
    const [parts] = rows.filter(({ req_path }) => req_path === '/parts/alpha/3')
    expect(parts).toMatchObject({ major_version: 2, resp_body: 'part 1;part 2;part 3;part 4;last' })
    expect(JSON.parse(String(parts!.resp_headers))).toMatchObject({ ':status': '200', 'x-parts': '5' })
    expect(JSON.parse(String(parts!.req_headers))).toMatchObject({
      ':method': 'GET',
      ':authority': `127.0.0.1:${servers.node}`,
      'x-word': 'alpha',
    })
  })

  test('curl to Go: one connection each', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/curl/${i}`)
    for (const path of paths)
      execFileSync('curl', [
        '-sS',
        '--http2-prior-knowledge',
        '-d',
        'x=1',
        `http://127.0.0.1:${servers.go}${path}`,
      ])
    const rows = await rowsOf(servers.go, paths.length)
    expect(rows.map(({ req_path }) => String(req_path)).sort()).toEqual(paths.toSorted())
    for (const row of rows)
      expect(row).toMatchObject({ req_body: 'x=1', resp_body: `go POST ${row.req_path}`, resp_status: 200 })
  })

  describe('gRPC', () => {
    let called: Called[]
    let rows: Row[]

    beforeAll(async () => {
      const address = `127.0.0.1:${servers.grpc}`
      const logs = await Promise.all([
        logOf<Called>([program, 'client', address, 'go']),
        logOf<Called>(client('grpc.mjs', servers.grpc, 'js')),
      ])
      called = logs.flat()
      rows = await rowsOf(servers.grpc, called.length)
    }, 60_000)

    test('each call is one row, with its status and its messages', () => {
      expect(rows).toHaveLength(called.length)
      expect(counted(rows.filter((row) => !isLate(row)).map(calledOf))).toEqual(inTime(called))
    })

    test('messages are shown, also compressed ones, and secrets are not', () => {
      const bodies = rows.map(({ req_body, resp_body }) => `${req_body} → ${resp_body}`)
      expect(bodies).toContain('1: "go-3" → 1: "order go-3"')
      expect(bodies).toContain('1: "go-8" → 1: "order go-8"')
      expect(bodies).toContain('1: "js"\n1: "and"\n1: "7" → 1: "re: js"\n1: "re: and"\n1: "re: 7"')
      expect(JSON.stringify(rows)).not.toContain('hunter2')
      for (const row of rows) expect(row.content_type).toBe(row.outcome === 'complete' ? 2 : row.content_type)
    })
  })

  test('through nginx, each call is a row at both servers', async () => {
    const dir = join(scope.dir, 'nginx')
    mkdirSync(dir)
    const port = await freePort()
    const config = join(dir, 'nginx.conf')
    writeFileSync(
      config,
      `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log; events {}
http { access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
server { listen 127.0.0.1:${port} http2; location / { grpc_pass grpc://127.0.0.1:${servers.grpc}; } } }`,
    )
    await serve(scope, ['nginx', '-p', dir, '-c', config], [port])
    await isAtBoth(port, 'nginx')
  })

  test('through Envoy, too', async () => {
    await isAtBoth(await startEnvoy(scope, servers.grpc), 'envoy')
  })

  /** Calls through a proxy have rows at its port and at the server's, as the client logs them. */
  async function isAtBoth(port: number, word: string): Promise<void> {
    const before = (await rowsAt(servers.grpc)).length
    const all = await logOf<Called>(client('grpc.mjs', port, word))
    const called = inTime(all)
    const outer = await rowsOf(port, all.length)
    expect(counted(outer.filter((row) => !isLate(row)).map(calledOf))).toEqual(called)
    const inner = (await rowsOf(servers.grpc, before + all.length)).filter(
      ({ req_headers }) => JSON.parse(String(req_headers))['x-client'] === word,
    )
    expect(counted(inner.filter((row) => !isLate(row)).map(calledOf))).toEqual(called)
  }

  test('20,000 requests of h2load, 20 streams at once on each of 10 connections', async () => {
    execFileSync('h2load', ['-n', '20000', '-c', '10', '-m', '20', `http://127.0.0.1:${servers.go}/load`], {
      stdio: 'ignore',
    })
    const said = () =>
      nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=['time_', 'local_port', 'req_path', 'resp_status', 'resp_body', 'outcome'])
df = df[df.local_port == ${servers.go}]
df = df[df.req_path == '/load']
px.display(df.groupby(['resp_status', 'resp_body', 'outcome']).agg(rows=('time_', px.count)))
`)
    await until(
      '20,000 rows',
      async () => (await said()).reduce((sum, { rows }) => sum + Number(rows), 0) >= 20_000,
      60_000,
    )
    expect(await said()).toEqual([
      { resp_status: 200, resp_body: 'go GET /load', outcome: 'complete', rows: 20_000 },
    ])
  })

  test('connections that are older than Nixie: what was sent before is unknown, the rest is right', async () => {
    const session = connect(`http://127.0.0.1:${servers.node}`)
    scope.defer(() => session.destroy())
    const ask = (path: string) =>
      new Promise<number>((done, failed) => {
        const stream = session.request({
          ':path': path,
          'x-secret-token': 'hunter2',
          'x-kept': 'from before',
        })
        stream.on('response', (headers) => done(Number(headers[':status'])))
        stream.on('error', failed)
        stream.resume()
      })
    await ask('/before')
    await nixie.stop()
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    // Until the connection is found, its streams aren't seen.
    await until(
      'the connection is followed',
      async () => {
        await ask('/before')
        return (await rowsAt(servers.node)).length > 0
      },
      20_000,
    )
    const paths = Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? '/before' : `/status/${200 + i}`))
    for (const path of paths) await ask(path)
    const isNew = ({ req_path }: Row) => String(req_path).startsWith('/status/')
    const rows = await until(
      'the new paths',
      async () => {
        const all = await rowsAt(servers.node)
        return all.filter(isNew).length >= 40 && all
      },
      20_000,
    )
    const news = rows.filter(isNew)
    expect(news.map(({ req_path, resp_status }) => `${req_path} ${resp_status}`).sort()).toEqual(
      paths.flatMap((path) => (path === '/before' ? [] : [`${path} ${path.slice(8)}`])).sort(),
    )
    for (const row of rows) expect(['GET', '<unknown>']).toContain(String(row.req_method))
    expect(new Set(rows.filter((row) => !isNew(row)).map(({ req_path }) => req_path))).toEqual(
      new Set(['<unknown>']),
    )
    expect(JSON.stringify(rows)).not.toContain('hunter2')
    expect(JSON.stringify(rows)).not.toContain('from before')
  })
})
