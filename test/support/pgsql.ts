/** A real PostgreSQL with pgbouncer in front of it, and programs that talk to it and keep their own log. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Nixie, root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'
import { makeCertificate } from './tls'

/** What a client asked, and what came of it. */
export interface Asked {
  readonly mark: string
  readonly rows: number
  /** SQLSTATE. */
  readonly error: string
  readonly ns: number
}

/** A row of pgsql_events. */
export interface PgsqlRow {
  readonly cmd: string
  readonly req: string
  readonly resp: string
  readonly rows: number
  readonly error: string
  readonly data: string
  readonly latency: number
  readonly outcome: string
  readonly encrypted: boolean
  readonly pid: number
  readonly remotePid: number
  readonly remotePort: number
  readonly timeNs: bigint
  readonly text: string
}

export const PASSWORD = 'hunter2'
export const clients = join(root, 'test/support/clients')

/** Debian has the programs of the server in a folder of its version. */
const programs = ['15', '16', '17', '18'].map((version) => `/usr/lib/postgresql/${version}/bin`)
const program = (name: string): string => join(programs.find((dir) => existsSync(join(dir, name)))!, name)

/** The server refuses to run as root. */
const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres']).toString()))
const as = { uid: uid!, gid: gid! }

export interface PgsqlServer {
  readonly port: number
  readonly pid: number
  /** The folder of its Unix socket. */
  readonly dir: string
}

function own(path: string, mode: number): string {
  chownSync(path, as.uid, as.gid)
  chmodSync(path, mode)
  return path
}

export async function startPgsql(scope: Scope): Promise<PgsqlServer> {
  const port = await freePort()
  const dir = join(scope.dir, 'pgsql')
  mkdirSync(dir)
  own(dir, 0o755)
  const data = join(dir, 'data')
  const options = { ...as, stdio: 'pipe' as const, env: { ...process.env, LC_ALL: 'C.UTF-8', HOME: dir } }
  execFileSync(program('initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options)
  const { cert, key } = makeCertificate(scope)
  for (const [from, name] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    copyFileSync(from, join(data, name))
    own(join(data, name), 0o600)
  }
  const lines = [
    'local all all trust',
    'host all pooler 127.0.0.1/32 trust',
    'host all all 127.0.0.1/32 scram-sha-256',
    '',
  ]
  writeFileSync(join(data, 'pg_hba.conf'), lines.join('\n'))
  const settings = {
    listen_addresses: '127.0.0.1',
    ssl: 'on',
    fsync: 'off',
    wal_level: 'logical',
    shared_buffers: '16MB',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(program('postgres'), ['-D', data, '-p', String(port), '-k', dir, ...flags], {
    ...as,
    stdio: 'ignore',
  })
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    // Its processes end with it: immediate shutdown.
    child.kill('SIGQUIT')
    await exited
  })
  const server = { port, pid: child.pid!, dir }
  await until(
    'PostgreSQL answers',
    () => sql(server, `CREATE ROLE test LOGIN SUPERUSER PASSWORD '${PASSWORD}'`) === '',
  )
  sql(server, 'CREATE ROLE pooler LOGIN SUPERUSER; CREATE TABLE things (id int, name text)')
  return server
}

/** Runs statements over the Unix socket, which Nixie doesn't read. */
export const sql = ({ port, dir }: PgsqlServer, text: string): string =>
  execFileSync(
    'psql',
    ['-h', dir, '-p', String(port), '-U', 'postgres', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text],
    {
      stdio: 'pipe',
    },
  )
    .toString()
    .trim()

/** A pgbouncer in front of the server; its port. */
export async function startBouncer(
  scope: Scope,
  server: PgsqlServer,
): Promise<{ port: number; pid: number }> {
  const port = await freePort()
  const path = join(server.dir, 'pgbouncer.ini')
  const users = join(server.dir, 'users.txt')
  writeFileSync(users, `"test" "${PASSWORD}"\n`)
  writeFileSync(
    path,
    `[databases]
postgres = host=127.0.0.1 port=${server.port} user=pooler
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = md5
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
`,
  )
  const child = spawn('pgbouncer', ['-q', path], { ...as, stdio: 'ignore' })
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await until('pgbouncer listens', () => listens(port))
  return { port, pid: child.pid! }
}

const listens = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => socket.destroy())
    socket.on('connect', () => done(true))
    socket.on('error', () => done(false))
  })

/** Builds the client from the Go module whose versions are fixed in `clients/pgx/go.sum`. */
export function buildPgx(scope: Scope): string {
  const path = join(scope.dir, 'pgxclient')
  const env = {
    ...process.env,
    GOFLAGS: '-mod=readonly',
    GOTOOLCHAIN: 'local',
    HOME: process.env.HOME ?? scope.dir,
  }
  execFileSync('go', ['build', '-o', path, '.'], { cwd: join(clients, 'pgx'), env })
  return path
}

export interface Ran {
  readonly pid: number
  readonly asked: readonly Asked[]
  /** Lines about anything else. */
  readonly others: readonly Readonly<Record<string, unknown>>[]
  readonly stdout: string
}

/** Runs a client to its end. */
export function runClient(
  command: readonly string[],
  input = '',
  env: Record<string, string> = {},
): Promise<Ran> {
  return new Promise((done, failed) => {
    const [name, ...args] = command
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL', env: { ...process.env, ...env } } as const
    const child = spawn(name!, args, options)
    const outputs = outputsOf(child)
    child.stdin.end(input)
    child.on('error', failed)
    child.on('close', (code) => {
      const lines = outputs.stdout.split('\n').filter((line) => line.startsWith('{'))
      const all = lines.map((line) => JSON.parse(line))
      const asked = all.filter((line) => line.mark !== undefined)
      const others = all.filter((line) => line.mark === undefined)
      if (code === 0) done({ pid: child.pid!, asked, others, stdout: outputs.stdout })
      else failed(new Error(`${name} ended with ${code}: ${outputs.stderr}`))
    })
  })
}

/** Rows of what listens on this port, oldest first. */
export async function pgsqlRows(nixie: Nixie, port: number): Promise<PgsqlRow[]> {
  const rows = await nixie.query(`import px
df = px.DataFrame(table='pgsql_events', start_time='-10m')
df = df[df.local_port == ${port}]
px.display(df[['time_', 'upid', 'remote_port', 'encrypted', 'req_cmd', 'req', 'resp', 'latency', 'resp_rows', 'error_code', 'req_data', 'outcome', 'remote_upid']])
`)
  const all = rows.map((row) => ({
    cmd: String(row.req_cmd),
    req: String(row.req),
    resp: String(row.resp),
    rows: Number(row.resp_rows),
    error: String(row.error_code),
    data: String(row.req_data),
    latency: Number(row.latency),
    outcome: String(row.outcome),
    encrypted: row.encrypted === true,
    pid: pidOf(row.upid),
    remotePid: pidOf(row.remote_upid),
    remotePort: Number(row.remote_port),
    timeNs: BigInt(String(row.time_)),
    text: JSON.stringify(row),
  }))
  return all.sort((a, b) => Number(a.timeNs - b.timeNs))
}

const pidOf = (upid: unknown) => Number(String(upid).split(':')[1] ?? 0)
