/** The built binary: started on a port and a data directory of its own, asked as users ask. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Status } from '../../src/api/status'
import type { ErrorShape } from '../../src/errors'
import { outputsOf } from './outputs'
import { freePort, PATIENCE_MS, type Scope, until } from './scope'

export const root = resolve(import.meta.dir, '../..')
/** Another one may be tried: a bench compares two. */
export const binary = process.env.NIXIE_BINARY ?? join(root, 'dist/nixie')
export const isRoot = process.getuid!() === 0

/** A row of http_events, as far as tests compare it. */
export interface HttpRow {
  time_: string
  upid: string
  remote_addr: string
  remote_port: number
  local_addr: string
  local_port: number
  trace_role: number
  major_version: number
  minor_version: number
  content_type: number
  req_headers: string
  req_method: string
  req_path: string
  req_body: string
  req_body_size: number
  resp_headers: string
  resp_status: number
  resp_message: string
  resp_body: string
  resp_body_size: number
  latency: number
}

export type Row = Record<string, unknown>

export interface Answer {
  readonly status: number
  readonly error: ErrorShape | undefined
  readonly tables: readonly { name: string; rows: Row[]; truncated: boolean }[]
  readonly text: string
}

export interface StartOptions {
  readonly port?: number
  readonly dataDir?: string
  readonly flags?: readonly string[]
  /** What it runs under: `AS_NOBODY`, `unshare …`. */
  readonly under?: readonly string[]
  readonly program?: string
  /** Resolve when it answers (`up`) or when it captures (`ready`, the default). */
  readonly until?: 'up' | 'ready'
}

/** As nobody, without any capability. */
export const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of the binary to its end. */
export function runNixie(
  args: readonly string[],
  options: { env?: Record<string, string>; under?: readonly string[]; program?: string; ms?: number } = {},
): Promise<Ended> {
  return new Promise((done, failed) => {
    const command = [...(options.under ?? []), options.program ?? binary, ...args]
    const child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      timeout: options.ms ?? PATIENCE_MS,
      killSignal: 'SIGKILL',
    })
    const outputs = outputsOf(child)
    child.on('error', failed)
    child.on('close', (code) => done({ code, ...outputs }))
  })
}

export class Nixie {
  readonly port: number
  readonly url: string
  readonly dataDir: string
  /** What it has written so far, both streams. */
  output = ''
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>

  private constructor(port: number, dataDir: string, child: ChildProcess) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.dataDir = dataDir
    this.#child = child
    this.#exited = new Promise((done) => child.on('exit', (code) => done(code)))
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text
      })
    }
  }

  static async start(scope: Scope, options: StartOptions = {}): Promise<Nixie> {
    const port = options.port ?? (await freePort())
    const dataDir = options.dataDir ?? join(scope.dir, `data-${port}`)
    if (!options.dataDir) mkdirSync(dataDir)
    const flags = ['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', dataDir, ...(options.flags ?? [])]
    const command = [...(options.under ?? []), options.program ?? binary, ...flags]
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
    const nixie = new Nixie(port, dataDir, child)
    scope.defer(() => nixie.stop('SIGKILL'))
    await until('Nixie starts', async () => {
      if (child.exitCode !== null) return true
      const status = await nixie.status()
      return options.until === 'up' || status.ready
    }).catch((cause) => {
      throw new Error(`${cause.message}\n${nixie.output}`)
    })
    if (child.exitCode !== null) throw new Error(`Nixie ended with ${child.exitCode}:\n${nixie.output}`)
    return nixie
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Sends the signal and waits for the end; the exit code. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal)
    return this.#exited
  }

  async #fetch(path: string, init?: RequestInit): Promise<Response> {
    try {
      return await fetch(this.url + path, init)
    } catch (cause) {
      const { exitCode, signalCode } = this.#child
      if (exitCode === null && signalCode === null) throw cause
      throw new Error(`Nixie ended with ${signalCode ?? exitCode}: ${this.output}`)
    }
  }

  async ask(path: string, init?: RequestInit): Promise<Answer> {
    const response = await this.#fetch(path, init)
    const text = await response.text()
    const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {}
    return { status: response.status, error: json.error, tables: json.tables ?? [], text }
  }

  async status(): Promise<Status> {
    return (await this.#fetch('/api/status')).json() as Promise<Status>
  }

  /** Rows of the first table that the script shows. */
  async query(text: string): Promise<Row[]> {
    const answer = await this.ask('/api/query', { method: 'POST', body: text })
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`)
    return answer.tables[0]?.rows ?? []
  }

  /** Rows of http_events whose path has the marker in it, oldest first; whatever else the machine is doing. */
  async httpRows(marker: string): Promise<HttpRow[]> {
    const rows = (await this.query(`import px
df = px.DataFrame(table='http_events', start_time='-10m')
px.display(df[px.contains(df.req_path, '${marker}')])
`)) as unknown as HttpRow[]
    return rows.sort((a, b) => Number(BigInt(a.time_) - BigInt(b.time_)))
  }

  /** The rows once there are `count` of them. A test that wants no more than that asks again later. */
  waitForRows(marker: string, count: number): Promise<HttpRow[]> {
    return until(`${count} rows of ${marker}`, async () => {
      const rows = await this.httpRows(marker)
      if (rows.length < count) throw new Error(`${rows.length} rows`)
      return rows
    })
  }

  /** Rows of http_events whose server listens on `port`, counted by the query engine. */
  async countByPort(port: number): Promise<number> {
    const rows = await this.query(`import px
df = px.DataFrame(table='http_events', start_time='-1h')
df = df[df.local_port == ${port}]
df = df.groupby(['local_port']).agg(count=('latency', px.count))
px.display(df)
`)
    return Number(rows[0]?.count ?? 0)
  }
}
