/** haproxy in front of nginx, with PROXY headers of both versions: nginx's rows have the address of the true client. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type HttpRow, isRoot, Nixie } from '../support/nixie'
import { freePort, PATIENCE_MS, Scope, until } from '../support/scope'

const VERSIONS = { 'version 1': 'send-proxy', 'version 2': 'send-proxy-v2' } as const

/** A client's address that is neither haproxy's nor nginx's. */
const CLIENT = '127.44.0.7'

interface Proxied {
  readonly front: number
  readonly back: number
}

function start(scope: Scope, program: string, args: readonly string[]): void {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((done) => child.on('exit', done))
  scope.defer(() => {
    child.kill('SIGTERM')
    return ended
  })
}

async function startPair(scope: Scope, name: string, option: string): Promise<Proxied> {
  const dir = join(scope.dir, name.replace(' ', '-'))
  mkdirSync(dir)
  const [front, back] = [await freePort(), await freePort()]
  writeFileSync(
    join(dir, 'nginx.conf'),
    `worker_processes 1; daemon off; user root; pid nginx.pid; error_log stderr error;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen 127.0.0.1:${back} proxy_protocol; location / { return 200 "$proxy_protocol_addr"; } }
}
`,
  )
  writeFileSync(
    join(dir, 'haproxy.cfg'),
    `global
  nbthread 1
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend front
  bind 127.0.0.1:${front}
  default_backend back
backend back
  server one 127.0.0.1:${back} ${option}
`,
  )
  start(scope, 'nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')])
  start(scope, 'haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')])
  await until(`haproxy, ${name}`, async () => (await talk(front, ['/up'])).length === 1)
  return { front, back }
}

/** Asks for the paths one after the other on one connection from `CLIENT`; what nginx says of the client's address. */
function talk(port: number, paths: readonly string[]): Promise<string[]> {
  return new Promise((done, failed) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: CLIENT })
    const said: string[] = []
    let text = ''
    const ask = () => socket.write(`GET ${paths[said.length]} HTTP/1.1\r\nHost: nginx\r\n\r\n`)
    socket.on('error', failed)
    socket.on('connect', ask)
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
    socket.setEncoding('latin1').on('data', (piece) => {
      text += piece
      const answer = /^HTTP\/1\.1 200 .*?\r\n\r\n(127\.\d+\.\d+\.\d+)$/s.exec(text)
      if (!answer) return
      text = ''
      said.push(answer[1]!)
      if (said.length < paths.length) ask()
      else socket.end(() => done(said))
    })
  })
}

describe.skipIf(!isRoot)('the PROXY protocol (needs root)', () => {
  const scope = new Scope('proxy-protocol')
  const pairs = new Map<string, Proxied>()
  let nixie: Nixie

  beforeAll(async () => {
    for (const [name, option] of Object.entries(VERSIONS))
      pairs.set(name, await startPair(scope, name, option))
    nixie = await Nixie.start(scope)
  })
  afterAll(() => scope.close())

  test.each(Object.keys(VERSIONS))('%s: the row has the true client', async (name) => {
    const { front, back } = pairs.get(name)!
    const mark = `/proxied-${back}`
    expect(await talk(front, [`${mark}-1`, `${mark}-2`, `${mark}-3`])).toEqual([CLIENT, CLIENT, CLIENT])
    // One row of each at haproxy, and one at nginx.
    const rows = await nixie.waitForRows(mark, 6)
    const at = (port: number) => rows.filter(({ local_port }) => local_port === port)
    const summary = ({ req_path, resp_status, resp_body_size, remote_addr, trace_role }: HttpRow) => ({
      req_path,
      resp_status,
      resp_body_size,
      remote_addr,
      trace_role,
    })
    const expected = [1, 2, 3].map((i) => ({
      req_path: `${mark}-${i}`,
      resp_status: 200,
      resp_body_size: CLIENT.length,
      remote_addr: CLIENT,
      trace_role: 2,
    }))
    expect(at(front).map(summary)).toEqual(expected)
    expect(at(back).map(summary)).toEqual(expected)
    expect(rows).toHaveLength(6)
    const ports = new Set(rows.map(({ remote_port }) => remote_port))
    expect(ports.size).toBe(1)
  })
})
