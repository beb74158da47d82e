/** A real Cassandra, and programs that talk to it and keep their own log. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { classPath } from './maven'
import { type Nixie, type Row, root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'
import { makeCertificate } from './tls'

/** What Cassandra reaches into of Java, as its own start script has it (conf/jvm17-server.options). */
const OPENED =
  'java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.reflect java.base/java.math java.base/java.net java.base/java.nio java.base/java.time java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/java.util.concurrent.locks java.base/jdk.internal.loader java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.ref java.base/jdk.internal.reflect java.base/jdk.internal.util.jar java.base/sun.nio.ch jdk.management/com.sun.management.internal'
const EXPORTED =
  'java.base/java.lang.ref java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.rmi/sun.rmi.transport java.rmi/sun.rmi.transport.tcp java.sql/java.sql jdk.unsupported/sun.misc'

const modules = (flag: string, names: string): string[] =>
  names.split(' ').flatMap((name) => [flag, `${name}=ALL-UNNAMED`])

const configuration = (port: number, storagePort: number, keyStore: string) => `
cluster_name: tests
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
commitlog_sync: periodic
commitlog_sync_period: 10000ms
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
native_transport_port: ${port}
storage_port: ${storagePort}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${storagePort}"
endpoint_snitch: SimpleSnitch
auto_bootstrap: false
disk_access_mode: standard
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
concurrent_compactors: 1
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
client_encryption_options:
  enabled: true
  optional: true
  keystore: ${keyStore}
  keystore_password: tests1
  store_type: PKCS12
`

export interface Cassandra {
  readonly port: number
  readonly pid: number
}

/** Cassandra of Maven with the user cassandra; TLS is on the same port. */
export async function startCassandra(scope: Scope): Promise<Cassandra> {
  const dir = join(scope.dir, 'cassandra')
  mkdirSync(dir)
  const { cert, key } = makeCertificate(scope)
  const keyStore = join(dir, 'keys.p12')
  const into = ['-out', keyStore, '-passout', 'pass:tests1']
  execFileSync('openssl', ['pkcs12', '-export', '-in', cert, '-inkey', key, ...into])
  const libraries = classPath(scope, join(root, 'test/support/servers/cassandra'))
  const memory = libraries.split(':').find((path) => path.includes('/jamm-'))
  const [port, storagePort] = [await freePort(), await freePort()]
  const config = join(dir, 'cassandra.yaml')
  writeFileSync(config, configuration(port, storagePort, keyStore))
  const settings = {
    'cassandra.config': `file://${config}`,
    'cassandra.storagedir': join(dir, 'data'),
    'cassandra.ring_delay_ms': 0,
    'cassandra.skip_wait_for_gossip_to_settle': 0,
    'cassandra.superuser_setup_delay_ms': 0,
    'cassandra-foreground': 'yes',
    'io.netty.tryReflectionSetAccessible': true,
    'java.io.tmpdir': dir,
  }
  const child = spawn(
    'java',
    [
      ...['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-javaagent:${memory}`],
      ...modules('--add-opens', OPENED),
      ...modules('--add-exports', EXPORTED),
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
      ...['-cp', libraries, 'org.apache.cassandra.service.CassandraDaemon'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: dir },
  )
  const outputs = outputsOf(child)
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    child.kill('SIGKILL')
    await exited
  })
  await until('Cassandra listens', () => {
    if (child.exitCode !== null)
      throw new Error(`Cassandra ended: ${outputs.stdout.slice(-4000)}${outputs.stderr}`)
    return (
      outputs.stdout.includes('Starting listening for CQL clients') &&
      /Created default superuser role/.test(outputs.stdout)
    )
  })
  return { port, pid: child.pid! }
}

/** A request as a client saw it. */
export interface Said {
  readonly op: number
  readonly body: string
  readonly rows: number
  readonly error: number
}

export interface Logged extends Said {
  readonly warnings?: readonly string[]
}

export interface Ran {
  readonly pid: number
  readonly log: readonly Logged[]
}

/** Runs a client to its end. One that says that it is ready goes on when its input ends, behind `whenReady`. */
export function runCqlClient(command: readonly string[], whenReady?: () => Promise<unknown>): Promise<Ran> {
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
      if (code !== 0) failed(new Error(`${command.join(' ')} ended with ${code}: ${outputs.stderr}`))
      const lines = outputs.stdout.split('\n').filter((line) => line.startsWith('{'))
      done({ pid: child.pid!, log: lines.map((line) => JSON.parse(line) as Logged) })
    })
  })
}

export interface CqlRow extends Said {
  readonly answerOp: number
  readonly answer: string
  readonly keyspace: string
  readonly consistency: string
  readonly warnings: string
  readonly traced: boolean
  readonly traceId: string
  readonly payload: string
  readonly version: number
  readonly encrypted: boolean
  readonly outcome: string
  readonly latency: number
  readonly pid: number
  readonly remotePid: number
}

const COLUMNS =
  'time_ upid remote_upid local_port remote_port encrypted req_op req_body resp_op resp_body latency keyspace consistency rows error_code warnings traced trace_id req_payload version outcome'

/** Rows of the server at this port. */
export async function cqlRows(nixie: Nixie, port: number): Promise<CqlRow[]> {
  const rows = await nixie.query(`import px
df = px.DataFrame(table='cql_events', start_time='-10m')
df = df[df.local_port == ${port} or df.remote_port == ${port}]
px.display(df[[${COLUMNS.split(' ')
    .map((name) => `'${name}'`)
    .join(', ')}]])
`)
  return rows.map(rowOf)
}

const pidOf = (upid: unknown) => Number(String(upid).split(':')[1] ?? 0)

const rowOf = (row: Row): CqlRow => ({
  op: Number(row.req_op),
  body: String(row.req_body),
  rows: Number(row.rows),
  error: Number(row.error_code),
  answerOp: Number(row.resp_op),
  answer: String(row.resp_body),
  keyspace: String(row.keyspace),
  consistency: String(row.consistency),
  warnings: String(row.warnings),
  traced: Boolean(row.traced),
  traceId: String(row.trace_id),
  payload: String(row.req_payload),
  version: Number(row.version),
  encrypted: Boolean(row.encrypted),
  outcome: String(row.outcome),
  latency: Number(row.latency),
  pid: pidOf(row.upid),
  remotePid: pidOf(row.remote_upid),
})
