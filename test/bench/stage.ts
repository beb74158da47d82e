/** The stage of the capture benches: nginx, load, a Nixie of their own, and what the kernel says each of them cost. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

type Status = { ready: boolean; losses: Record<string, number>; counters: Record<string, number> }

export const root = resolve(import.meta.dir, '../..')
export const binary = join(root, 'dist/nixie')

const TICKS_PER_SECOND = 100

/** CPU seconds that a process and its dead threads have used. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export function rssMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

export const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** `median (min–max)`, so that noise is stated with the figure. */
export function spread(values: readonly number[], digits = 2): string {
  const f = (v: number) => v.toFixed(digits)
  return `${f(median(values))} (${f(Math.min(...values))}–${f(Math.max(...values))})`
}

export class Stage {
  readonly dir = mkdtempSync(join(tmpdir(), 'nixie-bench-'))
  readonly port = freePort()
  readonly load = join(this.dir, 'load')
  #nginx: Bun.Subprocess | undefined
  #workers: number[] = []

  async open(): Promise<void> {
    execFileSync('go', ['build', '-o', this.load, '.'], {
      cwd: join(root, 'test/bench/load'),
      stdio: 'inherit',
    })
    mkdirSync(join(this.dir, 'logs'))
    writeFileSync(join(this.dir, 'nginx.conf'), nginxConf(this.port))
    const args = ['-p', this.dir, '-c', join(this.dir, 'nginx.conf'), '-e', join(this.dir, 'logs/error.log')]
    this.#nginx = Bun.spawn(['nginx', ...args], { stdout: 'ignore', stderr: 'inherit' })
    await until(() => fetch(`http://127.0.0.1:${this.port}/`).then((r) => r.ok), 5000)
    const children = readFileSync(`/proc/${this.#nginx.pid}/task/${this.#nginx.pid}/children`, 'utf8')
    this.#workers = children.trim().split(/\s+/).map(Number)
  }

  nginxCpu(): number {
    return this.#workers.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  }

  async close(): Promise<void> {
    this.#nginx?.kill('SIGTERM')
    await this.#nginx?.exited
    rmSync(this.dir, { recursive: true, force: true })
  }
}

const nginxConf = (port: number) => `
worker_processes 1;
daemon off;
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {
    listen 127.0.0.1:${port};
    location / { default_type text/plain; return 200 "the thirty-four bytes that we send"; }
  }
}
`

function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = server
  server.stop(true)
  return port
}

/** Polls until it holds; throws after `ms`. */
export async function until(holds: () => Promise<boolean>, ms: number): Promise<void> {
  const end = performance.now() + ms
  for (;;) {
    if (await holds().catch(() => false)) return
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms`)
    await Bun.sleep(5)
  }
}

/** A Nixie of the built binary on a port and a data directory of its own. */
export class Nixie {
  readonly url: string
  readonly pid: number
  readonly #process: Bun.Subprocess
  readonly #dataDir: string

  private constructor(url: string, process: Bun.Subprocess, dataDir: string) {
    this.url = url
    this.#process = process
    this.pid = process.pid
    this.#dataDir = dataDir
  }

  static async start(dir: string): Promise<Nixie> {
    const dataDir = mkdtempSync(join(dir, 'data-'))
    const port = freePort()
    const args = ['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', dataDir]
    const nixie = new Nixie(
      `http://127.0.0.1:${port}`,
      Bun.spawn([binary, ...args], { stdout: 'ignore', stderr: 'inherit' }),
      dataDir,
    )
    await until(async () => (await nixie.status()).ready, 15_000)
    return nixie
  }

  status(): Promise<Status> {
    return fetch(`${this.url}/api/status`).then((r) => r.json() as Promise<Status>)
  }

  /** Runs PxL; the rows of its first table. */
  async query(text: string): Promise<Record<string, unknown>[]> {
    const response = await fetch(`${this.url}/api/query`, { method: 'POST', body: text })
    if (!response.ok) throw new Error(await response.text())
    const { tables } = (await response.json()) as { tables: { rows: Record<string, unknown>[] }[] }
    return tables[0]!.rows
  }

  /** Rows of http_events whose server listens on `port`. */
  async httpRows(port: number): Promise<number> {
    const text = `import px
df = px.DataFrame('http_events', start_time='-1h')
df = df[df.local_port == ${port}]
px.display(df.agg(rows=('latency', px.count)))`
    return Number((await this.query(text))[0]?.rows ?? 0)
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#process.exited
    rmSync(this.#dataDir, { recursive: true, force: true })
  }
}
