/** Each request of a client of Finagle to a server of Finagle has its row, as the client saw it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { classPath } from '../support/maven'
import { isRoot, Nixie, type Row, root } from '../support/nixie'
import { outputsOf } from '../support/outputs'
import { freePort, PATIENCE_MS, Scope, until } from '../support/scope'

const source = join(root, 'test/support/servers/mux')
const REQUESTS = 20

interface Asked {
  readonly path: string
  readonly asked: number
  readonly heard: number
}

describe.skipIf(!isRoot)('Mux (needs root)', () => {
  const scope = new Scope('mux')
  let nixie: Nixie
  let log: Asked[]
  let rows: Row[]

  beforeAll(async () => {
    const libraries = classPath(scope, source)
    execFileSync('javac', ['-nowarn', '-cp', libraries, '-d', scope.dir, join(source, 'Talk.java')], {
      stdio: 'ignore',
    })
    const java = (...args: readonly string[]) =>
      spawn('java', ['-cp', `${libraries}:${scope.dir}`, 'Talk', ...args])
    const port = await freePort()
    nixie = await Nixie.start(scope)
    const server = java('server', String(port))
    scope.defer(() => server.kill('SIGKILL'))
    const said = outputsOf(server)
    await until('Finagle listens', () => said.stdout.includes('listening'))
    const client = java('client', String(port))
    scope.defer(() => client.kill('SIGKILL'))
    const heard = outputsOf(client)
    await until('the client has ended', () => client.exitCode !== null)
    log = heard.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Asked)
    rows = await until('rows of all requests', async () => {
      const found = await nixie.query(`import px
df = px.DataFrame(table='mux_events', start_time='-10m')
df = df[df.local_port == ${port}]
df = df['time_', 'req_type', 'req_destination', 'req_contexts', 'req_body_size', 'resp_type', 'resp_status', 'resp_body_size', 'latency', 'outcome']
px.display(df)
`)
      return found.filter((row) => row.req_type === 2).length >= REQUESTS && found
    })
  }, 4 * PATIENCE_MS)
  afterAll(() => scope.close())

  test('all requests, with what was asked and answered', () => {
    expect(log).toHaveLength(REQUESTS)
    const asked = rows
      .filter((row) => row.req_type === 2)
      .map(({ req_destination, req_body_size, resp_body_size, resp_status }) => ({
        path: req_destination,
        asked: req_body_size,
        heard: resp_status === 'Ok' ? resp_body_size : 0,
      }))
    const byPath = (a: { path: unknown }, b: { path: unknown }) => (String(a.path) < String(b.path) ? -1 : 1)
    expect(asked.sort(byPath)).toEqual([...log].sort(byPath))
    expect(rows.filter((row) => row.resp_status === 'Error')).toHaveLength(
      log.filter(({ heard }) => heard === 0).length,
    )
    expect(rows.filter((row) => row.outcome !== 'complete')).toEqual([])
  })

  test('the session begins with what both ends know of Mux', () => {
    expect(rows.map((row) => row.req_type)).toContain(68)
    const opening = rows.find((row) => row.req_type === 68)!
    expect(Object.keys(JSON.parse(String(opening.req_contexts)))).toContain('mux-framer')
  })

  test('px/mux_data names the kinds of messages', async () => {
    const { tables } = JSON.parse((await nixie.ask('/api/run/px/mux_data?start_time=-10m')).text)
    expect(tables[0].rows.map((row: Row) => row.req_name)).toContain('Tdispatch')
  })
})
