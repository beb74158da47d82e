/** A real nats-server, and programs that talk through it and keep their own log. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Nixie, type Row, root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'

/** A message as a client saw it. */
export interface Logged {
  readonly cmd: 'PUB' | 'HPUB' | 'MSG' | 'HMSG'
  readonly subject: string
  /** Bytes of payload. */
  readonly size: number
}

/** A row of nats_events, its body parsed. */
export interface NatsRow {
  readonly cmd: string
  readonly body: Readonly<Record<string, unknown>>
  readonly resp: string
  readonly sender: string
  readonly pid: number
  readonly remotePid: number
  readonly remotePort: number
  readonly text: string
}

const source = join(root, 'test/support/servers/nats')

export interface NatsPrograms {
  readonly server: string
  readonly client: string
}

/** Builds both from the Go module whose versions are fixed in `servers/nats/go.sum`. */
export function buildNats(scope: Scope): NatsPrograms {
  const programs = { server: join(scope.dir, 'nats-server'), client: join(scope.dir, 'nats-client') }
  const env = {
    ...process.env,
    GOFLAGS: '-mod=readonly',
    GOTOOLCHAIN: 'local',
    HOME: process.env.HOME ?? scope.dir,
  }
  const build = (program: string, from: string) =>
    execFileSync('go', ['build', '-o', program, from], { cwd: source, env })
  build(programs.server, 'github.com/nats-io/nats-server/v2')
  build(programs.client, '.')
  return programs
}

export interface NatsServer {
  readonly port: number
  readonly pid: number
}

/** `config` is added to the configuration. */
export async function startNats(scope: Scope, program: string, config = ''): Promise<NatsServer> {
  const port = await freePort()
  const path = join(mkdtempSync(join(scope.dir, 'nats-')), 'nats.conf')
  writeFileSync(path, `listen: 127.0.0.1:${port}\nmax_payload: 2097152\n${config}\n`)
  const child = spawn(program, ['-c', path], { stdio: 'ignore' })
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await until('nats-server listens', () => greets(port))
  return { port, pid: child.pid! }
}

const greets = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('data', () => socket.destroy())
    socket.on('data', () => done(true))
    socket.on('error', () => done(false))
  })

/** Takes anyone, and `alice` by her password. */
export const USERS = `no_auth_user: anyone
authorization { users: [{user: anyone, password: ""}, {user: alice, password: "hunter2"}] }`

/** Runs a client to its end: what it sent and got, and its process. It may send much at once when `isKnown` is done. */
export function runClient(
  command: readonly string[],
  isKnown: () => Promise<unknown>,
): Promise<{ pid: number; log: Logged[] }> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
    const outputs = outputsOf(child)
    child.on('error', failed)
    isKnown().then(() => child.stdin.end('\n'), failed)
    child.on('close', (code) => {
      const lines = outputs.stdout.split('\n').filter((line) => line !== '')
      if (code === 0) done({ pid: child.pid!, log: lines.map((line) => JSON.parse(line) as Logged) })
      else failed(new Error(`${command[0]} ended with ${code}: ${outputs.stderr}`))
    })
  })
}

/** Rows of the server at this port, oldest first. */
export async function natsRows(nixie: Nixie, port: number): Promise<NatsRow[]> {
  const rows = await nixie.query(`import px
df = px.DataFrame(table='nats_events.beta', start_time='-10m')
df = df[df.local_port == ${port}]
px.display(df[['time_', 'upid', 'cmd', 'body', 'resp', 'remote_port', 'sender', 'remote_upid']])
`)
  return rows.sort((a, b) => Number(BigInt(String(a.time_)) - BigInt(String(b.time_)))).map(rowOf)
}

const pidOf = (upid: unknown) => Number(String(upid).split(':')[1] ?? 0)

function rowOf(row: Row): NatsRow {
  return {
    cmd: String(row.cmd),
    body: JSON.parse(String(row.body)),
    resp: String(row.resp),
    sender: String(row.sender),
    pid: pidOf(row.upid),
    remotePid: pidOf(row.remote_upid),
    remotePort: Number(row.remote_port),
    text: JSON.stringify(row),
  }
}
