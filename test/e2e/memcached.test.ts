/** Each command that a client of Memcached logged has its row: memcached with pymemcache (text, meta) and memjs (binary). */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { counted, logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'
import { makeCertificate, makePython } from '../support/tls'

const clients = join(root, 'test/support/clients')

interface Said {
  readonly cmd: string
  readonly key: string
  readonly req_body: string
  readonly resp: string
  readonly resp_body: string
}

const saidOf = ({ cmd, key, req_body, resp, resp_body }: Row): Said => ({
  ...{ cmd: String(cmd), key: String(key), req_body: String(req_body) },
  ...{ resp: String(resp), resp_body: String(resp_body) },
})

describe.skipIf(!isRoot)('Memcached (needs root)', () => {
  const scope = new Scope('memcached')
  let nixie: Nixie
  let python: string
  let port: number
  let tlsPort: number
  let pid: number

  beforeAll(async () => {
    python = makePython(scope, 'memcached-requirements.txt')
    const { cert, key } = makeCertificate(scope)
    ;[port, tlsPort] = [await freePort(), await freePort()]
    execFileSync('chmod', ['644', cert, key])
    const server = ['memcached', '-u', 'nobody', '-l', '127.0.0.1', '-U', '0', '-p']
    pid = await serve(scope, [...server, String(port)], [port])
    await serve(
      scope,
      [...server, String(tlsPort), '-Z', '-o', `ssl_chain_cert=${cert},ssl_key=${key}`],
      [tlsPort],
    )
    nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  }, 240_000)
  afterAll(() => scope.close(), 15_000)

  const rowsAt = (local: number, form: readonly string[]): Promise<Row[]> =>
    nixie.query(`import px
df = px.DataFrame('memcached_events', start_time='-10m')
df.pid = px.upid_to_pid(df.upid)
df = df[df.local_port == ${local}]
px.display(df[${form.map((each) => `df.form == '${each}'`).join(' or ')}])
`)

  /** The rows once the last command that was logged has one. */
  const rowsOf = (local: number, form: readonly string[], log: readonly Said[]): Promise<Row[]> =>
    until(`${log.length} rows`, async () => {
      const rows = (await rowsAt(local, form)).filter(({ cmd }) => cmd !== 'quit')
      if (rows.length < log.length) throw new Error(`${rows.length} rows`)
      return rows
    })

  test.each([
    ['pymemcache', ['text', 'meta'], () => [python, join(clients, 'memcached-client.py')]],
    ['memjs', ['binary'], () => ['node', join(clients, 'memcached.mjs')]],
  ] as const)('%s: every command with its answer', async (_, form, command) => {
    const log = await logOf<Said>([...command(), String(port)])
    const rows = await rowsOf(port, form, log)
    expect(counted(rows.map(saidOf))).toEqual(counted(log))
    for (const row of rows)
      expect(row).toMatchObject({ outcome: 'complete', encrypted: false, trace_role: 2, pid })
  })

  test('how many of several keys were found', async () => {
    const rows = await rowsAt(port, ['text'])
    expect(rows.find(({ keys }) => keys === 6)).toMatchObject({ hits: 5, resp_size: 5 * 'value 0'.length })
  })

  test('within TLS', async () => {
    // A library is read up to a second after its first use.
    let log: Said[] = []
    await until('encrypted rows', async () => {
      const before = (await rowsAt(tlsPort, ['text', 'meta'])).length
      log = await logOf<Said>([python, join(clients, 'memcached-client.py'), String(tlsPort), 'tls'])
      const rows = await until(
        'rows',
        async () => {
          const found = await rowsAt(tlsPort, ['text', 'meta'])
          return found.length >= before + log.length && found
        },
        3000,
      ).catch(() => [])
      return rows.length > 0
    })
    const rows = await rowsAt(tlsPort, ['text', 'meta'])
    for (const row of rows) expect(row).toMatchObject({ encrypted: true, trace_role: 2 })
    const said = counted(rows.map(saidOf))
    for (const line of Object.keys(counted(log))) expect(said).toHaveProperty([line])
  })

  test('nixie/memcached_data', async () => {
    const { status, tables } = await nixie.ask(
      '/api/run/nixie/memcached_data?start_time=-10m&max_num_records=7',
    )
    expect(status).toBe(200)
    const named = (name: string) => tables.find((table) => table.name === name)!.rows
    expect(named('memcached_data')).toHaveLength(7)
    const gets = named('memcached_commands').filter(({ cmd }) => cmd === 'get')
    expect(gets.reduce((sum, { found }) => sum + Number(found), 0)).toBeGreaterThan(100)
  })

  test('nothing was read wrongly', async () => {
    const { losses } = await nixie.status()
    expect(losses.parse).toBe(0)
  })
})
