/**
 * What it costs to record databases: each with its own load program at saturation, without Nixie, with its default budget and with
 * `--cpu-budget off`, one after the other in each round.
 *
 *     bun run bench databases               all of them
 *     bun run bench databases redis         that one: some 60 s a round
 *
 * CPU is that of server and load: what the kernel does for Nixie in their calls is in it, Nixie's own is not. BENCH_PAIRS and
 * BENCH_SECONDS override the rounds and how long each load is, about. Needs root and the built binary.
 */
import { readFileSync } from 'node:fs'
import { serve } from '../support/http2'
import { startMariaDb } from '../support/mysql'
import { Nixie } from '../support/nixie'
import { PASSWORD, startPgsql } from '../support/pgsql'
import { freePort, median, Scope } from '../support/scope'
import { cpuSeconds, spread } from './stage'

const ROUNDS = Number(process.env.BENCH_PAIRS ?? 2)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5)
/** What the compiler does in the first seconds isn't the cost of an agent that runs for days. */
const WARM_UP_SECONDS = 5
/** Long enough for the second's append to be over. */
const SETTLE_MS = 1500
const TICKS = 100

interface Database {
  readonly port: number
  /** Its processes are this one and those that it has waited for. */
  readonly pid: number
  readonly table: string
  /** The load on it, of about so many seconds. */
  load(seconds: number): readonly string[]
  /** How many requests that are. */
  requestsOf(seconds: number): number
}

const DATABASES: Record<string, (scope: Scope) => Promise<Database>> = {
  async redis(scope) {
    const port = await freePort()
    const flags = ['--bind', '127.0.0.1', '--port', String(port), '--dir', scope.dir, '--save', '']
    const pid = await serve(scope, ['redis-server', ...flags], [port])
    const count = (seconds: number) => seconds * 30_000
    return {
      port,
      pid,
      table: 'redis_events',
      load: (seconds) => [
        ...['redis-benchmark', '-p', String(port), '-c', '32', '-t', 'get', '-q'],
        ...['-n', String(count(seconds))],
      ],
      requestsOf: count,
    }
  },
  async pgsql(scope) {
    const { port, pid, dir } = await startPgsql(scope)
    const where = ['-h', '127.0.0.1', '-p', String(port), '-U', 'test']
    const url = (command: string) => ['env', `PGPASSWORD=${PASSWORD}`, `HOME=${dir}`, command, ...where]
    const made = Bun.spawnSync([...url('pgbench'), '-i', '-q', 'postgres'], { stderr: 'pipe' })
    if (made.exitCode !== 0) throw new Error(made.stderr.toString())
    return {
      port,
      pid,
      table: 'pgsql_events',
      load: (seconds) => [...url('pgbench'), '-n', '-S', '-c', '8', '-t', String(seconds * 1000), 'postgres'],
      requestsOf: (seconds) => seconds * 8 * 1000,
    }
  },
  async mysql(scope) {
    const { port, pid } = await startMariaDb(scope)
    // A whole number for each of 8 clients.
    const count = (seconds: number) => seconds * 16_000
    const where = [
      '--no-defaults',
      '-h127.0.0.1',
      `-P${port}`,
      '-uapp',
      '-phunter2',
      '--skip-ssl',
      '--create-schema=shop',
    ]
    return {
      port,
      pid,
      table: 'mysql_events',
      load: (seconds) => [
        ...['mariadb-slap', ...where, '--concurrency=8', '--iterations=1', '--query=SELECT 1'],
        `--number-of-queries=${count(seconds)}`,
      ],
      requestsOf: count,
    }
  },
}

interface Measured {
  readonly perSecond: number
  /** CPU of server and load, and of Nixie, a request. */
  readonly cpuUs: number
  readonly agentUs: number
  readonly requests: number
}

/** CPU seconds of the process and of those that it has waited for (`proc_pid_stat(5)`: utime, stime, cutime, cstime). */
function cpuOfTree(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS
}

