/** A burst of wrk on nginx: every request is a row, or a counted loss. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { wrk } from '../support/clients'
import { isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Server, startNginx } from '../support/servers'

const SECONDS = 1
const CONNECTIONS = 8

describe.skipIf(!isRoot)('load (needs root)', () => {
  const scope = new Scope('load')
  let nginx: Server
  let nixie: Nixie

  beforeAll(async () => {
    nginx = await startNginx(scope)
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  test('rows and losses together are the requests that were made', async () => {
    const before = await nixie.status()
    const answered = await wrk(nginx.port, '/hello?burst', SECONDS, CONNECTIONS)
    const served = await until('nginx logs all of them', () => {
      const { length } = nginx.log('burst')
      return length >= answered && length
    })
    // wrk does not count what is under way when its time is over.
    expect(served - answered).toBeLessThanOrEqual(CONNECTIONS)
    const { recorded, lost } = await until('each is a row, or a counted loss', async () => {
      const recorded = await nixie.countByPort(nginx.port)
      const { losses } = await nixie.status()
      const lost = (Object.keys(losses) as (keyof typeof losses)[])
        .map((kind) => losses[kind] - before.losses[kind])
        .reduce((sum, n) => sum + n, 0)
      if (recorded + lost < served) throw new Error(`${recorded} recorded, ${lost} lost of ${served}`)
      return { recorded, lost }
    })
    console.log(`${answered} answered, ${served} served, ${recorded} recorded, ${lost} lost`)
    expect(recorded).toBeLessThanOrEqual(served)
    expect(recorded + lost).toBeGreaterThanOrEqual(served)
  })

  test('the rows are right under load too', async () => {
    const rows = await nixie.query(`import px
df = px.DataFrame(table='http_events', start_time='-1h')
df = df[df.local_port == ${nginx.port}]
df = df[px.contains(df.req_path, 'burst')]
df = df.groupby(['req_method', 'resp_status', 'resp_body', 'trace_role']).agg(
    count=('latency', px.count), size=('resp_body_size', px.max), latency=('latency', px.min))
px.display(df)
`)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      req_method: 'GET',
      resp_status: 200,
      resp_body: 'hello\n',
      trace_role: 2,
      size: 6,
    })
    expect(Number(rows[0]!.latency)).toBeGreaterThan(0)
  })
})
