/**
 * HTTP/2 within TLS (ALPN h2): each stream has its row, with its fields, on its connection: Node and nginx as servers; Node, curl, h2load
 * and httpx as clients, against what they say themselves. Needs root.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { type Asked, askedOf, counted, logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { type Certificate, makeCertificate, makePython, startNginxTls } from '../support/tls'

const support = join(root, 'test/support')
const COLUMNS = [
  'remote_port',
  'local_port',
  'trace_role',
  'encrypted',
  'major_version',
  'req_headers',
  'req_method',
  'req_path',
  'req_body_size',
  'resp_headers',
  'resp_status',
  'resp_body',
  'resp_body_size',
  'outcome',
]

describe.skipIf(!isRoot)('HTTP/2 within TLS (needs root)', () => {
  const scope = new Scope('http2-tls')
  let certificate: Certificate
  let python: string
  let node: number
  let nginx: number
  let nixie: Nixie

  beforeAll(async () => {
    certificate = makeCertificate(scope)
    python = makePython(scope)
    node = await freePort()
    const { cert, key } = certificate
    await serve(scope, ['node', join(support, 'servers/http2-server.mjs'), String(node), cert, key], [node])
    nginx = (await startNginxTls(scope, certificate, { listen: 'ssl http2' })).port
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  const rowsAt = (port: number): Promise<Row[]> =>
    nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=${JSON.stringify(COLUMNS)})
px.display(df[df.local_port == ${port}])
`)

  /** The rows of a server's requests of this kind, once there are so many. */
  const rowsOf = (port: number, word: string, count: number): Promise<Row[]> =>
    until(
      `${count} rows of ${word}`,
      async () => {
        const rows = (await rowsAt(port)).filter(({ req_path }) => String(req_path).includes(word))
        if (rows.length < count) throw new Error(`${rows.length} rows`)
        return rows
      },
      30_000,
    )

  /** What a server sent is read up to a second after its library was first used. */
  const isRead = (port: number) =>
    until(`${port} is read`, async () => {
      execFileSync('curl', ['-sk', '--http2', '-o', '/dev/null', `https://127.0.0.1:${port}/status/200?warm`])
      return (await rowsAt(port)).length > 0
    })

  const portOf = (row: Row) => Number(/"x-port"\s*:\s*"(\d+)"/i.exec(String(row.resp_headers))?.[1])

  test('Node at both ends: each stream is one row, with its path, status and sizes', async () => {
    await isRead(node)
    const client = (word: string) => ['node', join(support, 'clients/http2.mjs'), String(node), word, 'https']
    const asked = (await Promise.all(['alpha', 'beta'].map((word) => logOf<Asked>(client(word))))).flat()
    const rows = await until(
      'its rows',
      async () => {
        const all = (await rowsAt(node)).filter(({ req_path }) => !String(req_path).includes('warm'))
        return all.length >= asked.length && all
      },
      30_000,
    )
    expect(counted(rows.map(askedOf))).toEqual(counted(asked))
    for (const row of rows) expect(row).toMatchObject({ encrypted: true, major_version: 2, trace_role: 2 })
    expect(JSON.stringify(rows)).not.toContain('hunter2')
    const [parts] = rows.filter(({ req_path }) => req_path === '/parts/alpha/3')
    expect(parts).toMatchObject({ resp_body: 'part 1;part 2;part 3;part 4;last' })
    expect(JSON.parse(String(parts!.resp_headers))).toMatchObject({ ':status': '200', 'x-parts': '5' })
    expect(JSON.parse(String(parts!.req_headers))).toMatchObject({ ':scheme': 'https', 'x-word': 'alpha' })
  })

  test('curl and nginx: 20 requests on one connection', async () => {
    await isRead(nginx)
    const urls = Array.from({ length: 20 }, (_, i) => `https://127.0.0.1:${nginx}/curl/${i}`)
    execFileSync('curl', ['-sk', '--http2', ...urls], { stdio: 'ignore' })
    const rows = await rowsOf(nginx, '/curl/', 20)
    expect(rows.map(({ req_path }) => String(req_path)).sort()).toEqual(
      urls.map((url) => new URL(url).pathname).sort(),
    )
    for (const row of rows)
      expect(row).toMatchObject({
        major_version: 2,
        encrypted: true,
        resp_status: 200,
        resp_body: `hello ${row.req_path}\n`,
        remote_port: portOf(row),
      })
    expect(new Set(rows.map(({ remote_port }) => remote_port)).size).toBe(1)
  })

  test('httpx, which moves the ciphertext itself, and Node: streams at the same time', async () => {
    const client = join(support, 'clients/http2.py')
    const asked = await logOf<Asked>([python, client, String(node), 'httpx', '101'])
    const rows = await rowsOf(node, '/httpx/', asked.length)
    expect(counted(rows.map(askedOf))).toEqual(counted(asked))
  })

  test('5,000 requests of h2load, 20 streams at once on each of 5 connections', async () => {
    const url = `https://127.0.0.1:${nginx}/load`
    execFileSync('h2load', ['-n', '5000', '-c', '5', '-m', '20', url], { stdio: 'ignore' })
    const said = () =>
      nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=['time_', 'local_port', 'req_path', 'resp_status', 'resp_body', 'outcome'])
df = df[df.local_port == ${nginx}]
df = df[df.req_path == '/load']
px.display(df.groupby(['resp_status', 'resp_body', 'outcome']).agg(rows=('time_', px.count)))
`)
    await until(
      '5,000 rows',
      async () => (await said()).reduce((sum, { rows }) => sum + Number(rows), 0) >= 5000,
    )
    expect(await said()).toEqual([
      { resp_status: 200, resp_body: 'hello /load\n', outcome: 'complete', rows: 5000 },
    ])
  })

  test('connections that are older than Nixie: what was sent before is unknown, the rest is right', async () => {
    const session = connect(`https://127.0.0.1:${node}`, { rejectUnauthorized: false })
    scope.defer(() => session.destroy())
    const ask = (path: string) =>
      new Promise<number>((done, failed) => {
        const stream = session.request({ ':path': path, 'x-kept': 'from before' })
        stream.on('response', (headers) => done(Number(headers[':status'])))
        stream.on('error', failed)
        stream.resume()
      })
    await ask('/before')
    await nixie.stop()
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    await until('the connection is followed', async () => {
      await ask('/before')
      return (await rowsAt(node)).length > 0
    })
    const paths = Array.from({ length: 30 }, (_, i) => (i % 5 === 0 ? '/before' : `/status/${200 + i}`))
    for (const path of paths) await ask(path)
    const isNew = ({ req_path }: Row) => String(req_path).startsWith('/status/')
    const rows = await until('the new paths', async () => {
      const all = await rowsAt(node)
      return all.filter(isNew).length >= 24 && all
    })
    expect(
      rows
        .filter(isNew)
        .map(({ req_path, resp_status }) => `${req_path} ${resp_status}`)
        .sort(),
    ).toEqual(paths.flatMap((path) => (path === '/before' ? [] : [`${path} ${path.slice(8)}`])).sort())
    expect(new Set(rows.filter((row) => !isNew(row)).map(({ req_path }) => req_path))).toEqual(
      new Set(['<unknown>']),
    )
    expect(JSON.stringify(rows)).not.toContain('from before')
    expect(rows.every(({ encrypted }) => encrypted === true)).toBe(true)
  })
})
