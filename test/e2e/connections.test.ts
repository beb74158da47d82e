/** Connections as programs keep them: long-lived, pipelined, older than Nixie; their rows, their times, their totals. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  type Asked,
  curl,
  nodeKeepAlive,
  pausedKeepAlive,
  pythonKeepAlive,
  RawClient,
} from '../support/clients'
import { type HttpRow, isRoot, Nixie } from '../support/nixie'
import { Pace, slowness } from '../support/pace'
import { median, Scope, until } from '../support/scope'
import { type Server, startGo, startNginx, startNode, startPython } from '../support/servers'

const seen = (rows: readonly HttpRow[]): Asked[] =>
  rows.map((row) => ({
    method: row.req_method,
    path: row.req_path,
    status: row.resp_status,
    resp_body_size: row.resp_body_size,
    local_port: row.remote_port,
  }))

const answersIn = (received: string) => received.split('HTTP/1.1 ').length - 1

describe.skipIf(!isRoot)('connections (needs root)', () => {
  const scope = new Scope('connections')
  const servers: Server[] = []
  let older: Awaited<ReturnType<typeof pausedKeepAlive>>
  let nixie: Nixie

  beforeAll(async () => {
    for (const start of [startNode, startPython, startGo, startNginx]) servers.push(await start(scope))
    older = await pausedKeepAlive(scope, servers[2]!.port, 6, '/hello?older-')
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  test('a connection opened before Nixie is as good as a new one', async () => {
    // Its rest is what shows that the client waits: it is many times as long as an answer, also on a busy machine.
    await Bun.sleep(2000)
    const asked = (await older.goOn()).slice(1)
    expect(seen(await nixie.waitForRows('older-', 5))).toEqual(asked)
  })

  for (const [i, name] of ['node', 'python', 'go', 'nginx'].entries()) {
    test(`kept connections to ${name}`, async () => {
      const { port } = servers[i]!
      const asked = [
        ...(await nodeKeepAlive(port, 25, `/hello?kept-${name}-node-`)),
        ...(await pythonKeepAlive(port, 25, `/hello?kept-${name}-python-`)),
      ]
      expect(seen(await nixie.waitForRows(`kept-${name}-`, 50))).toEqual(asked)
    })

    test(`pipelined requests to ${name}`, async () => {
      const client = await RawClient.open(scope, servers[i]!.port)
      const lines = [
        `GET /hello?piped-${name}-0`,
        `HEAD /hello?piped-${name}-1`,
        `GET /missing?piped-${name}-2`,
        `GET /large?piped-${name}-3`,
        `GET /json?piped-${name}-4`,
      ]
      client.write(lines.map((line) => `${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''))
      await client.waitFor('five answers', (text) => answersIn(text) === 5 && text.includes('{"ok":true}'))
      const rows = await nixie.waitForRows(`piped-${name}-`, 5)
      expect(
        rows.map((row) => [row.req_method, row.resp_status, row.resp_body_size, row.remote_port]),
      ).toEqual([
        ['GET', 200, 6, client.localPort],
        ['HEAD', 200, 0, client.localPort],
        ['GET', 404, 13, client.localPort],
        ['GET', 200, 100_000, client.localPort],
        ['GET', 200, 11, client.localPort],
      ])
      await client.close()
    })
  }

  test('a request that arrives in pieces', async () => {
    const client = await RawClient.open(scope, servers[0]!.port)
    const text = 'POST /echo?pieces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nhello world'
    for (const piece of text.match(/[\s\S]{1,7}/g)!) {
      client.write(piece)
      await Bun.sleep(1)
    }
    await client.waitFor('the answer', (received) => received.endsWith('hello world'))
    const [row] = await nixie.waitForRows('/echo?pieces', 1)
    expect([row!.req_body, row!.req_body_size, row!.resp_body]).toEqual(['hello world', 11, 'hello world'])
    await client.close()
  })

  for (const [i, name] of ['node', 'python', 'go'].entries()) {
    test(`latency is that of ${name} itself`, async () => {
      const server = servers[i]!
      const before = slowness()
      await nodeKeepAlive(server.port, 30, `/slow?ms=15&latency-${name}-`)
      const rows = await nixie.waitForRows(`latency-${name}-`, 30)
      const logged = new Map(server.log(`latency-${name}-`).map((line) => [line.path, line.latency]))
      const apart = rows.map((row) => Math.abs(row.latency - logged.get(row.req_path)!))
      // Other programs may run between the server's clock and its call.
      expect(median(apart) / Math.max(before, slowness())).toBeLessThan(1_000_000)
    })
  }

  test('an exchange can be queried within 1.5 s', async () => {
    const waits: number[] = []
    for (let i = 0; i < 7; i++) {
      await curl(servers[0]!.port, `/hello?visible-${i}.`)
      const pace = new Pace()
      await nixie.waitForRows(`visible-${i}.`, 1)
      waits.push(pace.ms())
    }
    // The machine may stall once; most of the time it may not.
    expect(median(waits)).toBeLessThan(1500)
  })

  test("a connection's bytes are counted at the server's end, to the byte", async () => {
    const server = await startNode(scope)
    const client = await RawClient.open(scope, server.port)
    let sent = 0
    for (const path of ['/hello?bytes', '/large?bytes', '/chunked?bytes']) {
      const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
      client.write(request)
      sent += request.length
    }
    await client.waitFor('three answers', (text) => answersIn(text) === 3 && text.endsWith('0\r\n\r\n'))
    await client.close()
    const row = await until('the closed connection in conn_stats', async () => {
      const { tables } = await nixie.ask('/api/tables/conn_stats?start_time=-5m&limit=10000')
      const own = tables[0]!.rows.filter(
        (r) => String(r.upid).split(':')[1] === String(server.pid) && r.trace_role === 2,
      )
      const newest = own.sort((a, b) => Number(BigInt(String(b.time_)) - BigInt(String(a.time_))))[0]
      return newest && Number(newest.conn_close) > 0 && newest
    })
    expect(row).toMatchObject({
      remote_addr: '127.0.0.1',
      remote_port: 0,
      conn_open: 1,
      conn_close: 1,
      conn_active: 0,
      bytes_recv: sent,
      bytes_sent: client.received.length,
      protocol: 1,
      ssl: false,
    })
  })
})
