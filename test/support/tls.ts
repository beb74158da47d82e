/** HTTPS servers that tell each client its port within the answer, and clients of many libraries: what a row says can be checked. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** A Python with the libraries of `tls-requirements.txt`; NIXIE_TEST_PYTHON names one that has them already. */
export function makePython(scope: Scope): string {
  const known = process.env.NIXIE_TEST_PYTHON
  if (known && existsSync(known)) return known
  const dir = join(scope.dir, 'python')
  execFileSync('python3', ['-m', 'venv', dir])
  const python = join(dir, 'bin/python')
  const wanted = join(clients, 'tls-requirements.txt')
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', wanted])
  return python
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

export const startNodeTls = (scope: Scope, { cert, key }: Certificate) =>
  started(scope, ['node', join(servers, 'tls-server.mjs'), cert, key])

export const startUvicorn = async (scope: Scope, python: string, { cert, key }: Certificate) =>
  started(scope, [python, join(servers, 'tls-server.py'), cert, key, String(await freePort())])

export async function startNginxTls(
  scope: Scope,
  { cert, key }: Certificate,
): Promise<{ port: number; pid: number }> {
  const dir = join(scope.dir, 'nginx-tls')
  mkdirSync(dir)
  const port = await freePort()
  writeFileSync(
    join(dir, 'nginx.conf'),
    `worker_processes 1; daemon off; user root; pid nginx.pid; events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000; add_header X-Port $remote_port;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {
    listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
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
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`${name} ended with ${code}`))))
  })
}

/** The client's port as the server wrote it into the answer, and as the row has it. */
export function portsOf(row: HttpRow): { told: number; seen: number } {
  const told = Number(/"X-Port"\s*:\s*"(\d+)"/i.exec(String(row.resp_headers))?.[1])
  return { told, seen: Number(row.trace_role === 2 ? row.remote_port : row.local_port) }
}
