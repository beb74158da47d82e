/** The stage of the benches that need root: nginx, the load programs, and what the kernel says a process cost. */
import { dlopen, ptr } from 'bun:ffi'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/nixie'
import { freePort, median, type Scope, until } from '../support/scope'

const libc = dlopen('libc.so.6', { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } }).symbols
const CPUCLOCK_SCHED = 2

/** CPU seconds that a process and its dead threads have used, to the nanosecond (`clock_getcpuclockid(3)`). */
export function cpuSeconds(pid: number): number {
  const time = new BigInt64Array(2)
  if (libc.clock_gettime((~pid << 3) | CPUCLOCK_SCHED, ptr(time)) !== 0)
    throw new Error(`there is no process ${pid} any more`)
  return Number(time[0]) + Number(time[1]) / 1e9
}

export function rssMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(/\s+/).map(Number)
}

/** `median (min–max)`, so that noise is stated with the figure. */
export function spread(values: readonly number[], digits = 2): string {
  const f = (v: number) => v.toFixed(digits).replace(/^-(?=0\.?0*$)/, '')
  return `${f(median(values))} (${f(Math.min(...values))}–${f(Math.max(...values))})`
}

/** What one load did. */
export interface Load {
  requests: number
  perSecond: number
  p50us: number
  p99us: number
  /** CPU seconds of nginx and the load program. */
  cpu: number
}

async function output(command: string[]): Promise<{ text: string; cpu: number }> {
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit' })
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`${command[0]} ended with ${child.exitCode}: ${text}`)
  return { text, cpu: Number(child.resourceUsage()!.cpuTime.total) / 1e6 }
}

const US: Record<string, number> = { us: 1, ms: 1000, s: 1e6 }
const inUs = (text: string) => Number.parseFloat(text) * US[/[a-z]+$/.exec(text)![0]]!

/** An nginx with one worker that answers 34 bytes, and loads on it. */
export class Stage {
  readonly port: number
  readonly #load: string
  readonly #workers: readonly number[]

  private constructor(port: number, load: string, workers: readonly number[]) {
    this.port = port
    this.#load = load
    this.#workers = workers
  }

  /** `loadArch`: what Go calls the architecture that the load at a rate is built for. */
  static async open(scope: Scope, loadArch?: '386' | 'arm'): Promise<Stage> {
    const port = await freePort()
    const dir = join(scope.dir, `nginx-${port}`)
    const load = join(dir, 'load')
    execFileSync('go', ['build', '-o', load, '.'], {
      cwd: join(root, 'test/bench/load'),
      stdio: 'inherit',
      ...(loadArch ? { env: { ...process.env, GOARCH: loadArch } } : {}),
    })
    mkdirSync(join(dir, 'logs'))
    writeFileSync(join(dir, 'nginx.conf'), nginxConf(port))
    const args = ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'logs/error.log')]
    const nginx = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const exited = new Promise((done) => nginx.on('exit', done))
    scope.defer(() => {
      nginx.kill('SIGTERM')
      return exited
    })
    await until('nginx answers', () => fetch(`http://127.0.0.1:${port}/`).then((r) => r.ok))
    return new Stage(port, load, childrenOf(nginx.pid!))
  }

  /** As many requests as go. */
  async saturate(seconds: number): Promise<Load> {
    const before = this.#nginxCpu()
    const url = `http://127.0.0.1:${this.port}/`
    const { text, cpu } = await output(['wrk', '-t1', '-c32', `-d${seconds}s`, '--latency', url])
    if (/Socket errors|Non-2xx/.test(text)) throw new Error(text)
    return {
      requests: Number(/(\d+) requests in/.exec(text)![1]),
      perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]),
      p50us: inUs(/^\s+50%\s+(\S+)/m.exec(text)![1]!),
      p99us: inUs(/^\s+99%\s+(\S+)/m.exec(text)![1]!),
      cpu: cpu + this.#nginxCpu() - before,
    }
  }

  /** `rate` requests a second; 0: as many as go. */
  async atRate(rate: number, seconds: number): Promise<Load> {
    const before = this.#nginxCpu()
    const flags = ['-addr', `127.0.0.1:${this.port}`, '-rate', String(rate), '-seconds', String(seconds)]
    const { text, cpu } = await output([this.#load, ...flags])
    const said = JSON.parse(text)
    if (said.errors > 0) throw new Error(`${said.errors} connections of the load failed`)
    return { ...said, perSecond: said.requests / said.seconds, cpu: cpu + this.#nginxCpu() - before }
  }

  #nginxCpu(): number {
    return this.#workers.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  }
}

const nginxConf = (port: number) => `
worker_processes 1;
daemon off;
user root;
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
