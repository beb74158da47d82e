/** Real programs that speak HTTP/2 in the clear, with their own logs. */
import { execFileSync, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Row, root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, type Scope, until } from './scope'

const support = join(root, 'test/support')

/** Builds server and client from the Go module whose versions are fixed in `servers/grpc/go.sum`. */
export function buildGrpc(scope: Scope): string {
  const program = join(scope.dir, 'grpc')
  const env = {
    ...process.env,
    GOFLAGS: '-mod=readonly',
    GOTOOLCHAIN: 'local',
    HOME: process.env.HOME ?? scope.dir,
  }
  execFileSync('go', ['build', '-o', program, '.'], { cwd: join(support, 'servers/grpc'), env })
  return program
}

const isOpen = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => done(false))
  })

/** Starts a server; it has an end when the scope has. */
export async function serve(
  scope: Scope,
  command: readonly string[],
  ports: readonly number[],
): Promise<number> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  const outputs = outputsOf(child)
  scope.defer(() => child.kill('SIGKILL'))
  for (const port of ports) await until(`a server on ${port}: ${outputs.stderr}`, () => isOpen(port), 20_000)
  return child.pid!
}

export interface Servers {
  readonly node: number
  readonly grpc: number
  /** net/http of Go. */
  readonly go: number
}

export async function startServers(scope: Scope, program: string): Promise<Servers> {
  const [node, grpc, go] = [await freePort(), await freePort(), await freePort()]
  await serve(scope, ['node', join(support, 'servers/http2-server.mjs'), String(node)], [node])
  await serve(scope, [program, 'server', String(grpc), String(go)], [grpc, go])
  return { node, grpc, go }
}

/** Runs a client to its end; the lines of JSON that it printed. */
export function logOf<T>(command: readonly string[]): Promise<T[]> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
    const outputs = outputsOf(child)
    child.on('error', failed)
    child.on('close', (code) => {
      if (code !== 0) failed(new Error(`${command.join(' ')} ended with ${code}: ${outputs.stderr}`))
      else
        done(
          outputs.stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as T),
        )
    })
  })
}

/** How often each line is there, so that two lists can be compared whatever their order. */
export function counted(lines: readonly unknown[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines.map((each) => JSON.stringify(each))) counts.set(line, (counts.get(line) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** An exchange as a client of HTTP/2 logs it. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly sent: number
  /** null: it gave up within the response. */
  readonly received: number | null
  readonly outcome: string
  /** Its own. */
  readonly port: number
}

export const askedOf = (row: Row): Asked => ({
  method: String(row.req_method),
  path: String(row.req_path).replace('[redacted]', 'hunter2'),
  status: Number(row.resp_status),
  sent: Number(row.req_body_size),
  received: row.outcome === 'cut' ? null : Number(row.resp_body_size),
  outcome: String(row.outcome),
  port: Number(row.remote_port),
})

/** A call as a client of gRPC logs it. */
export interface Called {
  readonly path: string
  readonly code: number
  /** Messages. */
  readonly sent: number
  readonly received: number
}

const DEADLINE_EXCEEDED = 4

/** A call that the client gives up has no status of its server; when it was given up for its deadline, it says 4 itself. */
export const calledOf = (row: Row): Called => ({
  path: String(row.req_path),
  code:
    row.outcome === 'unanswered' || row.outcome === 'cut'
      ? DEADLINE_EXCEEDED
      : Number(JSON.parse(String(row.resp_headers))['grpc-status']),
  sent: Number(row.req_messages),
  received: Number(row.resp_messages),
})