async function load(database: Database, seconds: number, nixie?: Nixie): Promise<Measured> {
  const agent = () => (nixie ? cpuSeconds(nixie.pid) : 0)
  const [before, agentBefore, startMs] = [cpuOfTree(database.pid), agent(), performance.now()]
  const child = Bun.spawn([...database.load(seconds)], { stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0) throw new Error(`${out}${err}`)
  const took = (performance.now() - startMs) / 1000
  const requests = database.requestsOf(seconds)
  const cpu = Number(child.resourceUsage()!.cpuTime.total) / 1e6 + cpuOfTree(database.pid) - before
  await Bun.sleep(nixie ? SETTLE_MS : 0)
  return {
    perSecond: requests / took,
    cpuUs: (cpu / requests) * 1e6,
    agentUs: ((agent() - agentBefore) / requests) * 1e6,
    requests,
  }
}

interface Beside extends Measured {
  /** Rows of its requests, and exchanges that the kernel counted in their place. */
  readonly rows: number
  readonly counted: number
  readonly ring: number
}

async function rowsOf(nixie: Nixie, { table, port }: Database): Promise<number> {
  const [row] = await nixie.query(`import px
df = px.DataFrame(table='${table}', start_time='-1h')
df = df[df.local_port == ${port}]
px.display(df.groupby([]).agg(count=('time_', px.count)))
`)
  return Number(row?.count ?? 0)
}

async function beside(database: Database, flags: readonly string[]): Promise<Beside> {
  const scope = new Scope('bench-agent')
  try {
    const nixie = await Nixie.start(scope, { flags: [...flags] })
    await load(database, WARM_UP_SECONDS, nixie)
    const [rows, { losses }] = [await rowsOf(nixie, database), await nixie.status()]
    const measured = await load(database, SECONDS, nixie)
    const after = (await nixie.status()).losses
    const found = await rowsOf(nixie, database)
    await nixie.stop()
    return {
      ...measured,
      rows: found - rows,
      counted: after.shed - losses.shed,
      ring: after.ring - losses.ring,
    }
  } finally {
    await scope.close()
  }
}

const WAYS: Record<string, readonly string[]> = {
  'default budget': [],
  '--cpu-budget off': ['--cpu-budget', 'off'],
}

async function measure(name: string): Promise<void> {
  const scope = new Scope('bench-databases')
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => scope.close().then(() => process.exit(1)))
  try {
    const database = await DATABASES[name]!(scope)
    const without: Measured[] = []
    const found = new Map(Object.keys(WAYS).map((way) => [way, [] as Beside[]]))
    for (let round = 0; round < ROUNDS; round++)
      for (const [way, flags] of Object.entries(WAYS)) {
        without.push(await load(database, SECONDS))
        found.get(way)!.push(await beside(database, flags))
      }
    without.push(await load(database, SECONDS))
    const base = median(without.map(({ cpuUs }) => cpuUs))
    const rate = median(without.map(({ perSecond }) => perSecond))
    const rates = spread(
      without.map((it) => it.perSecond),
      0,
    )
    console.log(
      `\n${name}, without Nixie ${rates} requests/s, ${spread(without.map((it) => it.cpuUs))} µs of CPU a request`,
    )
    console.log(
      '| | throughput with / without | µs of CPU added a request | µs of Nixie’s own | rows; counted only; lost in the ring |\n|---|---|---|---|---|',
    )
    for (const [way, them] of found) {
      const share = (of: (it: Beside) => number) =>
        `${spread(
          them.map((it) => (100 * of(it)) / it.requests),
          1,
        )} %`
      const cells = [
        spread(them.map((it) => it.perSecond / rate)),
        spread(them.map((it) => it.cpuUs - base)),
        spread(them.map((it) => it.agentUs)),
        `${share((it) => it.rows)}; ${share((it) => it.counted)}; ${them.reduce((sum, it) => sum + it.ring, 0)}`,
      ]
      console.log(`| ${way} | ${cells.join(' | ')} |`)
    }
  } finally {
    await scope.close()
  }
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !(name in DATABASES))
if (unknown !== undefined) {
  console.error(`databases has no '${unknown}'; there are ${Object.keys(DATABASES).join(', ')}.`)
  process.exit(2)
}
for (const name of names.length > 0 ? names : Object.keys(DATABASES)) await measure(name)
