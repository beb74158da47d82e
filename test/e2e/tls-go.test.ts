/** What is within the TLS of Go programs: each request has its row, on the right connection. Needs root, Go and curl. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type HttpRow, isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Certificate, makeCertificate } from '../support/tls'
import { type Build, buildGoTls, hasToolchain, runGoTls, startGoTls } from '../support/tls-go'

const PROTOCOLS = ['h1', 'h2'] as const
const OLDEST = 'go1.20.14'

/** What the server has answered with, and what it should be: the request's path, and the port of the connection's client. */
const answerOf = ({ resp_body }: HttpRow) => resp_body.split(' ').slice(0, 2).join(' ')
const portOf = ({ trace_role, remote_port, local_port }: HttpRow) =>
  trace_role === 2 ? remote_port : local_port
const expected = (row: HttpRow) => `${row.req_path} ${portOf(row)}`
const wrong = (rows: readonly HttpRow[]) =>
  rows.filter((row) => answerOf(row) !== expected(row)).map((row) => `${expected(row)}: ${answerOf(row)}`)

/** And not only at curl's end. */
const isReadAtServer = (rows: readonly HttpRow[]) => rows.some(({ trace_role }) => trace_role === 2)

const curl = (path: string, port: number) =>
  Bun.spawn(['curl', '-sk', '--http1.1', '-o', '/dev/null', `https://127.0.0.1:${port}${path}`]).exited

describe.skipIf(!isRoot)('TLS of Go (needs root)', () => {
  const scope = new Scope('tls-go')
  const programs = new Map<Build, string>()
  const servers = new Map<Build, { port: number; pid: number }>()
  let certificate: Certificate
  let nixie: Nixie
  let oldest: string

  beforeAll(async () => {
    certificate = makeCertificate(scope)
    if (hasToolchain(OLDEST)) oldest = buildGoTls(scope, 'stripped', OLDEST)
    for (const build of ['stripped', 'pie'] as const) {
      const program = buildGoTls(scope, build)
      programs.set(build, program)
      servers.set(build, await startGoTls(scope, program, certificate))
    }
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    // A program that nobody ran before is found up to a second later.
    for (const [name, { port }] of servers)
      await until(`${name} is read`, async () => {
        await curl(`/first/${name}`, port)
        return isReadAtServer(await nixie.httpRows(`/first/${name}`))
      })
  }, 240_000)
  afterAll(() => scope.close(), 20_000)

  for (const protocol of PROTOCOLS)
    for (const [server, client] of [
      ['stripped', 'pie'],
      ['pie', 'stripped'],
    ] as const)
      test(`${protocol} between a ${client} client and a ${server} server: a row for each request, once, on its connection`, async () => {
        const name = `${protocol}-${client}`
        const { port } = servers.get(server)!
        const load = { connections: 8, requests: 25 }
        await runGoTls(programs.get(client)!, name, port, load, protocol)
        const rows = await nixie.waitForRows(`/${name}/`, 200)
        expect(rows).toHaveLength(200)
        expect(new Set(rows.map(({ req_path }) => req_path)).size).toBe(200)
        expect(wrong(rows)).toEqual([])
        expect(
          rows.filter((row) => row.resp_body_size !== expected(row).length + 1 + row.req_body_size),
        ).toEqual([])
        expect(rows.every(({ trace_role }) => trace_role === 2)).toBe(true)
        expect(
          new Set(rows.map(({ resp_status, major_version }) => `${resp_status} ${major_version}`)),
        ).toEqual(new Set([protocol === 'h2' ? '200 2' : '200 1']))
        expect(new Set(rows.map(({ remote_port }) => remote_port)).size).toBe(8)
      })

  test('a Go client and a server whose TLS cannot be read: the rows are of the client’s end', async () => {
    const { cert, key } = certificate
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { cert: Bun.file(cert), key: Bun.file(key) },
      fetch: async (request, self) => {
        const port = self.requestIP(request)?.port
        return new Response(`${new URL(request.url).pathname} ${port} ${await request.text()}`)
      },
    })
    scope.defer(() => server.stop(true))
    await runGoTls(programs.get('pie')!, 'alone', server.port!, { connections: 4, requests: 10 }, 'h1')
    const rows = await nixie.waitForRows('/alone/', 40)
    expect(rows).toHaveLength(40)
    expect(new Set(rows.map(({ trace_role, remote_port }) => `${trace_role} ${remote_port}`))).toEqual(
      new Set([`1 ${server.port}`]),
    )
    expect(wrong(rows)).toEqual([])
  })

  test('programs of Go and of OpenSSL at the two ends: each request once', async () => {
    const { port } = servers.get('stripped')!
    const urls = Array.from({ length: 20 }, (_, i) => [
      '-o',
      '/dev/null',
      `https://127.0.0.1:${port}/mixed-curl/${i}`,
    ])
    expect(await Bun.spawn(['curl', '-sk', ...urls.flat()]).exited).toBe(0)
    const rows = await nixie.waitForRows('/mixed-curl/', 20)
    expect(rows.map(({ trace_role, req_path }) => `${trace_role} ${req_path}`).sort()).toEqual(
      urls.map((_, i) => `2 /mixed-curl/${i}`).sort(),
    )
    expect(wrong(rows)).toEqual([])
  })

  test.skipIf(!hasToolchain(OLDEST))(
    'the oldest Go whose TLS is said to be read',
    async () => {
      const program = buildGoTls(scope, 'stripped', OLDEST)
      const { port } = await startGoTls(scope, program, certificate)
      await until('it is read', async () => {
        await curl('/first/oldest', port)
        return isReadAtServer(await nixie.httpRows('/first/oldest'))
      })
      for (const protocol of PROTOCOLS)
        await runGoTls(oldest, `oldest-${protocol}`, port, { connections: 4, requests: 25 }, protocol)
      const rows = await nixie.waitForRows('/oldest-', 200)
      expect(rows).toHaveLength(200)
      expect(wrong(rows)).toEqual([])
      expect(rows.every(({ trace_role }) => trace_role === 2)).toBe(true)
    },
    120_000,
  )

  test('the program’s file has a probe that was hit, and calls that moved data', async () => {
    const { probes } = await nixie.status()
    for (const program of programs.values())
      expect(probes.find(({ name }) => name === program)?.attached).toBe(true)
  })
})

