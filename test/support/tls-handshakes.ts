/** Clients of TLS that say what they have agreed on with their server. */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './nixie'
import { type Scope, until } from './scope'

const clients = join(root, 'test/support/clients')

/** As the client's own log has it. `alpn` is '' where there is none. */
export interface Agreed {
  readonly version: string
  readonly cipher: string
  readonly alpn: string
  readonly log: string
}

/** Both outputs of a program that is given these lines, or nothing. */
export async function said(command: readonly string[], input = ''): Promise<string> {
  const child = Bun.spawn([...command], { stdin: new Blob([input]), stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await child.exited
  return `${out}\n${err}`
}

/** `TLSv1.3`, as most libraries write it, as Nixie does. */
const versionOf = (text: string) => text.replace(/^TLSv/, 'TLS ').replace(/^TLS 1$/, 'TLS 1.0')

/** OpenSSL has names of its own for cipher suites before TLS 1.3. */
function standardName(cipher: string): string {
  if (cipher.startsWith('TLS_') || cipher === '(NONE)') return cipher
  const all = execFileSync('openssl', ['ciphers', '-stdname', 'ALL'], { encoding: 'utf8' })
  return new RegExp(`^(TLS_\\S+) +- ${cipher} `, 'm').exec(all)![1]!
}

const GET = (name: string) => `GET /${name} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`

export async function openSslClient(
  port: number,
  name: string,
  ...flags: readonly string[]
): Promise<Agreed> {
  const command = ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-ign_eof']
  const log = await said([...command, ...flags], GET(name))
  const [, version = '', cipher = ''] = /^(?:New|Reused), (\S+), Cipher is (\S+)$/m.exec(log) ?? []
  const alpn = /^ALPN protocol: (\S+)$/m.exec(log)?.[1] ?? ''
  return { version: versionOf(version), cipher: cipher && standardName(cipher), alpn, log }
}

export async function curlClient(port: number, name: string, ...flags: readonly string[]): Promise<Agreed> {
  const at = ['--resolve', `${name}:${port}:127.0.0.1`, `https://${name}:${port}/${name}`]
  const log = await said(['curl', '-skv', '--http1.1', '-o', '/dev/null', ...flags, ...at])
  const [, version = '', cipher = ''] = /SSL connection using (\S+) \/ (\S+)/.exec(log) ?? []
  const alpn = /ALPN[:,] server accepted (?:to use )?(\S+)/.exec(log)?.[1] ?? ''
  return { version: versionOf(version), cipher: standardName(cipher), alpn, log }
}

function lines(log: string): Agreed {
  const [version = '', cipher = '', alpn = ''] = log.split('\n')
  return { version: versionOf(version), cipher, alpn, log }
}

const NODE = `const tls = require('node:tls')
const [port, servername, maxVersion] = process.argv.slice(1)
const socket = tls.connect({ port, host: '127.0.0.1', servername, maxVersion, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, () => {
  console.log([socket.getProtocol(), socket.getCipher().standardName, socket.alpnProtocol || ''].join('\\n'))
  socket.end('GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
})
socket.resume()`

export const nodeClient = async (port: number, name: string, version: string): Promise<Agreed> =>
  lines(await said(['node', '-e', NODE, String(port), name, version]))

export function buildGoClient(scope: Scope): string {
  const path = join(scope.dir, 'tls-go')
  execFileSync('go', ['build', '-o', path, '.'], { cwd: join(clients, 'tls-go') })
  return path
}

export const goClient = async (program: string, port: number, name: string): Promise<Agreed> =>
  lines(await said([program, `127.0.0.1:${port}`, name]))

/** It has asked, and lives on until the scope ends. */
export async function javaClient(
  scope: Scope,
  port: number,
  name: string,
): Promise<Agreed & { pid: number }> {
  const source = join(clients, 'TlsClient.java')
  const child = spawn('java', [source, String(port), name], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(() => {
    child.kill('SIGKILL')
    return ended
  })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  await until('java has asked', () => log.split('\n').length >= 4, 30_000)
  return { ...lines(log), pid: child.pid! }
}

/** Of OpenSSL; it answers /, and names nothing of the connection. */
export async function startSServer(
  scope: Scope,
  { cert, key }: { cert: string; key: string },
  port: number,
): Promise<void> {
  const files = ['-cert', cert, '-key', key, '-alpn', 'http/1.1']
  const child = spawn('openssl', ['s_server', '-www', '-port', String(port), ...files], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(() => {
    child.kill('SIGKILL')
    return ended
  })
  await until('s_server listens', async () => (await said(['ss', '-Hltn'])).includes(`:${port} `), 10_000)
}
