/** Messages of gRPC have names where the server tells them by reflection, or a descriptor set or source does: of a real server and client. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { logOf, serve } from '../support/http2'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

const client = (...args: readonly (string | number)[]) =>
  logOf(['node', join(root, 'test/support/clients/grpc-names.mjs'), ...args.map(String)])

const order = (id: string) =>
  `id: "${id}", items: {sku: "x", change: -2, sizes: [1, 300]}, state: PAID, gift: true, price: 2.5, counts: {key: "a", value: 7}, pin: [redacted]`

describe.skipIf(!isRoot)('names of messages of gRPC (needs root)', () => {
  const scope = new Scope('grpc-names')
  const reflecting: Record<string, number> = {}
  let silent: number
  const started: Nixie[] = []

  beforeAll(async () => {
    for (const version of ['v1', 'v1alpha']) {
      const port = await freePort()
      reflecting[version] = port
      await serve(
        scope,
        ['node', join(root, 'test/support/servers/grpc-names.mjs'), String(port), 'reflection'],
        [port],
      )
    }
    silent = await freePort()
    await serve(scope, ['node', join(root, 'test/support/servers/grpc-names.mjs'), String(silent)], [silent])
    started.push(await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] }))
  }, 60_000)
  afterAll(() => scope.close(), 15_000)

  /** The two calls with this id: Get and List. */
  const bodies = async (nixie: Nixie, port: number, id: string): Promise<readonly [string, string][]> => {
    const rows = await until(
      `calls of ${id}`,
      async () => {
        const all = await nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m')
px.display(df[df.local_port == ${port}])
`)
        const own = all.filter((row: Row) => String(row.req_body).includes(`"${id}"`))
        return own.length >= 2 && own
      },
      20_000,
    )
    return rows
      .toSorted((a, b) => (String(a.req_path) < String(b.req_path) ? -1 : 1))
      .map((row) => [String(row.req_body), String(row.resp_body)])
  }

  const named = (id: string) => [
    [`id: "${id}", limit: 3`, order(id)],
    [`id: "${id}", limit: 2`, [0, 1].map((i) => order(`${id}-${i}`)).join('\n')],
  ]

  for (const version of ['v1', 'v1alpha'])
    test(`that the server told by reflection ${version}, from then on`, async () => {
      const [nixie] = started
      const port = reflecting[version]!
      await client('call', port, 'before')
      expect((await bodies(nixie!, port, 'before'))[0]![0]).toBe('1: "before", 2: 3')
      await client('reflect', port, version)
      await client('call', port, 'after')
      expect(await bodies(nixie!, port, 'after')).toEqual(named('after') as [string, string][])
    })

  test('nixie/grpc_data: the client’s deadline, how its messages were compressed, and what came of the call', async () => {
    await client('deadline', silent, 'in-time')
    const calls = await until('both calls', async () => {
      const { tables } = await started[0]!.ask('/api/run/nixie/grpc_data?start_time=-10m')
      const { rows } = tables.find(({ name }) => name === 'grpc_data')!
      const own = rows.filter((row: Row) => /"in-time"|"none"/.test(String(row.req_body)))
      return own.length >= 2 && own
    })
    const [failed, done] = calls
    expect(done).toMatchObject({
      kind: 'grpc',
      service: 'shop.Orders',
      method: 'Get',
      status: 'OK',
      message: 'OK',
    })
    expect(done!.req_coding).toBe('gzip')
    // The client says what is left of its deadline.
    expect(Number(done!.deadline)).toBeWithin(1e9, 5e9 + 1)
    expect(failed).toMatchObject({
      status: 'NOT_FOUND',
      message: 'no such order',
      deadline: -1,
      resp_messages: 0,
    })
  })

  test('that the server told an earlier run; another server’s are not taken for it', async () => {
    const { dataDir } = started[0]!
    await started[0]!.stop()
    started[0] = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'], dataDir })
    await client('call', reflecting.v1!, 'again')
    expect(await bodies(started[0], reflecting.v1!, 'again')).toEqual(named('again') as [string, string][])
    await client('call', silent, 'silent')
    expect((await bodies(started[0], silent, 'silent'))[0]![0]).toBe('1: "silent", 2: 3')
  })

  test('that a descriptor set has, or a source', async () => {
    const dir = join(scope.dir, 'protos')
    mkdirSync(dir)
    await client('set', join(dir, 'shop.binpb'))
    mkdirSync(join(dir, 'within'))
    await client('source', join(dir, 'within/store.proto'))
    await started[0]!.stop()
    const nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off', '--proto-dir', dir] })
    // The files are read beside the start.
    for (const scopeOfNames of ['shop', 'store']) {
      const said = await until(`names of ${scopeOfNames}`, async () => {
        const id = `${scopeOfNames}-${Date.now()}`
        await client('call', silent, id, scopeOfNames)
        const found = await bodies(nixie, silent, id)
        return found[0]![0].startsWith('id:') && { id, found }
      })
      expect(said.found).toEqual(named(said.id) as [string, string][])
    }
    started.push(nixie)
  })

  test('over HTTP/1, too, by Connect and gRPC-Web', async () => {
    const log = await logOf([
      'node',
      join(root, 'test/support/clients/web-calls.mjs'),
      `${await freePort()}`,
      'web',
    ])
    const calls = await until('both calls', async () => {
      const { tables } = await started.at(-1)!.ask('/api/run/nixie/grpc_data?start_time=-10m')
      const { rows } = tables.find(({ name }) => name === 'grpc_data')!
      const own = rows.filter(({ req_body }) => String(req_body) === 'id: "web", limit: 3')
      return own.length >= log.length && own
    })
    const each = { service: 'shop.Orders', method: 'Get', status: 'OK', outcome: 'complete' }
    const order = 'id: "web", state: PAID, price: 2.5'
    expect(calls.reverse()).toMatchObject([
      { ...each, kind: 'connect', deadline: 2_500_000_000, resp_body: order },
      {
        ...each,
        kind: 'grpc-web',
        deadline: 3_000_000_000,
        resp_body: `${order}\ngrpc-status:0\r\n`,
        resp_messages: 1,
      },
    ])
  })
})
