/** Exchanges that last: seen while they do, told once in the end. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { isRoot, Nixie, type Row } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

describe.skipIf(!isRoot)('exchanges under way (needs root)', () => {
  const scope = new Scope('under-way')
  let nixie: Nixie
  let server: Server
  let port: number
  const finish = new Map<string, () => void>()

  beforeAll(async () => {
    nixie = await Nixie.start(scope)
    port = await freePort()
    server = createServer((request, response) => {
      const path = request.url!
      if (path === '/silent') return
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write('data: first\n\n')
      const timer = setInterval(() => response.write('data: tick\n\n'), 500)
      response.on('close', () => clearInterval(timer))
      finish.set(path, () => {
        clearInterval(timer)
        response.end('data: last\n\n')
      })
    })
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
    scope.defer(() => {
      server.closeAllConnections()
      server.close()
    })
  })
  afterAll(() => scope.close())

  const ask = (path: string): Socket => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    return socket
  }

  const rowsOf = async (path: string): Promise<Row[]> => {
    const pxl = [
      'import px',
      "df = px.DataFrame('http_events', start_time='-5m')",
      `df = df[df.req_path == '${path}']`,
      "px.display(df[['time_', 'req_path', 'resp_status', 'resp_body', 'resp_body_size', 'latency', 'outcome']])",
    ]
    return nixie.query(pxl.join('\n'))
  }
  /** A stream is shown from 10 s on, a request without an answer from 30 s on. */
  const outcomeIs = async (path: string, outcome: string): Promise<Row> => {
    let most = 0
    const found = await until(`${path} is ${outcome}`, async () => {
      const rows = await rowsOf(path)
      most = Math.max(most, rows.length)
      return rows[0]?.outcome === outcome && rows[0]
    })
    // Whatever was asked when: there was never a second row of it.
    expect(most).toBe(1)
    return found
  }

  test('a stream of events grows while it lasts, and is one row in the end', async () => {
    ask('/stream')
    const first = await outcomeIs('/stream', 'running')
    expect(first).toMatchObject({ resp_status: 200, resp_body: expect.stringContaining('data: first') })
    const grown = await until('it grows', async () => {
      const [row] = await rowsOf('/stream')
      return Number(row!.resp_body_size) > Number(first.resp_body_size) ? row : undefined
    })
    finish.get('/stream')!()
    const last = await outcomeIs('/stream', 'complete')
    expect(Number(last.resp_body_size)).toBeGreaterThan(Number(grown!.resp_body_size))
  })

  test('a stream that the client leaves is cut', async () => {
    const socket = ask('/left')
    await until('it runs', () => finish.has('/left'))
    socket.destroy()
    const row = await outcomeIs('/left', 'cut')
    expect(row).toMatchObject({ resp_status: 200, resp_body: expect.stringContaining('data: first') })
  })

  test('a request that nobody answers waits, and is unanswered in the end', async () => {
    const socket = ask('/silent')
    const waiting = await outcomeIs('/silent', 'waiting')
    expect(waiting.resp_status).toBe(0)
    expect(Number(waiting.latency)).toBeGreaterThan(29e9)
    socket.destroy()
    await outcomeIs('/silent', 'unanswered')
  })
})
