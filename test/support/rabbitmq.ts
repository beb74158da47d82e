/** A real RabbitMQ, and programs that talk to it and keep their own log. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Row } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'
import { makeCertificate } from './tls'

/** Debian's own `rabbitmq-server` changes to the service's user, which has no right to a test's files. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'

export interface RabbitMq {
  readonly port: number
  readonly tlsPort: number
  readonly cert: string
}

/** Starts a process in a group of its own, which ends with the scope. */
function grouped(scope: Scope, command: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(command[0]!, command.slice(1), {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const outputs = outputsOf(child)
  const exited = new Promise<void>((done) => child.on('close', () => done()))
  scope.defer(async () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // It has ended.
    }
    await exited
  })
  return { child, outputs }
}

/** A node of its own with the user app, whose password is hunter2. */
export async function startRabbitMq(scope: Scope): Promise<RabbitMq> {
  const dir = join(scope.dir, 'rabbitmq')
  mkdirSync(dir)
  const { cert, key } = makeCertificate(scope)
  const [port, tlsPort, distPort, epmdPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ])
  const config = [
    ...['default_user = app', 'default_pass = hunter2', 'loopback_users = none', 'log.console.level = error'],
    ...[`listeners.tcp.1 = 127.0.0.1:${port}`, `listeners.ssl.1 = 127.0.0.1:${tlsPort}`],
    ...[`ssl_options.cacertfile = ${cert}`, `ssl_options.certfile = ${cert}`, `ssl_options.keyfile = ${key}`],
    'ssl_options.verify = verify_none',
  ]
  writeFileSync(join(dir, 'rabbitmq.conf'), `${config.join('\n')}\n`)
  writeFileSync(join(dir, 'plugins'), '[].\n')
  const env = {
    ...process.env,
    // For the cookie of Erlang.
    HOME: dir,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `nixie-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
  }
  grouped(scope, ['epmd', '-address', '127.0.0.1', '-port', String(epmdPort)], env)
  const { child, outputs } = grouped(scope, [PROGRAM], env)
  for (const each of [port, tlsPort])
    await until('RabbitMQ listens', () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${outputs.stdout} ${outputs.stderr}`)
      return isOpen(each)
    })
  return { port, tlsPort, cert }
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

/** An exchange, as a client logs it. */
export interface Logged {
  /** Names of the methods; '' where there is no answer. */
  readonly req: string
  readonly resp: string
  readonly exchange: string
  readonly key: string
  readonly queue: string
  /** Of the body; -1: it has none. */
  readonly size: number
  readonly code: number
}

export interface Ran {
  readonly pid: number
  readonly log: readonly Logged[]
}

/** Runs a client to its end. One that says that it is ready goes on when its input ends, behind `whenReady`; the log is of what follows then. */
export function runAmqpClient(command: readonly string[], whenReady?: () => Promise<unknown>): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
    const outputs = outputsOf(child)
    child.on('error', failed)
    if (whenReady)
      until('a client is ready', () => outputs.stderr.includes('ready') || child.exitCode !== null)
        .then(whenReady)
        .then(() => child.stdin.end('\n'), failed)
    child.on('close', (code) => {
      if (code !== 0) failed(new Error(`${command.join(' ')} ended with ${code}: ${outputs.stderr}`))
      const lines = outputs.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      const joinedAt = lines.findIndex(({ joined }) => joined)
      done({ pid: lines[0]!.pid, log: lines.slice(Math.max(1, joinedAt + 1)) })
    })
  })
}

const pidOf = (upid: unknown) => Number(String(upid).split(':')[1] ?? 0)

/** Whose row it is: the process of the client's end. */
export const clientOf = (row: Row): number => pidOf(row.trace_role === 1 ? row.upid : row.remote_upid)

export const loggedOf = (row: Row): Logged => ({
  req: String(row.req),
  resp: String(row.resp),
  exchange: String(row.exchange),
  key: String(row.routing_key),
  queue: String(row.queue),
  size: Number(row.body_size),
  code: Number(row.reply_code),
})
