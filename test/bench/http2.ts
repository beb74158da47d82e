/**
 * What capture costs a server of HTTP/2 at saturation, and whether each request has its row: nginx without TLS and h2load on the same
 * processors, in turns without Nixie and with one that has no budget. Needs root, nginx, h2load and the built binary.
 *
 *     bun run bench http2         BENCH_PAIRS: how often (3); BENCH_REQUESTS: of each (100,000)
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '../support/http2'
import { Nixie } from '../support/nixie'
import { freePort, Scope, until } from '../support/scope'

const PAIRS = Number(process.env.BENCH_PAIRS ?? 3)
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 100_000)
const CONNECTIONS = 10
const STREAMS = 20
const TICKS_PER_SECOND = 100

async function startNginx(scope: Scope): Promise<number> {
  const port = await freePort()
  const config = join(scope.dir, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${scope.dir}/pid; error_log ${scope.dir}/error.log; events {}
http { access_log off; keepalive_requests 10000000; client_body_temp_path ${scope.dir}/b; proxy_temp_path ${scope.dir}/p; fastcgi_temp_path ${scope.dir}/f; uwsgi_temp_path ${scope.dir}/u; scgi_temp_path ${scope.dir}/s;
server { listen 127.0.0.1:${port} http2; location / { return 200 "${'x'.repeat(34)}"; } } }`,
  )
  await serve(scope, ['nginx', '-p', scope.dir, '-c', config], [port])
  return port
}

/** Requests a second. */
function load(port: number, path: string): number {
  const said = execFileSync(
    'h2load',
    [
      '-n',
      String(REQUESTS),
      '-c',
      String(CONNECTIONS),
      '-m',
      String(STREAMS),
      `http://127.0.0.1:${port}${path}`,
    ],
    { encoding: 'utf8' },
  )
  const [, rate, succeeded] = /, ([\d.]+) req\/s,.* (\d+) succeeded/s.exec(said) ?? []
  if (Number(succeeded) !== REQUESTS) throw new Error(`h2load had ${succeeded} answers of ${REQUESTS}`)
  return Number(rate)
}

const cpuSeconds = (pid: number): number => {
  const fields = execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' })
    .split(') ')[1]!
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!

async function rowsOf(nixie: Nixie, path: string): Promise<number> {
  const [row] = await nixie.query(`import px
df = px.DataFrame('http_events', start_time='-10m', select=['time_', 'req_path'])
px.display(df[df.req_path == '${path}'].agg(rows=('time_', px.count)))
`)
  return Number(row?.rows ?? 0)
}

interface Captured {
  readonly rate: number
  readonly rows: number
  readonly microseconds: number
}

async function captured(scope: Scope, port: number, path: string): Promise<Captured> {
  const nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off'] })
  const before = cpuSeconds(nixie.pid)
  const rate = load(port, path)
  let last = -1
  // All that waits in the ring is read, and stored.
  const rows = await until('no more rows', async () => {
    const now = await rowsOf(nixie, path)
    const isSame = now === last || now >= REQUESTS
    last = now
    return isSame ? now : undefined
  })
  const microseconds = ((cpuSeconds(nixie.pid) - before) * 1e6) / REQUESTS
  await nixie.stop()
  return { rate, rows, microseconds }
}

const scope = new Scope('bench-http2')
try {
  const port = await startNginx(scope)
  const without: number[] = []
  const found: Captured[] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    without.push(load(port, '/without'))
    found.push(await captured(scope, port, `/with-${pair}`))
  }
  const rates = found.map(({ rate }) => rate)
  console.log(`nginx and h2load, ${CONNECTIONS} connections × ${STREAMS} streams, ${REQUESTS} requests, median of ${PAIRS}
requests/s without Nixie          ${Math.round(median(without))}
requests/s, --cpu-budget off      ${Math.round(median(rates))}
throughput                        ${(median(rates) / median(without)).toFixed(2)} ×
rows of all requests              ${found.map(({ rows }) => `${rows} of ${REQUESTS}`).join(', ')}
agent, a request                  ${median(found.map(({ microseconds }) => microseconds)).toFixed(1)} µs`)
} finally {
  await scope.close()
}