describe.skipIf(!isRoot)('TLS connections of Go that are older than Nixie (needs root)', () => {
  const scope = new Scope('tls-go-older')
  afterAll(() => scope.close(), 20_000)

  test('no row is on a wrong connection', async () => {
    const certificate = makeCertificate(scope)
    const program = buildGoTls(scope, 'stripped')
    const { port } = await startGoTls(scope, program, certificate)
    // The pauses show that a client waits for its answers; four streams of HTTP/2 pause at the same time.
    const load = { connections: 6, pause: 0.5 }
    const running = PROTOCOLS.map((protocol) => {
      const requests = protocol === 'h2' ? 96 : 24
      return runGoTls(program, `older-${protocol}`, port, { ...load, requests }, protocol)
    })
    const established = () =>
      Bun.spawnSync(['ss', '-Htn', 'state', 'established', `( sport = :${port} )`]).stdout.toString()
    await until('all have connected', () => established().trim().split('\n').length >= 12, 20_000)
    const nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
    await Promise.all(running)
    for (const protocol of PROTOCOLS) {
      const rows = await until(
        `rows of ${protocol}`,
        async () => {
          const all = await nixie.httpRows(`/older-${protocol}/`)
          // Of each end that is read: a client's row has its own port as the local one.
          if (new Set(all.map((row) => portOf(row))).size < 6) throw new Error(`${all.length} rows`)
          return all
        },
        20_000,
      )
      expect(new Set(rows.map(({ req_path }) => req_path)).size).toBe(rows.length)
      const answered = rows.filter(({ resp_body }) => resp_body !== '')
      expect(answered.length).toBeGreaterThan(60)
      expect(wrong(answered)).toEqual([])
    }
  }, 240_000)
})
