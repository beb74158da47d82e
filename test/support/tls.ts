/** HTTPS servers that tell each client its port within the answer, and clients of many libraries: what a row says can be checked. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { Glob } from 'bun'
import { type HttpRow, root } from './nixie'
import { freePort, type Scope, until } from './scope'

const servers = join(root, 'test/support/servers')
const clients = join(root, 'test/support/clients')

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export function makeCertificate(scope: Scope): Certificate {
  const [cert, key] = [join(scope.dir, 'cert.pem'), join(scope.dir, 'key.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2']
  execFileSync('openssl', [...args, ...names], { stdio: 'ignore' })
  return { cert, key }
}

/** A Python with the libraries of a list in `clients/`; NIXIE_TEST_PYTHON names one that has them already. */
export function makePython(scope: Scope, list = 'tls-requirements.txt'): string {
  const known = process.env.NIXIE_TEST_PYTHON
  if (known && existsSync(known)) return known
  const dir = join(scope.dir, 'python')
  execFileSync('python3', ['-m', 'venv', dir])
  const python = join(dir, 'bin/python')
  const wanted = join(clients, list)
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', wanted])
  return python
}

/** A Node with OpenSSL 1.1 within; NIXIE_TEST_NODE16 names one that is there already. */
export function makeNode16(scope: Scope): string {
  const known = process.env.NIXIE_TEST_NODE16
  if (known && existsSync(known)) return known
  const name = `node-linux-${process.arch}`
  const dir = join(scope.dir, 'node16')
  execFileSync('npm', ['install', '--silent', '--no-save', '--prefix', dir, `${name}@16.20.2`])
  return join(dir, 'node_modules', name, 'bin/node')
}

/** The libssl that a package of the Python brings. */
export function libsslOf(python: string, pattern: string): string {
  const code = 'import sysconfig; print(sysconfig.get_paths()["purelib"])'
  const dir = execFileSync(python, ['-c', code]).toString().trim()
  const [found] = new Glob(pattern).scanSync({ cwd: dir, absolute: true })
  if (!found) throw new Error(`${dir} has no ${pattern}`)
  return found
}

/** A client of any libssl (`clients/tls-any.c`). */
export function makeAnyClient(scope: Scope): string {
  const program = join(scope.dir, 'tls-any')
  execFileSync('cc', ['-O1', '-o', program, join(clients, 'tls-any.c'), '-ldl'])
  return program
}

export async function started(
  scope: Scope,
  command: readonly string[],
): Promise<{ port: number; pid: number }> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(() => {
    child.kill('SIGKILL')
    return ended
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const port = await until('the port', () => Number(/^(\d+)\n/m.exec(said)?.[1] ?? 0) || undefined, 20_000)
  return { port, pid: child.pid! }
}

export const startNodeTls = (scope: Scope, { cert, key }: Certificate, node = 'node') =>
  started(scope, [node, join(servers, 'tls-server.mjs'), cert, key])

export const startUvicorn = async (scope: Scope, python: string, { cert, key }: Certificate) =>
  started(scope, [python, join(servers, 'tls-server.py'), cert, key, String(await freePort())])

/** `listen`: options of its port; `directives`: more of its server. */
export async function startNginxTls(
  scope: Scope,
  { cert, key }: Certificate,
  { listen = 'ssl', directives = '' } = {},
): Promise<{ port: number; pid: number }> {
  const port = await freePort()
  const dir = join(scope.dir, `nginx-tls-${port}`)
  mkdirSync(dir)
  writeFileSync(
    join(dir, 'nginx.conf'),
    `worker_processes 1; daemon off; user root; pid nginx.pid; events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000; add_header X-Port $remote_port;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {
    listen 127.0.0.1:${port} ${listen}; ssl_certificate ${cert}; ssl_certificate_key ${key}; ${directives}
    location / { return 200 "hello $request_uri\\n"; }
  }
}`,
  )
  const args = ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]
  const child = spawn('nginx', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(() => {
    child.kill('SIGTERM')
    return ended
  })
  const up = () => fetch(`https://127.0.0.1:${port}/up`, { tls: { rejectUnauthorized: false } })
  await until('nginx answers', async () => (await up()).ok, 10_000)
  return { port, pid: child.pid! }
}

/** A server whose TLS can't be read: only the client's end can. `asked`: how often, by the first part of the path. */
export function startBunTls(scope: Scope, { cert, key }: Certificate) {
  const asked = new Map<string, number>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: Bun.file(cert), key: Bun.file(key) },
    fetch: (request, self) => {
      const [, word = ''] = new URL(request.url).pathname.split('/')
      asked.set(word, (asked.get(word) ?? 0) + 1)
      return new Response('hello\n', { headers: { 'X-Port': String(self.requestIP(request)?.port) } })
    },
  })
  scope.defer(() => server.stop(true))
  return { port: server.port!, asked }
}

