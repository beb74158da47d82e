/**
 * Libraries beside Debian's own, as programs bring them: OpenSSL 1.1 in a wheel, in a program and in an extension without exported
 * symbols, OpenSSL 3.6 in a wheel and within librdkafka, BoringSSL within an extension; each function that moves data. NSS. Needs root,
 * Python, npm, nginx, PHP, the tools of NSS and a C compiler.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot, Nixie, root } from '../support/nixie'
import { Scope, until } from '../support/scope'
import {
  type Certificate,
  libsslOf,
  makeAnyClient,
  makeCertificate,
  makeNode16,
  makePython,
  portsOf,
  startBunTls,
  startLockServer,
  startNginxTls,
  startNodeTls,
  startNss,
} from '../support/tls'

const clients = join(root, 'test/support/clients')
const SYSTEM = 'libssl.so.3'

interface Load {
  readonly connections: number
  readonly requests: number
  /** Seconds before each request. */
  readonly pause: number
}

describe.skipIf(!isRoot)('TLS libraries that programs bring (needs root)', () => {
  const scope = new Scope('tls-libraries')
  let certificate: Certificate
  let commands: Record<string, (port: number, load: Load) => string[]>
  let node16: string
  let any: string
  let nixie: Nixie
  /** Of the clients that were there before Nixie, and of those after. */
  let older: ReturnType<typeof startBunTls>
  let newer: ReturnType<typeof startBunTls>
  const running: ChildProcess[] = []

  const start = (command: readonly string[]) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
    scope.defer(() => child.kill('SIGKILL'))
    return child
  }
  const run = (command: readonly string[]) =>
    new Promise<number | null>((done) => start(command).on('exit', done))

  beforeAll(async () => {
    certificate = makeCertificate(scope)
    const python = makePython(scope)
    node16 = makeNode16(scope)
    any = makeAnyClient(scope)
    const openssl11 = libsslOf(python, 'pymssql.libs/libssl-*.so.1.1*')
    const numbers = ({ connections, requests, pause }: Load) => [connections, requests, pause].map(String)
    const wheel = (name: string) => (port: number, load: Load) => {
      const url = `https://127.0.0.1:${port}`
      return [python, join(clients, 'tls-wheels.py'), name, url, certificate.cert, ...numbers(load)]
    }
    const withAny = (libssl: string, how: string, name: string) => (port: number, load: Load) => [
      any,
      libssl,
      how,
      name,
      String(port),
      ...numbers(load),
    ]
    commands = {
      pycurl: wheel('pycurl'),
      curl_cffi: wheel('curl_cffi'),
      pyopenssl: wheel('pyopenssl'),
      node: (port, load) => [
        node16,
        join(clients, 'tls-client.mjs'),
        `https://127.0.0.1:${port}`,
        ...numbers(load),
      ],
      'openssl11-plain': withAny(openssl11, 'plain', 'openssl11-plain'),
      'openssl11-ex': withAny(openssl11, 'ex', 'openssl11-ex'),
      'openssl11-peek': withAny(openssl11, 'peek', 'openssl11-peek'),
      'openssl3-ex': withAny(SYSTEM, 'ex', 'openssl3-ex'),
      'openssl3-peek': withAny(SYSTEM, 'peek', 'openssl3-peek'),
    }
    older = startBunTls(scope, certificate)
    newer = startBunTls(scope, certificate)
    for (const command of Object.values(commands))
      running.push(start(command(older.port, { connections: 2, requests: 500, pause: 0.15 })))
    const names = Object.keys(commands)
    await until('all have connected', () => names.every((name) => (older.asked.get(name) ?? 0) >= 4), 30_000)
    // It is about all rows, so nothing is left out for the sake of the load.
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close(), 20_000)

  /** Rows of the client's end on a server's port. */
  const rowsOf = async (name: string, port: number) =>
    (await nixie.httpRows(`/${name}/`)).filter(({ remote_port }) => remote_port === port)

  test('connections older than Nixie: rows, and none on a wrong connection', async () => {
    for (const name of Object.keys(commands)) {
      const rows = await until(`rows of ${name}`, async () => {
        const found = await rowsOf(name, older.port)
        return found.length >= 8 && found
      })
      const ports = rows.map(portsOf).filter(({ told }) => Number.isFinite(told))
      expect(ports.length).toBeGreaterThan(0)
      expect(ports.filter(({ told, seen }) => told !== seen)).toEqual([])
      expect(rows.every(({ trace_role }) => trace_role === 1)).toBe(true)
    }
    for (const child of running) child.kill('SIGKILL')
  })

  test('new connections: a row for each request, once, on its connection', async () => {
    const load = { connections: 3, requests: 5, pause: 0 }
    const codes = await Promise.all(Object.values(commands).map((command) => run(command(newer.port, load))))
    expect(codes).toEqual(codes.map(() => 0))
    for (const name of Object.keys(commands)) {
      const rows = await until(
        `rows of ${name}`,
        async () => {
          const found = await rowsOf(name, newer.port)
          if (found.length < 15) throw new Error(`${found.length} rows`)
          return found
        },
        20_000,
      )
      expect(rows.map(({ req_path }) => req_path).toSorted()).toEqual(
        Array.from({ length: 15 }, (_, i) => `/${name}/${Math.floor(i / 5)}/${i % 5}`),
      )
      expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
    }
  })

  test('librdkafka, whose OpenSSL only its table for debuggers names: the token that it asks for', async () => {
    const python = commands.pycurl!(newer.port, { connections: 1, requests: 1, pause: 0 })
    const command = python.map((word) => (word === 'pycurl' ? 'confluent_kafka' : word))
    const rows = await until('its rows', async () => {
      await run(command)
      const found = await rowsOf('confluent_kafka', newer.port)
      return found.length > 0 && found
    })
    expect(rows.map(({ req_method }) => req_method)).toEqual(rows.map(() => 'POST'))
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('any:any').toString('base64'))
  })

  test('psycopg, which brings its own libpq and libssl: what it says is read', async () => {
    const port = await startLockServer(scope, certificate)
    const python = commands.pycurl!(port, { connections: 1, requests: 3, pause: 0 })
    const command = python.map((word) => (word === 'pycurl' ? 'psycopg' : word))
    const before = (await nixie.status()).counters.readConnections
    // Its library is found up to a second later. Connections of others are read meanwhile.
    await until('its library is attached, and a connection is read', async () => {
      expect(await run(command)).toBe(0)
      const { probes, counters } = await nixie.status()
      const own = probes.find(({ name }) => /psycopg_binary\.libs\/libssl-/.test(name))
      return own?.attached && counters.readConnections > before
    })
  })

  test('NSS: a client’s end, and a server’s', async () => {
    const { dir, server } = await startNss(scope, certificate)
    const request = join(scope.dir, 'request')
    const client = async (path: string) => {
      writeFileSync(request, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      const to = ['-4', '-h', 'localhost', '-p', String(newer.port), '-d', dir, '-o', '-A', request]
      return Bun.spawn(['tstclnt', ...to], { stdout: 'ignore', stderr: 'ignore' }).exited
    }
    const toServer = (path: string) => {
      const url = `https://127.0.0.1:${server}${path}`
      return Bun.spawn(['curl', '-sk', '-o', '/dev/null', '-w', '%{local_port}', url]).stdout.text()
    }
    await until('the client is read', async () => {
      await client('/nss-first/0')
      return (await rowsOf('nss-first', newer.port)).length > 0
    })
    for (let i = 0; i < 3; i++) expect(await client(`/nss/${i}`)).toBe(0)
    const rows = await nixie.waitForRows('/nss/', 3)
    expect(rows.map(({ req_path, resp_status }) => `${req_path} ${resp_status}`)).toEqual(
      rows.map((_, i) => `/nss/${i} 200`),
    )
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
    const ports = [0, 1, 2].map((i) => toServer(`/nss-server/${i}`))
    const told = (await Promise.all(ports)).map(Number)
    const served = await nixie.waitForRows('/nss-server/', 3)
    expect(served.map(({ trace_role, resp_status }) => `${trace_role} ${resp_status}`)).toEqual(
      served.map(() => '2 200'),
    )
    expect(served.map(({ req_path }) => req_path).toSorted()).toEqual(
      [0, 1, 2].map((i) => `/nss-server/${i}`),
    )
    for (const { req_path, remote_port } of served)
      expect(remote_port).toBe(told[Number(req_path.slice(-1))]!)
  })

  test('PHP', async () => {
    const code = `$c = stream_context_create(["ssl" => ["verify_peer" => false, "verify_peer_name" => false]]);
for ($i = 0; $i < 5; $i++) file_get_contents("https://127.0.0.1:${newer.port}/php/$i/0", false, $c);`
    expect(await run(['php', '-r', code])).toBe(0)
    const rows = await nixie.waitForRows('/php/', 5)
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
  })

  test('OpenSSL 1.1 within a server', async () => {
    const server = await startNodeTls(scope, certificate, node16)
    const url = `https://127.0.0.1:${server.port}/server11/`
    const paths = Array.from({ length: 6 }, (_, i) => `${url}${i}`)
    expect(await run(['curl', '-sk', '--http1.1', ...paths])).toBe(0)
    const rows = await nixie.waitForRows('/server11/', 6)
    expect(rows.map(({ trace_role }) => trace_role)).toEqual(rows.map(() => 2))
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
  })

  test('early data: a request that comes with the handshake', async () => {
    const directives =
      'ssl_protocols TLSv1.3; ssl_early_data on; add_header X-Port $remote_port; add_header X-Early $ssl_early_data;'
    const { port } = await startNginxTls(scope, certificate, { directives })
    const counts = ['3', '3', '0']
    expect(await run([any, SYSTEM, 'early', 'early', String(port), ...counts])).toBe(0)
    const rows = await nixie.waitForRows('/early/', 9)
    expect(rows.map(({ req_path }) => req_path)).toEqual(
      Array.from({ length: 9 }, (_, i) => `/early/${Math.floor(i / 3)}/${i % 3}`),
    )
    const early = rows.filter(({ resp_headers }) => /"X-Early":"1"/.test(resp_headers))
    expect(early.map(({ req_path }) => req_path)).toEqual(['/early/1/0', '/early/2/0'])
    expect(rows.map(portsOf).filter(({ told, seen }) => told !== seen)).toEqual([])
  })
})
