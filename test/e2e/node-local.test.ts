/** What stays on the node is recorded once and names both ends, whatever stands between them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ROLE_SERVER } from '../../src/records/types'
import { Namespaces, publishedPort } from '../support/namespaces'
import { isRoot, Nixie } from '../support/nixie'
import { Scope, until } from '../support/scope'

const SERVE = (address: string, port: number) => `
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self): self.send_response(200); self.send_header('Content-Length', '2'); self.end_headers(); self.wfile.write(b'ok')
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('${address}', ${port}), H)
print('ready', flush=True); server.serve_forever()`

describe.skipIf(!isRoot)('within the node (needs root)', () => {
  const scope = new Scope('node-local')
  const spaces = new Namespaces()
  let nixie: Nixie
  beforeAll(async () => {
    scope.defer(() => spaces.close())
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  async function serve(name: string, address: string, port: number): Promise<number> {
    const child = Bun.spawn(['ip', 'netns', 'exec', name, 'python3', '-c', SERVE(address, port)], {
      stdout: 'pipe',
    })
    scope.defer(() => child.kill())
    await child.stdout.getReader().read()
    return child.pid
  }

  /** Asks three times on one connection; gives the pid. */
  async function ask(name: string, url: string): Promise<number> {
    const program = `
import http.client, urllib.parse, time
u = urllib.parse.urlparse('${url}'); c = http.client.HTTPConnection(u.netloc, timeout=60)
for i in range(3): c.request('GET', u.path + '?%d' % i); c.getresponse().read(); time.sleep(0.1)`
    const child = Bun.spawn(['ip', 'netns', 'exec', name, 'python3', '-c', program], { stderr: 'inherit' })
    expect(await child.exited).toBe(0)
    return child.pid
  }

  async function recorded(marker: string): Promise<Array<{ role: number; server: number; client: number }>> {
    await nixie.waitForRows(marker, 3)
    const rows = await nixie.query(`import px
df = px.DataFrame(table='http_events', start_time='-5m')
df = df[px.contains(df.req_path, '${marker}')]
px.display(df[['upid', 'remote_upid', 'trace_role']])`)
    const pid = (upid: unknown) => Number(String(upid).split(':')[1])
    return rows.map((row) => ({
      role: Number(row.trace_role),
      server: pid(row.upid),
      client: pid(row.remote_upid),
    }))
  }

  test('a published port, with and without the client hidden, and asked from the node itself', async () => {
    const { client, node, container } = publishedPort(spaces)
    const server = await serve(container, '10.91.2.2', 80)
    for (const [marker, from, port] of [
      ['published', client, 8080],
      ['masqueraded', client, 8081],
      ['from-node', node, 8080],
    ] as const) {
      const asking = await ask(from, `http://10.91.1.1:${port}/${marker}`)
      expect(await recorded(marker)).toEqual(
        Array.from({ length: 3 }, () => ({ role: ROLE_SERVER, server, client: asking })),
      )
    }
  })

  test('equal loopback addresses in two network namespaces', async () => {
    const both = ['one', 'two'].map((name) => spaces.add(name))
    const servers = await Promise.all(both.map((name) => serve(name, '127.0.0.1', 7000)))
    const clients = await Promise.all(both.map((name, i) => ask(name, `http://127.0.0.1:7000/equal-${i}-`)))
    for (const i of [0, 1])
      expect(await recorded(`equal-${i}-`)).toEqual(
        Array.from({ length: 3 }, () => ({ role: ROLE_SERVER, server: servers[i]!, client: clients[i]! })),
      )
  })

  test('a connection without data is counted for both its processes', async () => {
    const name = spaces.add('quiet')
    const server = await serve(name, '127.0.0.1', 7100)
    const program = `
import socket, sys
for i in range(5): socket.create_connection(('127.0.0.1', 7100)).close()
idle = socket.create_connection(('127.0.0.1', 7100)); sys.stdin.read()`
    const client = Bun.spawn(['ip', 'netns', 'exec', name, 'python3', '-c', program], {
      stdin: 'pipe',
    })
    scope.defer(() => client.kill())
    const counts = async (pid: number) => {
      const rows = await nixie.query(`import px
df = px.DataFrame(table='conn_stats', start_time='-10m')
df.pid = px.upid_to_pid(df.upid)
df = df[df.pid == ${pid}]
df = df.groupby(['trace_role']).agg(opened=('conn_open', px.max), closed=('conn_close', px.max), active=('conn_active', px.max))
px.display(df)`)
      return rows.map((row) => [row.trace_role, row.opened, row.closed, row.active].map(Number))
    }
    const wanted = (role: number) => JSON.stringify([[role, 6, 5, 1]])
    await until('the counts of both', async () => {
      const seen = JSON.stringify([await counts(server), await counts(client.pid)])
      if (seen !== `[${wanted(2)},${wanted(1)}]`) throw new Error(seen)
      return true
    })
  })
})