/** A server with NSS, and the folder of keys that its tools need. */
export async function startNss(
  scope: Scope,
  { cert, key }: Certificate,
): Promise<{ dir: string; server: number }> {
  const folder = join(scope.dir, 'nss')
  mkdirSync(folder)
  const [dir, bundle] = [`sql:${folder}`, join(folder, 'bundle.p12')]
  const files = ['-in', cert, '-inkey', key, '-out', bundle]
  execFileSync('openssl', ['pkcs12', '-export', '-name', 'server', '-passout', 'pass:any', ...files])
  execFileSync('certutil', ['-N', '-d', dir, '--empty-password'])
  execFileSync('pk12util', ['-d', dir, '-i', bundle, '-W', 'any'], { stdio: 'ignore' })
  const server = await freePort()
  const child = spawn('selfserv', ['-d', dir, '-n', 'server', '-p', String(server)], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(() => {
    child.kill('SIGKILL')
    return ended
  })
  const up = () => Bun.spawn(['curl', '-sk', '-o', '/dev/null', `https://127.0.0.1:${server}/up`]).exited
  await until('selfserv answers', async () => (await up()) === 0)
  return { dir, server }
}

/** A server of PostgreSQL's protocol, as far as clients need one that lock tables, with TLS from the first byte on; none can read it. Its port. */
export async function startLockServer(scope: Scope, { cert, key }: Certificate): Promise<number> {
  const ready = Buffer.from('Z\0\0\0\x05I', 'latin1')
  const welcome = Buffer.concat([Buffer.from('R\0\0\0\x08\0\0\0\0', 'latin1'), ready])
  const done = Buffer.concat([Buffer.from('C\0\0\0\x0fLOCK TABLE\0', 'latin1'), ready])
  const files = { cert: readFileSync(cert), key: readFileSync(key) }
  const server = createServer({ ...files, ALPNProtocols: ['postgresql'] }, (socket) => {
    let isStarted = false
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (!isStarted || bytes.includes('LOCK')) socket.write(isStarted ? done : welcome)
      isStarted = true
    })
  })
  scope.defer(() => new Promise<void>((closed) => server.close(() => closed())))
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens))
  const { port } = server.address() as AddressInfo
  return port
}

/** A client that waits for an answer for ever says so. */
const CLIENT_MS = 90_000

export interface Load {
  readonly connections: number
  readonly requests: number
  /** Seconds before each request. */
  readonly pause?: number
}

/** Clients by name: each makes its requests and ends. */
export const CLIENTS = ['http.client', 'requests', 'aiohttp', 'node', 'curl'] as const
export type ClientName = (typeof CLIENTS)[number]

export function runTlsClient(name: ClientName, python: string, port: number, load: Load): Promise<void> {
  const { connections, requests, pause = 0 } = load
  const url = `https://127.0.0.1:${port}`
  const numbers = [url, connections, requests, pause].map(String)
  const urls = Array.from({ length: requests }, (_, n) => `${url}/curl/0/${n}`)
  const command =
    name === 'node'
      ? ['node', join(clients, 'tls-client.mjs'), ...numbers]
      : name === 'curl'
        ? [
            'curl',
            '-sk',
            '--http1.1',
            '-o',
            '/dev/null',
            ...urls.flatMap((each) => ['-o', '/dev/null', each]).slice(1),
          ]
        : [python, join(clients, 'tls-client.py'), name, ...numbers]
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: CLIENT_MS,
  })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('exit', (code, signal) =>
      code === 0 ? done() : failed(new Error(`${name} ended with ${code ?? signal}`)),
    )
  })
}

/** The client's port as the server wrote it into the answer, and as the row has it. */
export function portsOf(row: HttpRow): { told: number; seen: number } {
  const told = Number(/"X-Port"\s*:\s*"(\d+)"/i.exec(String(row.resp_headers))?.[1])
  return { told, seen: Number(row.trace_role === 2 ? row.remote_port : row.local_port) }
}
