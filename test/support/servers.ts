/** Real servers that keep their own log: Node.js, Python, Go and nginx, each on a free loopback port. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './nixie'
import { freePort, type Scope, until } from './scope'

/** What a server says about one exchange. */
export interface Logged {
  method: string
  path: string
  status: number
  req_body_size: number
  resp_body_size: number
  /** Nanoseconds by the server's clock; see each server for where it starts and stops. */
  latency: number
  remote_port: number
}

export interface Server {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** Exchanges whose path has the marker in it, in the order in which they ended. */
  log(marker?: string): Logged[]
}

const servers = join(root, 'test/support/servers')

function stopper(child: ChildProcess): () => Promise<void> {
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  return async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
    await exited
    clearTimeout(timer)
  }
}

function readLog(path: string, parse: (line: string) => Logged): (marker?: string) => Logged[] {
  return (marker = '') =>
    existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map(parse)
          .filter((logged) => logged.path.includes(marker))
      : []
}

async function startProgram(scope: Scope, name: string, command: readonly string[]): Promise<Server> {
  const path = join(scope.dir, `${name}.log`)
  const child = spawn(command[0]!, [...command.slice(1), path], { stdio: ['ignore', 'pipe', 'inherit'] })
  scope.defer(stopper(child))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const port = await until(`the port of ${name}`, () => Number(/^(\d+)\n/.exec(said)?.[1] ?? 0) || undefined)
  return { name, port, pid: child.pid!, log: readLog(path, (line) => JSON.parse(line) as Logged) }
}

/** Its clock starts when the head of the request is parsed and stops when the response was handed to the kernel. */
export const startNode = (scope: Scope) =>
  startProgram(scope, 'node', ['node', join(servers, 'node-server.mjs')])

/** Its clock starts when the head of the request is parsed and stops behind the last write. */
export const startPython = (scope: Scope) =>
  startProgram(scope, 'python', ['python3', join(servers, 'python-server.py')])

/** Its clock starts when the head of the request is parsed and stops behind the flush. */
export function startGo(scope: Scope): Promise<Server> {
  const program = join(scope.dir, 'go-server')
  execFileSync('go', ['build', '-o', program, '.'], {
    cwd: join(servers, 'go'),
    env: { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', HOME: process.env.HOME ?? scope.dir },
  })
  return startProgram(scope, 'go', [program])
}

const nginxConf = (port: number) => `
worker_processes 1;
daemon off;
user root;
pid nginx.pid;
events { worker_connections 1024; }
http {
  log_format exchange escape=json '{"method":"$request_method","path":"$request_uri","status":$status,'
    '"received":$request_length,"resp_body_size":$body_bytes_sent,"seconds":$request_time,"remote_port":$remote_port,'
    '"content_length":"$content_length"}';
  access_log access.log exchange;
  keepalive_requests 1000000;
  client_max_body_size 4m;
  default_type text/plain;
  types { application/json json; }
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  sendfile on;
  server {
    listen 127.0.0.1:${port};
    root www;
    location = /hello { return 200 "hello\\n"; }
    location = /json { default_type application/json; return 200 '{"ok":true}'; }
    location = /item { return 204; }
    location = /gzip { gzip on; gzip_types application/json; default_type application/json; try_files /items.json =404; }
    location = /echo { return 200 "taken\\n"; }
    location = /missing { return 404 "nothing here\\n"; }
  }
}
`

/** Its clock has milliseconds; for a chunked answer its size counts the chunks' heads too. */
export async function startNginx(scope: Scope): Promise<Server> {
  const dir = join(scope.dir, 'nginx')
  mkdirSync(join(dir, 'www'), { recursive: true })
  writeFileSync(join(dir, 'www/large'), '0123456789'.repeat(10_000))
  const items = Array.from({ length: 200 }, (_, i) => ({ id: i, name: `item ${i}` }))
  writeFileSync(join(dir, 'www/items.json'), JSON.stringify({ items }))
  const port = await freePort()
  writeFileSync(join(dir, 'nginx.conf'), nginxConf(port))
  const args = ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]
  const child = spawn('nginx', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  scope.defer(stopper(child))
  const parse = (line: string): Logged => {
    const { content_length, seconds, ...said } = JSON.parse(line)
    return { ...said, req_body_size: Number(content_length || 0), latency: Math.round(seconds * 1e9) }
  }
  await until('nginx answers', async () => (await fetch(`http://127.0.0.1:${port}/hello?up`)).ok)
  return { name: 'nginx', port, pid: child.pid!, log: readLog(join(dir, 'access.log'), parse) }
}
