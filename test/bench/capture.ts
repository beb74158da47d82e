/**
 * What capture costs: nginx under load with and without Nixie, in interleaved pairs on the same two cores.
 * Prints one line a figure; ratios and medians are the figures to quote, as single runs scatter widely.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { binary, cpuSeconds, median, Nixie, root, rssMiB, Stage, spread, until } from './stage'

const PAIRS = Number(process.env.BENCH_PAIRS ?? 5)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4)
const RATES = [2000, 10_000]

interface Load {
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
  await child.exited
  const usage = child.resourceUsage()!
  return { text, cpu: Number(usage.cpuTime.total) / 1e6 }
}

const US: Record<string, number> = { us: 1, ms: 1000, s: 1e6 }
const inUs = (text: string) => Number.parseFloat(text) * US[/[a-z]+$/.exec(text)![0]]!

async function saturate(stage: Stage): Promise<Load> {
  const before = stage.nginxCpu()
  const url = `http://127.0.0.1:${stage.port}/`
  const { text, cpu } = await output(['wrk', '-t1', '-c32', `-d${SECONDS}s`, '--latency', url])
  const requests = Number(/(\d+) requests in/.exec(text)![1])
  return {
    requests,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]),
    p50us: inUs(/^\s+50%\s+(\S+)/m.exec(text)![1]!),
    p99us: inUs(/^\s+99%\s+(\S+)/m.exec(text)![1]!),
    cpu: cpu + stage.nginxCpu() - before,
  }
}

async function atRate(stage: Stage, rate: number): Promise<Load> {
  const before = stage.nginxCpu()
  const flags = ['-addr', `127.0.0.1:${stage.port}`, '-rate', String(rate), '-seconds', String(SECONDS)]
  const { text, cpu } = await output([stage.load, ...flags])
  const said = JSON.parse(text)
  return { ...said, perSecond: said.requests / said.seconds, cpu: cpu + stage.nginxCpu() - before }
}

interface Pair {
  without: Load
  with: Load
  agentCpu: number
  rss: number
  recorded: number
  lost: number
}

const WARM_UPS = 2
/** Long enough for the second's append to be over. */
const SETTLE_MS = 1500

async function pair(stage: Stage, load: () => Promise<Load>): Promise<Pair> {
  const without = await load()
  const nixie = await Nixie.start(stage.dir)
  try {
    // An agent runs for days: what its compiler does in the first seconds isn't its cost.
    for (let i = 0; i < WARM_UPS; i++) await load()
    await Bun.sleep(SETTLE_MS)
    const before = await nixie.httpRows(stage.port)
    await Bun.sleep(SETTLE_MS)
    const cpuBefore = cpuSeconds(nixie.pid)
    const loaded = await load()
    const rss = rssMiB(nixie.pid)
    await Bun.sleep(SETTLE_MS)
    const agentCpu = cpuSeconds(nixie.pid) - cpuBefore
    const recorded = (await nixie.httpRows(stage.port)) - before
    const { losses } = await nixie.status()
    const lost = Object.values(losses).reduce((a, b) => a + b, 0)
    return { without, with: loaded, agentCpu, rss, recorded, lost }
  } finally {
    await nixie.stop()
  }
}

async function compare(name: string, stage: Stage, load: () => Promise<Load>): Promise<void> {
  const pairs: Pair[] = []
  for (let i = 0; i < PAIRS; i++) pairs.push(await pair(stage, load))
  const per = (f: (p: Pair) => number) => pairs.map(f)
  const cpuOf = (l: Load) => (l.cpu / l.requests) * 1e6
  const line = (what: string, text: string) => console.log(`${name.padEnd(12)} ${what.padEnd(44)} ${text}`)
  line(
    'requests/s without',
    spread(
      per((p) => p.without.perSecond),
      0,
    ),
  )
  line('throughput with / without', spread(per((p) => p.with.perSecond / p.without.perSecond)))
  line('CPU added to nginx + load, µs a request', spread(per((p) => cpuOf(p.with) - cpuOf(p.without))))
  line('agent CPU, µs a request', spread(per((p) => (p.agentCpu / p.with.requests) * 1e6)))
  line('agent CPU, % of a core', spread(per((p) => (p.agentCpu / (SECONDS + SETTLE_MS / 1000)) * 100)))
  line('p50 added, µs', spread(per((p) => p.with.p50us - p.without.p50us)))
  line('p99 added, µs', spread(per((p) => p.with.p99us - p.without.p99us)))
  line(
    'agent RSS, MiB',
    spread(
      per((p) => p.rss),
      0,
    ),
  )
  line(
    'recorded − requests',
    spread(
      per((p) => p.recorded - p.with.requests),
      0,
    ),
  )
  line(
    'counted as lost',
    spread(
      per((p) => p.lost),
      0,
    ),
  )
}

/** Start to the first captured request, idle memory, and how long a request takes to be seen. */
async function alone(stage: Stage): Promise<void> {
  const started = performance.now()
  const nixie = await Nixie.start(stage.dir)
  try {
    const url = `http://127.0.0.1:${stage.port}/`
    await until(async () => {
      await fetch(url)
      return (await nixie.httpRows(stage.port)) > 0
    }, 15_000)
    console.log(
      `start        to the first request seen, ms                ${(performance.now() - started).toFixed(0)}`,
    )
    const seen: number[] = []
    for (let i = 0; i < 40; i++) {
      await Bun.sleep(Math.random() * 100)
      const before = await nixie.httpRows(stage.port)
      await fetch(url)
      const sent = performance.now()
      await until(async () => (await nixie.httpRows(stage.port)) > before, 5000)
      seen.push(performance.now() - sent)
    }
    seen.sort((a, b) => a - b)
    console.log(
      `visible      request to query, ms: p50 ${median(seen).toFixed(0)}, p99 ${seen.at(-1)!.toFixed(0)}`,
    )
  } finally {
    await nixie.stop()
  }
  const idle = await Nixie.start(stage.dir)
  try {
    await Bun.sleep(5000)
    const before = cpuSeconds(idle.pid)
    await Bun.sleep(10_000)
    console.log(
      `idle         RSS, MiB: ${rssMiB(idle.pid).toFixed(0)}; CPU, % of a core: ${((cpuSeconds(idle.pid) - before) * 10).toFixed(2)}`,
    )
  } finally {
    await idle.stop()
  }
  const runtime = statSync(join(root, 'node_modules/.bin/bun')).size
  const over = (statSync(binary).size - runtime) / 2 ** 20
  console.log(
    `binary       over the runtime, MiB: ${over.toFixed(2)} of ${(statSync(binary).size / 2 ** 20).toFixed(1)}`,
  )
}

const stage = new Stage()
try {
  await stage.open()
  await alone(stage)
  for (const rate of RATES) await compare(`${rate}/s`, stage, () => atRate(stage, rate))
  await compare('saturation', stage, () => saturate(stage))
} finally {
  await stage.close()
}
