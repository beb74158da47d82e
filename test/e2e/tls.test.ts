/** What is within TLS: each request of real programs has its row, on the right connection. Needs root, nginx, Node, curl and Python. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { isRoot, Nixie } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import {
  type Certificate,
  CLIENTS,
  makeCertificate,
  makePython,
  portsOf,
  runTlsClient,
  startBunTls,
  startNginxTls,
  startNodeTls,
  startUvicorn,
} from '../support/tls'

const CURL = ['curl', '-sk', '--http1.1', '--max-time', '20', '-o', '/dev/null']
const WGET = ['wget', '-q', '--timeout', '20', '--tries', '1', '--no-check-certificate', '-O', '/dev/null']

/** Made once: that takes longer than the tests. */
const shared = new Scope('tls-python')
let python: string
beforeAll(() => {
  if (isRoot) python = makePython(shared)
}, 240_000)
afterAll(() => shared.close())

describe.skipIf(!isRoot)('TLS (needs root)', () => {
  const scope = new Scope('tls')
  let certificate: Certificate
  let nixie: Nixie
  const servers = new Map<string, { port: number; pid: number }>()

  beforeAll(async () => {
    certificate = makeCertificate(scope)
    servers.set('nginx', await startNginxTls(scope, certificate))
    servers.set('node', await startNodeTls(scope, certificate))
    servers.set('uvicorn', await startUvicorn(scope, python, certificate))
    // It is about all rows, so nothing is left out for the sake of the load.
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    // What runs already is looked through after the start.
    for (const [name, { port }] of servers)
      await read(`/first-${name}/`, (path) => Bun.spawn([...CURL, `https://127.0.0.1:${port}${path}`]).exited)
  }, 240_000)
  afterAll(() => scope.close(), 20_000)

  /** Asks until there is a row: a library that nobody used before is found up to a second later. */
  const read = (path: string, ask: (path: string) => Promise<number>) =>
    until(`${path} is read`, async () => (await ask(path)) === 0 && (await nixie.httpRows(path)).length > 0)

  /** Rows of a client's requests to a server, once there are so many. */
  const rowsOf = (server: string, client: string, count: number) =>
    until(`${count} rows of ${client} and ${server}`, async () => {
      const { port } = servers.get(server)!
      const rows = await nixie.httpRows(`/${client}/`)
      const own = rows.filter((row) => row.local_port === port || row.remote_port === port)
      if (own.length < count) throw new Error(`${own.length} rows`)
      return own
    })

  for (const server of ['nginx', 'node', 'uvicorn'])
    for (const client of CLIENTS)
      test(`${client} and ${server}: a row for each request, once, on its connection`, async () => {
        const connections = client === 'curl' ? 1 : 4
        await runTlsClient(client, python, servers.get(server)!.port, { connections, requests: 12 })
        const rows = await rowsOf(server, client, connections * 12)
        const ports = rows.map(portsOf)
        expect(ports.filter(({ told, seen }) => told !== seen)).toEqual([])
        expect(rows.every(({ trace_role }) => trace_role === 2)).toBe(true)
        expect(rows).toHaveLength(connections * 12)
      })
  test.each([
    ['curl', CURL],
    ['wget', WGET],
  ])('%s and a server that cannot be read: the row is of the client’s end', async (name, command) => {
    const { port } = startBunTls(scope, certificate)
    const ask = (path: string) => Bun.spawn([...command, `https://127.0.0.1:${port}${path}`]).exited
    await read(`/first-${name}/`, ask)
    for (let i = 0; i < 3; i++) expect(await ask(`/alone-${name}/${i}`)).toBe(0)
    const rows = await nixie.waitForRows(`/alone-${name}/`, 3)
    expect(rows.map(({ trace_role, remote_port }) => [trace_role, remote_port])).toEqual(
      rows.map(() => [1, port]),
    )
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
  })

  test('GnuTLS at both ends: a row for each request, of the server’s end', async () => {
    const port = await freePort()
    const { cert, key } = certificate
    const files = ['--x509certfile', cert, '--x509keyfile', key]
    const server = Bun.spawn(['gnutls-serv', '--quiet', '--http', '--port', String(port), ...files], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    scope.defer(() => server.kill())
    const ask = (path: string) => Bun.spawn([...WGET, `https://127.0.0.1:${port}${path}`]).exited
    await read('/first-gnutls/', ask)
    for (let i = 0; i < 5; i++) await ask(`/gnutls/${i}`)
    const rows = await nixie.waitForRows('/gnutls/', 5)
    expect(rows.map(({ trace_role, req_path }) => `${trace_role} ${req_path}`)).toEqual(
      rows.map((_, i) => `2 /gnutls/${i}`),
    )
  })

  test('bytes are counted once, from the ciphertext, at both ends', async () => {
    const { port } = servers.get('nginx')!
    const body = 'y'.repeat(20_000)
    const url = `https://127.0.0.1:${port}/once/`
    await Bun.spawn(['curl', '-sk', '--http1.1', '-o', '/dev/null', '-d', body, url]).exited
    await nixie.waitForRows('/once/', 1)
    const row = await until(
      'the totals',
      async () => {
        const all = await nixie.query(`import px
df = px.DataFrame(table='conn_stats', start_time='-10m')
df = df[df.remote_port == ${port}]
px.display(df[['ssl', 'bytes_sent', 'bytes_recv']])
`)
        return all.find(({ bytes_sent }) => Number(bytes_sent) > 20_000)
      },
      30_000,
    )
    expect(row.ssl).toBe(true)
  })

  test('a thousand short-lived programs each have their row, and leave nothing behind', async () => {
    const { port } = servers.get('nginx')!
    const open = () => readdirSync(`/proc/${nixie.pid}/fd`).length
    const probes = async () =>
      (await nixie.status()).probes.filter(({ source }) => source === 'tls_tracer').map(({ name }) => name)
    const [files, targets] = [open(), await probes()]
    const before = (await nixie.status()).counters.unlinkedBytes
    const urls = Array.from({ length: 1000 }, (_, i) => `https://127.0.0.1:${port}/short/${i}`)
    const command = 'xargs -P 4 -n 1 curl -sk --http1.1 -o /dev/null'
    const child = Bun.spawn(['sh', '-c', command], { stdin: new Blob([urls.join('\n')]) })
    expect(await child.exited).toBe(0)
    const rows = await nixie.waitForRows('/short/', 1000)
    expect(new Set(rows.map(({ req_path }) => req_path)).size).toBe(1000)
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
    // Files that are no longer used may have been left meanwhile, and other programs of the machine may have begun.
    const added = (await probes()).filter((name) => !targets.includes(name))
    const own = Bun.spawnSync(['sh', '-c', 'ldd "$(command -v curl)"']).stdout.toString()
    expect(added.filter((name) => own.includes(basename(name)))).toEqual([])
    expect(open()).toBeLessThanOrEqual(files + 2 + 16 * added.length)
    expect((await nixie.status()).counters.unlinkedBytes).toBe(before)
  }, 240_000)
})

describe.skipIf(!isRoot)('TLS connections older than Nixie (needs root)', () => {
  const scope = new Scope('tls-older')
  afterAll(() => scope.close(), 20_000)

  test('no row is on a wrong connection', async () => {
    const certificate = makeCertificate(scope)
    const servers = [
      await startNginxTls(scope, certificate),
      await startNodeTls(scope, certificate),
      await startUvicorn(scope, python, certificate),
    ]
    const names = CLIENTS.filter((name) => name !== 'curl')
    const running = servers.flatMap(({ port }) =>
      names.map((name) => runTlsClient(name, python, port, { connections: 3, requests: 50, pause: 0.5 })),
    )
    const connected = () => Bun.spawnSync(['ss', '-Htn', 'state', 'established']).stdout.toString()
    const isOn = (port: number) =>
      connected()
        .split('\n')
        .filter((line) => line.includes(`:${port} `)).length
    await until('all have connected', () => servers.every(({ port }) => isOn(port) >= 12), 20_000)
    const nixie = await Nixie.start(scope)
    await Promise.all(running)
    for (const name of names) {
      const rows = await until(
        `rows of ${name}`,
        async () => {
          const all = await nixie.httpRows(`/${name}/`)
          if (all.length < 50) throw new Error(`${all.length} rows`)
          return all
        },
        20_000,
      )
      const ports = rows.map(portsOf).filter(({ told }) => Number.isFinite(told))
      expect(ports.filter(({ told, seen }) => told !== seen)).toEqual([])
      // Three connections to each of three servers.
      expect(new Set(rows.map(({ remote_port }) => remote_port)).size).toBe(9)
    }
  }, 240_000)
})

describe.skipIf(!isRoot)('TLS left alone (needs root)', () => {
  const scope = new Scope('tls-off')
  let port: number
  beforeAll(async () => {
    port = (await startNginxTls(scope, makeCertificate(scope))).port
  })
  afterAll(() => scope.close(), 20_000)
  const ask = (path: string) => Bun.spawn([...CURL, `https://127.0.0.1:${port}${path}`]).exited

  test('--tls off: no probe, no row', async () => {
    const nixie = await Nixie.start(scope, { flags: ['--tls', 'off'] })
    const isSeen = async () => {
      await ask('/off/1')
      return (await nixie.status()).counters.encryptedConnections > 0
    }
    await until('the connection is seen', isSeen)
    const { probes, counters } = await nixie.status()
    expect(probes.filter(({ source }) => source === 'tls_tracer')).toEqual([])
    expect(counters.readConnections).toBe(0)
    expect(await nixie.httpRows('/off/')).toEqual([])
  })

  test('what a client says as it hears that the handshake is done, within a read of the library', async () => {
    const nixie = await Nixie.start(scope, { flags: ['--tls', '-nginx'] })
    // A connection for each line that it is given.
    const script = `process.stdin.on('data', () => require('tls').connect({ port: ${port}, rejectUnauthorized: false }, function () {
      this.write('GET /in-callback/1 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')
      this.once('data', () => this.end('GET /in-callback/2 HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'))
    }))`
    const client = Bun.spawn(['node', '-e', script], { stdin: 'pipe' })
    scope.defer(() => client.kill('SIGKILL'))
    const isRead = async () => {
      client.stdin.write('\n')
      await client.stdin.flush()
      return (await nixie.status()).counters.readConnections > 0
    }
    await until('the client is read', isRead)
    const both = await until('rows of both requests', async () => {
      const paths = (await nixie.httpRows('/in-callback/')).map(
        ({ req_path, trace_role }) => `${req_path} ${trace_role}`,
      )
      const [first, second] = ['1 1', '2 1'].map((end) => paths.filter((path) => path.endsWith(end)).length)
      return second! > 0 && first === second && paths.length === 2 * second!
    })
    expect(both).toBe(true)
  })

  test('--tls -nginx: its data is not taken, the other end’s is', async () => {
    const nixie = await Nixie.start(scope, { flags: ['--tls', '-nginx'] })
    const isRead = async () => {
      await ask('/not-nginx/1')
      return (await nixie.status()).counters.readConnections > 0
    }
    await until('curl is read', isRead)
    await ask('/not-nginx/2')
    const rows = await nixie.waitForRows('/not-nginx/2', 1)
    expect(rows.map(({ trace_role }) => trace_role)).toEqual([1])
  })
})
