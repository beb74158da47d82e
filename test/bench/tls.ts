/**
 * What it costs to read TLS, by library: HTTPS servers and wrk at saturation, without Nixie, with `--tls off`, with the server's end
 * read, and with both, one after the other in each round.
 *
 *     bun run bench tls                 all servers
 *     bun run bench tls nginx           that one: some 50 s a round
 *
 * CPU is that of server and load: what the kernel does for Nixie in their calls is in it, Nixie's own is not. BENCH_PAIRS and
 * BENCH_SECONDS override the rounds and how long each load is. Needs root and the built binary.
 */
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Nixie } from '../support/nixie'
import { median, Scope } from '../support/scope'
import { type Certificate, makeCertificate, startNginxTls, startNodeTls } from '../support/tls'
import { buildGoTls, startGoTls } from '../support/tls-go'
import { childrenOf, cpuSeconds, spread } from './stage'

const ROUNDS = Number(process.env.BENCH_PAIRS ?? 2)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4)
/** Probes that are of no use rest by then. */
const WARM_UP_SECONDS = 7

interface Server {
  readonly port: number
  /** Its processes that serve. */
  readonly pids: readonly number[]
}

const SERVERS: Record<
  string,
  { library: string; start(scope: Scope, it: Certificate): Promise<Server>; bothEnds: boolean }
> = {
  nginx: {
    library: 'OpenSSL 3, a library that calls the socket',
    bothEnds: true,
    async start(scope, certificate) {
      const { port, pid } = await startNginxTls(scope, certificate)
      return { port, pids: childrenOf(pid) }
    },
  },
  node: {
    library: 'OpenSSL 3 within the program, which moves the ciphertext',
    bothEnds: true,
    async start(scope, certificate) {
      const { port, pid } = await startNodeTls(scope, certificate)
      return { port, pids: [pid] }
    },
  },
  go: {
    library: 'crypto/tls of Go',
    bothEnds: false,
    async start(scope, certificate) {
      const { port, pid } = await startGoTls(scope, buildGoTls(scope, 'stripped'), certificate)
      return { port, pids: [pid] }
    },
  },
}

interface Measured {
  readonly perSecond: number
  /** CPU of server and load, and of Nixie, a request. */
  readonly cpuUs: number
  readonly agentUs: number
}

/** Copies of the libraries: another file than the one that the server has, so that probes in that one don't reach the load. */
function copyLibraries(scope: Scope): string {
  const dir = join(scope.dir, 'libraries')
  mkdirSync(dir)
  const { stdout } = Bun.spawnSync(['sh', '-c', 'ldd "$(command -v wrk)"'])
  for (const [, name, path] of stdout.toString().matchAll(/(lib(?:ssl|crypto)\S*) => (\S+)/g))
    copyFileSync(realpathSync(path!), join(dir, name!))
  return dir
}

async function load(server: Server, seconds: number, nixie?: Nixie, libraries?: string): Promise<Measured> {
  const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const agents = nixie ? [nixie.pid] : []
  const [before, agentBefore] = [cpuOf(server.pids), cpuOf(agents)]
  const env = libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env
  const url = `https://127.0.0.1:${server.port}/`
  const child = Bun.spawn(['wrk', '-t1', '-c32', `-d${seconds}s`, url], {
    env,
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0 || /Socket errors|Non-2xx/.test(text)) throw new Error(text)
  const requests = Number(/(\d+) requests in/.exec(text)![1])
  const cpu = Number(child.resourceUsage()!.cpuTime.total) / 1e6 + cpuOf(server.pids) - before
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]),
    cpuUs: (cpu / requests) * 1e6,
    agentUs: ((cpuOf(agents) - agentBefore) / requests) * 1e6,
  }
}

async function beside(server: Server, flags: readonly string[], libraries?: string): Promise<Measured> {
  const scope = new Scope('bench-agent')
  try {
    const nixie = await Nixie.start(scope, { flags: ['--cpu-budget', 'off', ...flags] })
    await load(server, WARM_UP_SECONDS, nixie, libraries)
    const measured = await load(server, SECONDS, nixie, libraries)
    await nixie.stop()
    return measured
  } finally {
    await scope.close()
  }
}

async function measure(name: string): Promise<void> {
  const { library, start, bothEnds } = SERVERS[name]!
  const scope = new Scope('bench-tls')
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => scope.close().then(() => process.exit(1)))
  try {
    const server = await start(scope, makeCertificate(scope))
    const libraries = copyLibraries(scope)
    const ways: Record<string, () => Promise<Measured>> = {
      '--tls off': () => beside(server, ['--tls', 'off']),
      'server’s end': () => beside(server, ['--tls', '-wrk'], libraries),
      ...(bothEnds ? { 'both ends': () => beside(server, []) } : {}),
    }
    const without: Measured[] = []
    const found = new Map(Object.keys(ways).map((way) => [way, [] as Measured[]]))
    for (let round = 0; round < ROUNDS; round++)
      for (const [way, run] of Object.entries(ways)) {
        without.push(await load(server, SECONDS))
        found.get(way)!.push(await run())
      }
    without.push(await load(server, SECONDS))
    const base = median(without.map(({ cpuUs }) => cpuUs))
    const rate = median(without.map(({ perSecond }) => perSecond))
    console.log(
      `\n${name}: ${library}. Without Nixie ${spread(
        without.map((it) => it.perSecond),
        0,
      )} requests/s, ${spread(without.map((it) => it.cpuUs))} µs of CPU a request`,
    )
    console.log(
      '| | throughput with / without | µs of CPU added a request | µs of Nixie’s own |\n|---|---|---|---|',
    )
    for (const [way, them] of found) {
      const cells = [
        spread(them.map((it) => it.perSecond / rate)),
        spread(them.map((it) => it.cpuUs - base)),
        spread(them.map((it) => it.agentUs)),
      ]
      console.log(`| ${way} | ${cells.join(' | ')} |`)
    }
  } finally {
    await scope.close()
  }
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !(name in SERVERS))
if (unknown !== undefined) {
  console.error(`tls has no server '${unknown}'; there are ${Object.keys(SERVERS).join(', ')}.`)
  process.exit(2)
}
for (const name of names.length > 0 ? names : Object.keys(SERVERS)) await measure(name)
