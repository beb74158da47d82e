/** What an agent takes beside real servers and clients that together make 170 requests a second. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Nixie, root } from '../../../support/nixie'
import type { Scope } from '../../../support/scope'
import { type Server, startNginx, startNode, startPython } from '../../../support/servers'
import { cpuSeconds, rssMiB } from '../../stage'
import { beside, byDefault } from '../agents'
import type { Section } from '../section'

const WARM_UP_MS = 8000
/** Long enough for the second's append to be over. */
const SETTLE_MS = 1200

const CLIENTS = { python: ['python3', 'paced.py'], node: ['node', 'paced.mjs'] } as const

/** Of each server a client that keeps its connection and one that doesn't; 170 requests a second together. */
const ASKED = [
  { server: 'nginx', client: 'python', path: '/items.json', rate: 40, connections: 'keep' },
  { server: 'nginx', client: 'node', path: '/hello', rate: 20, connections: 'new' },
  { server: 'node', client: 'node', path: '/json', rate: 30, connections: 'keep' },
  { server: 'node', client: 'python', path: '/chunked', rate: 25, connections: 'new' },
  { server: 'python', client: 'python', path: '/gzip', rate: 30, connections: 'keep' },
  { server: 'python', client: 'node', path: '/json', rate: 25, connections: 'new' },
] as const

function ask(scope: Scope, servers: readonly Server[]): ChildProcess[] {
  return ASKED.map(({ server, client, path, rate, connections }) => {
    const { port } = servers.find(({ name }) => name === server)!
    const [program, file] = CLIENTS[client]
    const args = [join(root, 'test/bench/capture', file), port, path, rate, connections].map(String)
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('exit', (code) => {
      if (code) console.error(`the client of ${server} ended with ${code}`)
    })
    scope.defer(() => child.kill('SIGKILL'))
    return child
  })
}

interface Cost {
  /** % of a core. */
  readonly cpu: number
  readonly rss: number
  /** Of all tables, a second. */
  readonly rows: number
  /** Requests a second. */
  readonly rate: number
  /** Recorded − answered. */
  readonly difference: number
}

class Watch {
  readonly #servers: readonly Server[]
  readonly #clients: readonly ChildProcess[]

  constructor(servers: readonly Server[], clients: readonly ChildProcess[]) {
    this.#servers = servers
    this.#clients = clients
  }

  async cost(nixie: Nixie, seconds: number): Promise<Cost> {
    const allRows = async () => (await nixie.status()).tables.reduce((sum, { rows }) => sum + rows, 0)
    await Bun.sleep(WARM_UP_MS)
    const before = await this.#whilePaused(nixie)
    const begun = performance.now()
    await Bun.sleep(SETTLE_MS)
    const rowsBefore = await allRows()
    const cpuBefore = cpuSeconds(nixie.pid)
    const from = performance.now()
    await Bun.sleep(seconds * 1000)
    const cpu = cpuSeconds(nixie.pid) - cpuBefore
    const took = (performance.now() - from) / 1000
    const rss = rssMiB(nixie.pid)
    const rows = (await allRows()) - rowsBefore
    const asking = (performance.now() - begun) / 1000
    const after = await this.#whilePaused(nixie)
    const answered = after.answered - before.answered
    return {
      cpu: (cpu / took) * 100,
      rss,
      rows: rows / took,
      rate: answered / asking,
      difference: after.recorded - before.recorded - answered,
    }
  }

  /** What the servers have answered and what has a row of it, while nothing is under way. */
  async #whilePaused(nixie: Nixie): Promise<{ answered: number; recorded: number }> {
    for (const client of this.#clients) client.kill('SIGSTOP')
    try {
      await Bun.sleep(SETTLE_MS)
      const answered = this.#servers.reduce((sum, server) => sum + server.log().length, 0)
      let recorded = 0
      for (const { port } of this.#servers) recorded += await nixie.countByPort(port)
      return { answered, recorded }
    } finally {
      for (const client of this.#clients) client.kill('SIGCONT')
    }
  }
}

export const APPLICATIONS: Section = {
  name: 'applications',
  measures: 'nginx, Node.js and Python, 170 requests a second together, on old and on new connections',
  pairs: 2,
  seconds: 20,
  async measure({ scope, before, now, pairs, seconds }) {
    const servers = [await startNginx(scope), await startNode(scope), await startPython(scope)]
    const watch = new Watch(servers, ask(scope, servers))
    const found = { before: [] as Cost[], now: [] as Cost[] }
    for (let i = 0; i < pairs; i++) {
      for (const which of ['before', 'now'] as const) {
        const agent = byDefault(which === 'before' ? before : now)
        found[which].push(await beside(scope, agent, (nixie) => watch.cost(nixie, seconds)))
      }
    }
    const both = (of: (cost: Cost) => number) => ({ before: found.before.map(of), now: found.now.map(of) })
    return {
      figures: [
        { what: 'agent CPU, % of a core', aim: '≤ 0.8', ...both(({ cpu }) => cpu) },
        { what: 'RSS, MiB', digits: 0, ...both(({ rss }) => rss) },
        { what: 'requests a second', digits: 0, ...both(({ rate }) => rate) },
        { what: 'rows of all tables a second', digits: 0, ...both(({ rows }) => rows) },
        { what: 'recorded − answered', aim: '0', digits: 0, ...both(({ difference }) => difference) },
      ],
    }
  },
}
