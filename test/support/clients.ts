/** Unmodified clients with their own view of what they asked: curl, wrk, keep-alive clients, and plain sockets. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { root } from './nixie'
import { PATIENCE_MS, type Scope, until } from './scope'

export interface Asked {
  method: string
  path: string
  status: number
  /** Bytes of content that it received, before any decompression. */
  resp_body_size: number
  /** Its end of the connection. */
  local_port: number
}

export interface CurlAnswer extends Asked {
  seconds: number
  /** HTTP version of the answer. */
  version: string
  req_body_size: number
  body: Buffer
}

interface Output {
  stdout: Buffer
  stderr: string
}

function run(command: readonly string[], input?: string | Buffer): Promise<Output> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
    const stdout: Buffer[] = []
    let stderr = ''
    child.stdout.on('data', (part: Buffer) => stdout.push(part))
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    child.on('error', failed)
    child.on('close', (code) =>
      code === 0
        ? done({ stdout: Buffer.concat(stdout), stderr })
        : failed(new Error(`${command[0]} ended with ${code}: ${stderr}`)),
    )
    child.stdin.end(input)
  })
}

export interface CurlOptions {
  readonly method?: string
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
  readonly http10?: boolean
}

/** One exchange on a connection of its own. */
export async function curl(port: number, path: string, options: CurlOptions = {}): Promise<CurlAnswer> {
  const args = [
    'curl',
    '-sS',
    '--noproxy',
    '*',
    '--max-time',
    String(PATIENCE_MS / 1000),
    '-w',
    '%{stderr}%{json}',
    '-o',
    '-',
  ]
  if (options.method === 'HEAD') args.push('--head')
  else if (options.method) args.push('-X', options.method)
  if (options.http10) args.push('--http1.0')
  for (const header of options.headers ?? []) args.push('-H', header)
  if (options.body !== undefined) args.push('--data-binary', '@-')
  const { stdout, stderr } = await run([...args, `http://127.0.0.1:${port}${path}`], options.body)
  const said = JSON.parse(stderr)
  return {
    method: said.method,
    path,
    status: said.http_code,
    resp_body_size: options.method === 'HEAD' ? 0 : said.size_download,
    version: Number(said.http_version).toFixed(1),
    // What curl says of an upload has the heads of chunks in it.
    req_body_size: Buffer.byteLength(options.body ?? ''),
    local_port: said.local_port,
    seconds: said.time_total,
    body: options.method === 'HEAD' ? Buffer.alloc(0) : stdout,
  }
}

/** Requests that wrk saw answered. */
export async function wrk(port: number, path: string, seconds: number, connections: number): Promise<number> {
  const url = `http://127.0.0.1:${port}${path}`
  const { stdout } = await run(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, url])
  const text = stdout.toString()
  if (/Socket errors|Non-2xx/.test(text)) throw new Error(text)
  return Number(/(\d+) requests in/.exec(text)![1])
}

const clients = join(root, 'test/support/clients')
const parseLines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Asked)

/** All requests over one connection of Node's http.Agent. */
export async function nodeKeepAlive(port: number, count: number, prefix: string): Promise<Asked[]> {
  const { stdout } = await run(['node', join(clients, 'keep-alive.mjs'), String(port), String(count), prefix])
  return parseLines(stdout.toString())
}

/** All requests over one connection of Python's http.client. */
export async function pythonKeepAlive(port: number, count: number, prefix: string): Promise<Asked[]> {
  const { stdout } = await run([
    'python3',
    join(clients, 'keep-alive.py'),
    String(port),
    String(count),
    prefix,
  ])
  return parseLines(stdout.toString())
}

/** A Python client that has made its first request and waits, its connection open, until it is told to go on. */
export async function pausedKeepAlive(
  scope: Scope,
  port: number,
  count: number,
  prefix: string,
): Promise<{ goOn(): Promise<Asked[]> }> {
  const args = [join(clients, 'keep-alive.py'), String(port), String(count), prefix, 'pause']
  const child: ChildProcess = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  scope.defer(() => child.kill('SIGKILL'))
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  let said = ''
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  await until('the first answer', () => said.includes('\n'))
  return {
    goOn: async () => {
      child.stdin!.end('\n')
      await exited
      return parseLines(said)
    },
  }
}

/** A plain connection: bytes are written as given and read until `done` says that all is there. */
export class RawClient {
  received = ''
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1').on('data', (text) => {
      this.received += text
    })
  }

  static open(scope: Scope, port: number): Promise<RawClient> {
    return new Promise((done, failed) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => done(new RawClient(socket)))
      socket.on('error', failed)
      scope.defer(() => socket.destroy())
    })
  }

  /** Goes on in TLS, whatever the certificate. */
  upgrade(): Promise<RawClient> {
    return new Promise((done, failed) => {
      this.#socket.removeAllListeners('data')
      const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false }, () =>
        done(new RawClient(secure)),
      )
      secure.on('error', failed)
    })
  }

  get localPort(): number {
    return this.#socket.localPort!
  }

  write(bytes: string): void {
    this.#socket.write(bytes, 'latin1')
  }

  waitFor(what: string, done: (received: string) => boolean): Promise<string> {
    return until(what, () => done(this.received) && this.received)
  }

  close(): Promise<void> {
    return new Promise((done) => {
      this.#socket.on('close', () => done())
      this.#socket.end()
    })
  }
}
