/** One exchange of each kind with each server: what Nixie says against curl's and the server's own log, field by field. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { type CurlAnswer, type CurlOptions, curl } from '../support/clients'
import { type HttpRow, isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'
import { type Server, startGo, startNginx, startNode, startPython } from '../support/servers'

const KEPT = 1024
const POSTED = `name=nixie&text=${'abcdefghij'.repeat(10_000)}`

interface Exchange extends CurlOptions {
  readonly name: string
  readonly path: string
  readonly onlyPrograms?: true
}

const EXCHANGES: readonly Exchange[] = [
  { name: 'a GET', path: '/hello', headers: ['X-Trial: one'] },
  { name: 'JSON', path: '/json' },
  { name: 'HEAD', path: '/hello', method: 'HEAD' },
  { name: 'HTTP/1.0', path: '/hello', http10: true },
  { name: 'a chunked response', path: '/chunked', onlyPrograms: true },
  { name: 'a gzip response', path: '/gzip', headers: ['Accept-Encoding: gzip'] },
  { name: 'a large response', path: '/large' },
  { name: 'a binary response', path: '/binary', onlyPrograms: true },
  { name: '304', path: '/not-modified', onlyPrograms: true },
  { name: '404', path: '/missing' },
  { name: 'DELETE with 204', path: '/item', method: 'DELETE' },
  { name: 'a small POST', path: '/echo', body: 'small body' },
  { name: 'an empty POST', path: '/echo', body: '' },
  { name: 'a large POST', path: '/echo', body: POSTED },
  { name: 'a chunked POST', path: '/echo', body: POSTED, headers: ['Transfer-Encoding: chunked'] },
  { name: 'a POST after 100 Continue', path: '/echo', body: POSTED, headers: ['Expect: 100-continue'] },
]

/** What a text column holds of a body: the head of its bytes, decompressed. */
function keptText(body: Buffer, gzip: boolean): string {
  return (gzip ? gunzipSync(body) : body).subarray(0, KEPT).toString()
}

describe.skipIf(!isRoot)('exchanges (needs root)', () => {
  const scope = new Scope('exchanges')
  let nixie: Nixie

  beforeAll(async () => {
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  for (const [name, start] of Object.entries({
    node: startNode,
    python: startPython,
    go: startGo,
    nginx: startNginx,
  })) {
    describe(name, () => {
      const exchanges = EXCHANGES.filter((exchange) => name !== 'nginx' || !exchange.onlyPrograms)
      const answers: CurlAnswer[] = []
      let server: Server
      let rows: HttpRow[] = []
      const marker = (i: number) => `trial=${name}-${i}.`

      beforeAll(async () => {
        server = await start(scope)
        for (const [i, exchange] of exchanges.entries()) {
          answers.push(await curl(server.port, `${exchange.path}?${marker(i)}`, exchange))
        }
        // What is stored last is behind all that came before it, records of the other ends too.
        await curl(server.port, `/hello?last=${name}`)
        await nixie.waitForRows(`last=${name}`, 1)
        await curl(server.port, `/hello?after=${name}`)
        await nixie.waitForRows(`after=${name}`, 1)
        rows = await nixie.httpRows(`trial=${name}-`)
      })

      test('each exchange is one row, in order, the other local end left out', () => {
        const told = rows.map((row) => row.req_path)
        expect(told).toEqual(answers.map((answer) => answer.path))
      })

      for (const [i, exchange] of exchanges.entries()) {
        test(exchange.name, async () => {
          const answer = answers[i]!
          const row = rows.find((candidate) => candidate.req_path.includes(marker(i)))
          if (!row) throw new Error('not recorded')
          expect({
            req_method: row.req_method,
            resp_status: row.resp_status,
            req_body_size: row.req_body_size,
            resp_body_size: row.resp_body_size,
            remote_addr: row.remote_addr,
            remote_port: row.remote_port,
            local_addr: row.local_addr,
            local_port: row.local_port,
            trace_role: row.trace_role,
            version: `${row.major_version}.${row.minor_version}`,
          }).toEqual({
            req_method: answer.method,
            resp_status: answer.status,
            req_body_size: answer.req_body_size,
            resp_body_size: answer.resp_body_size,
            remote_addr: '127.0.0.1',
            remote_port: answer.local_port,
            local_addr: '127.0.0.1',
            local_port: server.port,
            trace_role: 2,
            version: answer.version,
          })
          const logged = await until('the server logs it', () => server.log(marker(i))[0])
          expect(logged).toMatchObject({
            method: row.req_method,
            path: row.req_path,
            status: row.resp_status,
            remote_port: row.remote_port,
          })
          // nginx counts heads of chunks and of 100 Continue too, and knows no request size without Content-Length.
          const more =
            row.resp_headers.includes('chunked') || exchange.headers?.includes('Expect: 100-continue')
          if (name !== 'nginx' || !more) expect(logged.resp_body_size).toBe(row.resp_body_size)
          if (name !== 'nginx' || !exchange.headers?.includes('Transfer-Encoding: chunked')) {
            expect(logged.req_body_size).toBe(row.req_body_size)
          }
        })
      }

      test('bodies are kept up to their limit', () => {
        for (const [i, exchange] of exchanges.entries()) {
          const row = rows.find((candidate) => candidate.req_path.includes(marker(i)))!
          // A file that the kernel sends by itself (sendfile) passes no buffer of the server: only its size is known.
          const unseen = name === 'nginx' && exchange.path === '/large'
          if (exchange.path === '/binary') {
            expect(row.resp_body).toStartWith(`<binary ${row.resp_body_size} bytes> `)
          } else if (!unseen) {
            expect([exchange.name, row.resp_body]).toEqual([
              exchange.name,
              keptText(answers[i]!.body, exchange.path === '/gzip'),
            ])
          }
          const sent = Buffer.from(exchange.body ?? '')
          expect([exchange.name, row.req_body]).toEqual([exchange.name, keptText(sent, false)])
        }
      })

      test('headers are JSON objects as they were sent', () => {
        const [row] = rows
        expect(JSON.parse(row!.req_headers)).toMatchObject({
          Host: `127.0.0.1:${server.port}`,
          'X-Trial': 'one',
        })
        expect(JSON.parse(row!.resp_headers)['Content-Type']).toBe('text/plain')
        expect([row!.resp_message, row!.content_type]).toEqual(['OK', 0])
        expect(rows[1]!.content_type).toBe(1)
      })

      test('the row names the process that served it', () => {
        const pids = new Set(rows.map((row) => Number(row.upid.split(':')[1])))
        expect(pids.size).toBe(1)
        const [pid] = pids
        // nginx serves in a child of the process that was started.
        if (name === 'nginx') expect(parentOf(pid!)).toBe(server.pid)
        else expect(pid).toBe(server.pid)
      })

      test('secrets are not stored', async () => {
        const headers = ['Authorization: Bearer hunter2', 'Cookie: session=hunter2', 'X-Api-Key: hunter2']
        await curl(server.port, `/secret?password=hunter2&told-by=${name}`, { headers })
        const [row] = await nixie.waitForRows(`told-by=${name}`, 1)
        expect(JSON.stringify(row)).not.toContain('hunter2')
        expect(Object.keys(JSON.parse(row!.req_headers))).toContain('Authorization')
      })
    })
  }
})

function parentOf(pid: number): number {
  const { stdout } = Bun.spawnSync(['ps', '-o', 'ppid=', '-p', String(pid)])
  return Number(stdout.toString())
}
