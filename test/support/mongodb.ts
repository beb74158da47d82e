/** A server of MongoDB's protocol with what mongod has in front of it, and programs that talk to it and keep their own log. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { serve } from './http2'
import { classPath } from './maven'
import { root } from './nixie'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'
import { makeCertificate } from './tls'

const source = join(root, 'test/support/servers/mongodb')

/** A command as a client's own monitoring told it. */
export interface Logged {
  readonly cmd: string
  /** Command and answer as relaxed extended JSON; null without one. */
  readonly req: unknown
  readonly resp: unknown
  readonly status: string
  readonly database: string
  readonly collection: string
  readonly sent: number
  readonly returned: number
  readonly n: number
  readonly modified: number
  readonly code: number
  readonly text: string
  readonly answers: number
}

export interface MongoServer {
  /** The server's own, and those in front of it. */
  readonly bare: number
  readonly port: number
  readonly tlsPort: number
  readonly pid: number
  /** The process in front of it. */
  readonly frontPid: number
}

export async function startMongo(scope: Scope, python: string): Promise<MongoServer> {
  const { cert, key } = makeCertificate(scope)
  const [bare, port, tlsPort] = [await freePort(), await freePort(), await freePort()]
  const java = ['java', '-cp', classPath(scope, source), join(source, 'Serve.java'), String(bare)]
  const pid = await serve(scope, java, [bare])
  const front = [python, join(source, 'front.py'), ...[bare, port, tlsPort].map(String), cert, key]
  return { bare, port, tlsPort, pid, frontPid: await serve(scope, front, [port, tlsPort]) }
}

export interface Ran {
  readonly pid: number
  readonly log: readonly Logged[]
}

/** Runs a client to its end. One that says that it is ready goes on when its input ends, behind `whenReady`. */
export function runMongoClient(
  scope: Scope,
  command: readonly string[],
  whenReady?: () => Promise<unknown>,
): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
    scope.defer(() => child.kill('SIGKILL'))
    const outputs = outputsOf(child)
    child.on('error', failed)
    const isReady = () => outputs.stdout.includes('ready\n') || child.exitCode !== null
    if (whenReady)
      until('a client is ready', isReady)
        .then(whenReady)
        .then(() => child.stdin.end(), failed)
    child.on('close', (code) => {
      if (code !== 0 || outputs.stderr !== '')
        failed(new Error(`${command[0]} ended with ${code}: ${outputs.stderr}`))
      const lines = outputs.stdout.split('\n').filter((line) => line.startsWith('{'))
      done({ pid: child.pid!, log: lines.map((line) => JSON.parse(line) as Logged) })
    })
  })
}
