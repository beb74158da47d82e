/** What is within the TLS of programs with rustls: each request has its row, on the right connection. Needs root, cargo and curl. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { binary, type HttpRow, isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Certificate, makeCertificate, portsOf, startBunTls } from '../support/tls'
import { buildRustTls, runRustTls, startRustTls } from '../support/tls-rust'

const VERSIONS = [12, 13] as const
const LOAD = { connections: 4, requests: 9 }
/** Of an answer of the server: its line, and what fills it. */
const FILLING = 20_000

const wrong = (rows: readonly HttpRow[]) => rows.map(portsOf).filter(({ told, seen }) => told !== seen)
const pathsOf = (name: string) =>
  Array.from({ length: LOAD.connections * LOAD.requests }, (_, i) => {
    const connection = Math.floor(i / LOAD.requests)
    return `/${name}/${connection}/${i % LOAD.requests}`
  })

describe.skipIf(!isRoot)('TLS of rustls (needs root)', () => {
  const scope = new Scope('tls-rust')
  let certificate: Certificate
  let program: string
  let server: { port: number; pid: number }
  let unreadable: ReturnType<typeof startBunTls>
  let nixie: Nixie
  /** Of clients that were there before Nixie. */
  const older: Promise<number | null>[] = []

  beforeAll(async () => {
    certificate = makeCertificate(scope)
    program = buildRustTls()
    server = await startRustTls(scope, program, certificate)
    unreadable = startBunTls(scope, certificate)
    for (const version of VERSIONS)
      older.push(
        runRustTls(
          scope,
          program,
          unreadable.port,
          `older-${version}`,
          { ...LOAD, requests: 40, pause: 0.2 },
          version,
        ),
      )
    const asked = (version: number) => unreadable.asked.get(`older-${version}`) ?? 0
    await until('all have connected', () => VERSIONS.every((version) => asked(version) >= 4))
    // It is about all rows, so nothing is left out for the sake of the load.
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    await until('it is read', async () => {
      await curl('/first/0')
      return (await nixie.httpRows('/first/')).some(({ trace_role }) => trace_role === 2)
    })
  }, 240_000)
  afterAll(() => scope.close(), 20_000)

  const curl = (...paths: string[]) => {
    const urls = paths.flatMap((path) => ['-o', '/dev/null', `https://127.0.0.1:${server.port}${path}`])
    return Bun.spawn(['curl', '-sk', '--http1.1', ...urls]).exited
  }

  test('connections older than Nixie: rows, and none on a wrong connection', async () => {
    expect(await Promise.all(older)).toEqual([0, 0])
    for (const version of VERSIONS) {
      const rows = await nixie.waitForRows(`/older-${version}/`, 40)
      expect(rows.every(({ trace_role }) => trace_role === 1)).toBe(true)
      const told = rows.filter((row) => Number.isFinite(portsOf(row).told))
      expect(told.length).toBeGreaterThan(30)
      expect(wrong(told)).toEqual([])
    }
  })

  for (const version of VERSIONS) {
    test(`TLS 1.${version % 10} at both ends: a row for each request, of the server’s end, with all of its bytes`, async () => {
      const name = `both-${version}`
      expect(await runRustTls(scope, program, server.port, name, LOAD, version)).toBe(0)
      const rows = await nixie.waitForRows(`/${name}/`, LOAD.connections * LOAD.requests)
      expect(rows.map(({ req_path }) => req_path).toSorted()).toEqual(pathsOf(name).toSorted())
      expect(rows.every(({ trace_role }) => trace_role === 2)).toBe(true)
      expect(wrong(rows)).toEqual([])
      const sizes = rows.map(({ req_path, req_body_size, resp_body_size }) => {
        const n = Number(req_path.split('/')[3])
        return { n, isAsked: req_body_size === (n % 3 === 2 ? 3000 : 0), more: resp_body_size - FILLING }
      })
      // The server says in its answer how much it was sent.
      expect(sizes.filter(({ isAsked, more }) => !isAsked || more < 10 || more > 40)).toEqual([])
    })

    test(`TLS 1.${version % 10} to a server that cannot be read: the rows are of the client’s end`, async () => {
      const name = `client-${version}`
      expect(await runRustTls(scope, program, unreadable.port, name, LOAD, version)).toBe(0)
      const rows = await nixie.waitForRows(`/${name}/`, LOAD.connections * LOAD.requests)
      expect(rows.map(({ req_path }) => req_path).toSorted()).toEqual(pathsOf(name).toSorted())
      expect(rows.every(({ trace_role }) => trace_role === 1)).toBe(true)
      expect(wrong(rows)).toEqual([])
    })
  }

  test('another library’s client: each request once', async () => {
    expect(await curl(...Array.from({ length: 20 }, (_, i) => `/mixed/${i}`))).toBe(0)
    const rows = await nixie.waitForRows('/mixed/', 20)
    expect(rows.map(({ trace_role }) => trace_role)).toEqual(rows.map(() => 2))
    expect(rows).toHaveLength(20)
    expect(wrong(rows)).toEqual([])
  })

  test('a stripped one can’t be read, and is named with what to do', async () => {
    const stripped = join(scope.dir, 'stripped-rust')
    execFileSync('strip', ['-o', stripped, program])
    const { pid, port } = await startRustTls(scope, stripped, certificate)
    expect(await runRustTls(scope, stripped, port, 'stripped', LOAD, 13)).toBe(0)
    const named = await until('it is named', async () =>
      (await nixie.status()).probes.find(({ name }) => name === 'TLS of stripped-rust'),
    )
    expect(named.error).toContain('rustls is within the program')
    expect(named.hint).toContain('A build with symbols')
    const checked = execFileSync(binary, ['check', '--process', String(pid)]).toString()
    expect(checked).toContain('rustls is within the program, and its symbols were removed')
    const read = execFileSync(binary, ['check', '--process', String(server.pid)]).toString()
    expect(read).toContain(`read where it calls ${program}`)
  })
})
