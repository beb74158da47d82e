/** A real MariaDB, and programs that talk to it and keep their own log. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Nixie, type Row, root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'

/** A command as a client saw it. */
export interface Logged {
  readonly cmd: number
  readonly body: string
  /** Of all results. */
  readonly rows: number
  readonly affected: number
  /** Its number; 0 without one. */
  readonly error: number
}

export interface MysqlRow extends Logged {
  readonly status: number
  readonly answer: string
  readonly database: string
  readonly latency: number
  readonly encrypted: boolean
  readonly outcome: string
  readonly pid: number
  readonly remotePid: number
  readonly remotePort: number
}

const SETUP = `CREATE DATABASE shop; CREATE DATABASE second;
CREATE USER app@'%' IDENTIFIED BY 'hunter2'; GRANT ALL ON *.* TO app@'%';
CREATE USER other@'%' IDENTIFIED BY 'hunter3'; GRANT ALL ON *.* TO other@'%';
CREATE TABLE shop.goods (name VARCHAR(100), price DOUBLE, sold DATETIME, secret VARCHAR(100));
CREATE TABLE shop.loaded (name VARCHAR(100));
CREATE PROCEDURE shop.two_results(name VARCHAR(100)) SQL SECURITY INVOKER BEGIN SELECT name; SELECT 1 UNION SELECT 2; END;
`

export interface MysqlServer {
  readonly port: number
  readonly pid: number
}

/** Debian's MariaDB, with the users app and other, and a certificate of its own. */
export async function startMariaDb(scope: Scope): Promise<MysqlServer> {
  const dir = join(scope.dir, 'mariadb')
  const data = join(dir, 'data')
  mkdirSync(dir)
  const install = ['--no-defaults', `--datadir=${data}`, '--user=root', '--skip-test-db']
  execFileSync('mariadb-install-db', [...install, '--auth-root-authentication-method=normal'], {
    stdio: 'ignore',
  })
  const [key, cert, setup] = ['key.pem', 'cert.pem', 'setup.sql'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2']
  execFileSync('openssl', [...made, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  // Each statement of the file is one line.
  writeFileSync(setup, SETUP.replace(/;\s*\n/g, ';\n').replace(/; (?=CREATE|GRANT)/g, ';\n'))
  const port = await freePort()
  const child = spawn(
    'mariadbd',
    [
      ...['--no-defaults', '--user=root', `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1'],
      ...[
        `--socket=${join(dir, 's')}`,
        '--skip-name-resolve',
        '--max-allowed-packet=64M',
        '--local-infile=1',
      ],
      ...[`--ssl-key=${key}`, `--ssl-cert=${cert}`, `--ssl-ca=${cert}`, `--init-file=${setup}`],
      ...['--innodb-buffer-pool-size=16M', '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const outputs = outputsOf(child)
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await until('MariaDB listens', () => {
    if (child.exitCode !== null) throw new Error(`mariadbd ended: ${outputs.stderr}`)
    return greets(port)
  })
  return { port, pid: child.pid! }
}

const greets = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('data', () => {
      socket.destroy()
      done(true)
    })
    socket.on('error', () => done(false))
  })

/** Builds the client in Go, whose versions are fixed in `clients/mysql-go/go.sum`. */
export function buildMysqlClient(scope: Scope): string {
  const program = join(scope.dir, 'mysql-client')
  const env = {
    ...process.env,
    GOFLAGS: '-mod=readonly',
    GOTOOLCHAIN: 'local',
    HOME: process.env.HOME ?? scope.dir,
  }
  execFileSync('go', ['build', '-o', program, '.'], { cwd: join(root, 'test/support/clients/mysql-go'), env })
  return program
}

/** What a client asked, as it logged that, and its process. */
export interface Ran {
  readonly pid: number
  readonly log: readonly Logged[]
}

/** Runs a client to its end. One that says that it is ready goes on when its input ends, behind `whenReady`. */
export function runMysqlClient(command: readonly string[], whenReady?: () => Promise<unknown>): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
    const outputs = outputsOf(child)
    child.on('error', failed)
    const isReady = () => outputs.stdout.startsWith('ready') || child.exitCode !== null
    if (whenReady)
      until('a client is ready', isReady)
        .then(whenReady)
        .then(() => child.stdin.end('\n'), failed)
    child.on('close', (code) => {
      if (code !== 0) failed(new Error(`${command[0]} ended with ${code}: ${outputs.stderr}`))
      const lines = outputs.stdout.split('\n').filter((line) => line.startsWith('{'))
      done({ pid: child.pid!, log: lines.map((line) => JSON.parse(line) as Logged) })
    })
  })
}

const COLUMNS = [
  ...[
    'time_',
    'upid',
    'remote_port',
    'remote_upid',
    'encrypted',
    'req_cmd',
    'req_body',
    'resp_status',
    'resp_body',
  ],
  ...['latency', 'database', 'rows_sent', 'rows_affected', 'error_code', 'outcome'],
]

/** Rows of the server at this port, oldest first. */
export async function mysqlRows(nixie: Nixie, port: number): Promise<MysqlRow[]> {
  const rows = await nixie.query(`import px
df = px.DataFrame(table='mysql_events', start_time='-10m')
df = df[df.local_port == ${port}]
px.display(df[[${COLUMNS.map((name) => `'${name}'`)}]])
`)
  return rows.sort((a, b) => Number(BigInt(String(a.time_)) - BigInt(String(b.time_)))).map(rowOf)
}

const pidOf = (upid: unknown) => Number(String(upid).split(':')[1] ?? 0)

function rowOf(row: Row): MysqlRow {
  return {
    cmd: Number(row.req_cmd),
    body: String(row.req_body),
    rows: Number(row.rows_sent),
    affected: Number(row.rows_affected),
    error: Number(row.error_code),
    status: Number(row.resp_status),
    answer: String(row.resp_body),
    database: String(row.database),
    latency: Number(row.latency),
    encrypted: Boolean(row.encrypted),
    outcome: String(row.outcome),
    pid: pidOf(row.upid),
    remotePid: pidOf(row.remote_upid),
    remotePort: Number(row.remote_port),
  }
}
