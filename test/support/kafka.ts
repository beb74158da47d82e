/** A real Kafka, and what the logs of its own clients say. */
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { classPath } from './maven'
import { type Nixie, type Row, root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'
import { makeCertificate } from './tls'

const source = join(root, 'test/support/servers/kafka')
export const USER = 'jane'
export const PASSWORD = 'hunter2'

/** A Java that starts fast and stays small. */
const JAVA = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
const LOG = '-Dorg.slf4j.simpleLogger'

export interface KafkaServer {
  /** Without and with SASL PLAIN in the clear, and SASL SCRAM in TLS. */
  readonly port: number
  readonly saslPort: number
  readonly tlsPort: number
  readonly certificate: string
  /** A command that runs Java with Kafka's libraries. */
  readonly java: (...args: readonly string[]) => readonly string[]
}

export async function startKafka(scope: Scope): Promise<KafkaServer> {
  const libraries = classPath(scope, source)
  const sources = ['Broker.java', 'Talk.java'].map((name) => join(source, name))
  execFileSync('javac', ['-nowarn', '-cp', libraries, '-d', scope.dir, ...sources], { stdio: 'ignore' })
  const java = (...args: readonly string[]) => ['java', ...JAVA, '-cp', `${libraries}:${scope.dir}`, ...args]
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()]
  const [port, saslPort, tlsPort, controller] = ports as [number, number, number, number]
  const { cert, key } = makeCertificate(scope)
  const pem = join(scope.dir, 'keystore.pem')
  writeFileSync(pem, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'))
  const config = join(scope.dir, 'broker.properties')
  const module = 'org.apache.kafka.common.security'
  const listeners = `PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${saslPort},TLS://127.0.0.1:${tlsPort}`
  writeFileSync(
    config,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${listeners},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${listeners}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT
listener.name.sasl.sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=${module}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";
listener.name.tls.sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.tls.scram-sha-256.sasl.jaas.config=${module}.scram.ScramLoginModule required;
listener.name.tls.ssl.keystore.type=PEM
listener.name.tls.ssl.keystore.location=${pem}
log.dirs=${join(scope.dir, 'logs')}
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
`,
  )
  const flags = [`${LOG}.defaultLogLevel=warn`, `${LOG}.log.kafka.server.KafkaRaftServer=info`]
  const scram = `SCRAM-SHA-256=[name=${USER},password=${PASSWORD}]`
  const [name, ...args] = java('-Xmx384m', ...flags, 'Broker', config, scram)
  const child = spawn(name!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<void>((done) => child.on('exit', () => done()))
  scope.defer(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const said = outputsOf(child)
  await until('Kafka listens', () => {
    if (child.exitCode !== null) throw new Error(`Kafka ended: ${said.stderr}`)
    return said.stderr.includes('Kafka Server started')
  })
  return { port, saslPort, tlsPort, certificate: cert, java }
}

/** What a program wrote until it ended. */
export function outputOf(command: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((done, failed) => {
    const [name, ...args] = command
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const
    const child = spawn(name!, args, options)
    child.stdin.end()
    const outputs = outputsOf(child)
    child.on('error', failed)
    child.on('close', (code) =>
      code === 0 ? done(outputs) : failed(new Error(`${name} ended with ${code}: ${outputs.stderr}`)),
    )
  })
}

/** Runs `Talk.java` to its end; its log. */
export async function javaLog({ java, port }: KafkaServer): Promise<string> {
  const flags = [`${LOG}.defaultLogLevel=warn`, `${LOG}.log.org.apache.kafka.clients.NetworkClient=debug`]
  return (await outputOf(java('-Xmx256m', ...flags, 'Talk', `127.0.0.1:${port}`))).stderr
}

/** `ApiVersions` → `API_VERSIONS`, as Kafka's clients log it. */
export const shouted = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()

/** Rows of the broker's port, with the names of their APIs. */
export const kafkaRows = (nixie: Nixie, port: number): Promise<Row[]> =>
  nixie.query(`import px
df = px.DataFrame('kafka_events.beta', start_time='-10m', select=['time_', 'local_port', 'remote_port', 'req_cmd', 'client_id', 'req_body', 'resp', 'latency', 'req_version', 'correlation_id', 'req_size', 'resp_size', 'error', 'outcome', 'encrypted'])
df = df[df.local_port == ${port} or df.remote_port == ${port}]
df.api = px.kafka_api_key_name(df.req_cmd)
px.display(df)
`)
