/** Each message of WebSocket has its row: servers and clients of Node, Go, Python and Bun, nginx between, against the clients' logs. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { counted, logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { outputsOf } from '../support/outputs'
import { freePort, Scope, until } from '../support/scope'
import { makeCertificate, makePython } from '../support/tls'

const support = join(root, 'test/support')
const NODE_SERVER = join(support, 'servers/websocket-server.mjs')
const BUN = join(support, 'servers/websocket-bun.ts')

/** A message as clients log it. */
interface Said {
  readonly sender: string
  readonly type: string
  readonly size: number
  readonly body: string
  readonly code: number
}

const SHOWN = 20

const saidOf = ({ sender, type, size, plain_size, body, close_code }: Row): Said => ({
  sender: String(sender),
  type: String(type),
  size: type === 'close' ? Math.max(0, Number(size) - 2) : Number(plain_size),
  body: type === 'binary' ? '' : String(body).slice(0, SHOWN),
  code: Number(close_code),
})
const isClose = ({ type }: Said) => type === 'close'

describe.skipIf(!isRoot)('WebSocket (needs root)', () => {
  const scope = new Scope('websocket')
  const clients: Record<string, readonly string[]> = {}
  const ports: Record<string, number> = {}
  let nixie: Nixie
  let python: string
  let go: string

  /** Starts ws on Node; its port, and the one for HTTP/2. */
  async function startNode(...args: readonly string[]): Promise<readonly [number, number]> {
    const child = spawn('node', [NODE_SERVER, '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const outputs = outputsOf(child)
    scope.defer(() => child.kill('SIGKILL'))
    const portsIn = (text: string) => /^(\d+)\n(\d+)\n/.exec(text)
    const [, port, http2] = await until('two ports', () => portsIn(outputs.stdout) ?? undefined, 20_000)
    return [Number(port), Number(http2)]
  }

  async function startNginx(to: number): Promise<number> {
    const dir = join(scope.dir, 'nginx')
    mkdirSync(dir)
    const port = await freePort()
    writeFileSync(
      join(dir, 'nginx.conf'),
      `daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log; events {}
http { access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${to}; proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $host; } } }`,
    )
    await serve(scope, ['nginx', '-p', dir, '-c', join(dir, 'nginx.conf')], [port])
    return port
  }

  beforeAll(async () => {
    python = makePython(scope, 'websocket-requirements.txt')
    go = join(scope.dir, 'websocket')
    const env = {
      ...process.env,
      GOFLAGS: '-mod=readonly',
      GOTOOLCHAIN: 'local',
      HOME: process.env.HOME ?? scope.dir,
    }
    execFileSync('go', ['build', '-o', go, '.'], { cwd: join(support, 'servers/websocket'), env })
    const [node, http2] = await startNode()
    const [goPort, aiohttp, bun] = [await freePort(), await freePort(), await freePort()]
    await serve(scope, [go, 'server', String(goPort)], [goPort])
    await serve(scope, [python, join(support, 'servers/websocket-server.py'), String(aiohttp)], [aiohttp])
    await serve(scope, [process.execPath, BUN, String(bun)], [bun])
    Object.assign(ports, { node, http2, go: goPort, aiohttp, bun, nginx: await startNginx(node) })
    Object.assign(clients, {
      ws: ['node', join(support, 'clients/websocket.mjs')],
      coder: [go, 'client', 'coder'],
      gorilla: [go, 'client', 'gorilla'],
      websockets: [python, join(support, 'clients/websocket.py'), 'websockets'],
      aiohttp: [python, join(support, 'clients/websocket.py'), 'aiohttp'],
      bun: [process.execPath, BUN, 'client'],
    })
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  const url = (server: string, path: string) => `ws://127.0.0.1:${ports[server]}${path}`

  const rowsOf = (path: string, port: number | undefined): Promise<Row[]> =>
    nixie.query(`import px
df = px.DataFrame('websocket_events', start_time='-10m')
df = df[df.local_port == ${port}]
px.display(df[px.contains(df.path, '${path}')])
`)

  /** The rows at a port once those are there that a client logged. */
  async function told(path: string, port: number | undefined, log: readonly Said[]): Promise<readonly Row[]> {
    const count = log.filter((line) => !isClose(line)).length
    return until(
      `${count} rows of ${path}`,
      async () => {
        const rows = await rowsOf(path, port)
        if (
          rows.filter(({ type }) => type !== 'close').length < count ||
          !rows.some((row) => row.type === 'close')
        )
          throw new Error(`${rows.length} rows`)
        return rows
      },
      20_000,
    )
  }

  /** What a client says when it closes is told; how the answer to that looks is the server's. */
  function compare(rows: readonly Row[], log: readonly Said[]): void {
    const said = rows.map(saidOf)
    expect(counted(said.filter((line) => !isClose(line)))).toEqual(
      counted(log.filter((line) => !isClose(line))),
    )
    const closed = (lines: readonly Said[]) =>
      lines.filter((line) => isClose(line) && line.sender === 'client')
    expect(closed(said)).toEqual(closed(log))
    for (const row of rows)
      expect(row).toMatchObject({ outcome: 'complete', encrypted: false, trace_role: 2 })
    for (const { upid, remote_upid } of rows) expect(String(remote_upid)).not.toBe(String(upid))
  }

  test.each([
    ['ws', 'node', '/takeover/ws'],
    ['ws', 'node', '/alone/ws'],
    ['ws', 'node', '/plain/ws'],
    ['ws', 'go', '/coder/ws'],
    ['ws', 'aiohttp', '/aiohttp/ws'],
    ['coder', 'go', '/coder/coder'],
    ['gorilla', 'go', '/gorilla/gorilla'],
    ['coder', 'node', '/takeover/coder'],
    ['websockets', 'node', '/takeover/websockets'],
    ['aiohttp', 'aiohttp', '/aiohttp/aiohttp'],
    ['bun', 'bun', '/bun/bun'],
  ])(
    '%s to %s, %s',
    async (client, server, path) => {
      const asked = `${path}?token=hunter2`
      const log = (await logOf<Said>([...clients[client]!, url(server, asked)])).map(safe)
      const rows = await told(path, ports[server], log)
      compare(rows, log)
      expect(rows[0]).toMatchObject({ path: `${path}?token=[redacted]`, host: `127.0.0.1:${ports[server]}` })
      expect(JSON.stringify(rows)).not.toContain('hunter2')
    },
    60_000,
  )

  test('through nginx each message is a row at both servers', async () => {
    const log = (await logOf<Said>([...clients.ws!, url('nginx', '/takeover/nginx')])).map(safe)
    compare(await told('/takeover/nginx', ports.nginx, log), log)
    compare(await told('/takeover/nginx', ports.node, log), log)
  })

  test('within HTTP/2, by extended CONNECT', async () => {
    const log = (await logOf<Said>([...clients.ws!, 'h2', String(ports.http2), '/h2/ws'])).map(safe)
    const rows = await told('/h2/ws', ports.http2, log)
    compare(rows, log)
    const asked = await nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=['time_', 'req_method', 'req_path', 'resp_status', 'major_version', 'outcome'])
px.display(df[df.req_path == '/h2/ws'])
`)
    expect(asked).toMatchObject([
      { req_method: 'CONNECT', resp_status: 200, major_version: 2, outcome: 'complete' },
    ])
  })

  test('an open connection is seen while it runs: its messages, and in conn_stats', async () => {
    const socket = new WebSocket(url('node', '/plain/open'))
    scope.defer(() => socket.close())
    await new Promise((done) => socket.addEventListener('open', done))
    socket.send('still open')
    await until('both rows', async () => (await rowsOf('/plain/open', ports.node)).length === 2, 20_000)
    const isActive = async () =>
      nixie.query(`import px
df = px.DataFrame('conn_stats', start_time='-1m')
df.name = px.protocol_name(df.protocol)
df = df[df.name == 'WebSocket']
px.display(df[df.conn_active > 0])
`)
    await until('an active connection', async () => (await isActive()).length > 0, 30_000)
    socket.close()
  })

  test('within TLS, of Node', async () => {
    const { cert, key } = makeCertificate(scope)
    const [port] = await startNode(cert, key)
    // A library is read up to a second after its first use.
    const rows = await until(
      'encrypted messages',
      async () => {
        const path = `/takeover/tls-${performance.now()}`
        const log = (await logOf<Said>([...clients.ws!, `wss://127.0.0.1:${port}${path}`])).map(safe)
        const rows = await rowsOf(path, port)
        return rows.length >= log.length && { rows, log }
      },
      60_000,
    )
    expect(counted(rows.rows.map(saidOf))).toEqual(counted(rows.log))
    for (const row of rows.rows) expect(row).toMatchObject({ encrypted: true, trace_role: 2 })
  })

  describe('HTTP/2 after Upgrade: h2c', () => {
    test.each([
      ['curl', (path: string) => ['curl', '-sS', '--http2', `http://127.0.0.1:${ports.go}${path}`]],
      ['nghttp', (path: string) => ['nghttp', '-u', `http://127.0.0.1:${ports.go}${path}`]],
    ] as const)(
      '%s: one row has the request and its true response',
      async (client, command) => {
        for (const [path, status] of [
          [`/found/${client}`, 200],
          [`/missing/${client}`, 404],
        ] as const) {
          const [program, ...args] = command(path)
          expect(execFileSync(program!, args).toString()).toBe(`HTTP/1.1 ${path}`)
          const rows = await until(
            `the row of ${path}`,
            async () => {
              const rows = await nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=['time_', 'req_path', 'resp_status', 'resp_body', 'major_version', 'outcome'])
px.display(df[df.req_path == '${path}'])
`)
              return rows.length > 0 && rows
            },
            20_000,
          )
          expect(rows).toMatchObject([
            { resp_status: status, resp_body: `HTTP/1.1 ${path}`, major_version: 2, outcome: 'complete' },
          ])
        }
      },
      60_000,
    )
  })

  test('nothing was read wrongly', async () => {
    const { losses } = await nixie.status()
    expect(losses.parse).toBe(0)
  })
})

/** What a row shows of it. */
const safe = (line: Said): Said => ({
  ...line,
  body: line.body.replace('hunter2', '[redacted]').slice(0, SHOWN),
})
