/** What an agent takes beside real servers and clients that together make 170 requests a second. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../../support/nixie'
import type { Scope } from '../../../support/scope'
import { type Server, startNginx, startNode, startPython } from '../../../support/servers'
import { cpuSeconds, rssMiB } from '../../stage'
import { beside, byDefault, type Running } from '../agents'
import type { Section } from '../section'

const WARM_UP_MS = 8000
const SETTLE_MS = 1000

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

function ask(scope: Scope, servers: readonly Server[]): void {
  for (const { server, client, path, rate, connections } of ASKED) {
    const { port } = servers.find(({ name }) => name === server)!
    const [program, file] = CLIENTS[client]
    const args = [join(root, 'test/bench/capture', file), port, path, rate, connections].map(String)
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('exit', (code) => {
      if (code) console.error(`the client of ${server} ended with ${code}`)
    })
    scope.defer(() => child.kill('SIGKILL'))
  }
}

interface Cost {
  /** % of a core. */
  readonly cpu: number
  readonly rss: number
  /** Of all tables, a second. */
  readonly rows: number
  readonly recorded: number
  readonly asked: number
}

async function watch({ nixie, pid }: Running, servers: readonly Server[], seconds: number): Promise<Cost> {
  await Bun.sleep(WARM_UP_MS)
  const answered = () => servers.reduce((sum, server) => sum + server.log().length, 0)
  const recorded = async () => {
    let sum = 0
    for (const { port } of servers) sum += await nixie.countByPort(port)
    return sum
  }
  const allRows = async () => (await nixie.status()).tables.reduce((sum, { rows }) => sum + rows, 0)
  const [askedBefore, recordedBefore, rowsBefore] = [answered(), await recorded(), await allRows()]
  await Bun.sleep(SETTLE_MS)
  const cpuBefore = cpuSeconds(pid)
  const from = performance.now()
  await Bun.sleep(seconds * 1000)
  const took = (performance.now() - from) / 1000
  const cpu = ((cpuSeconds(pid) - cpuBefore) / took) * 100
  const rss = rssMiB(pid)
  const [asked, rows] = [answered() - askedBefore, (await allRows()) - rowsBefore]
  return {
    cpu,
    rss,
    rows: rows / (took + SETTLE_MS / 1000),
    asked,
    recorded: (await recorded()) - recordedBefore,
  }
}

export const APPLICATIONS: Section = {
  name: 'applications',
  measures: 'nginx, Node.js and Python, 170 requests a second together, on old and on new connections',
  pairs: 2,
  seconds: 20,
  async measure({ scope, before, now, pairs, seconds }) {
    const servers = [await startNginx(scope), await startNode(scope), await startPython(scope)]
    ask(scope, servers)
    const found = { before: [] as Cost[], now: [] as Cost[] }
    for (let i = 0; i < pairs; i++) {
      for (const which of ['before', 'now'] as const) {
        const agent = byDefault(which === 'before' ? before : now)
        found[which].push(await beside(scope, agent, (running) => watch(running, servers, seconds)))
      }
    }
    const both = (of: (cost: Cost) => number) => ({ before: found.before.map(of), now: found.now.map(of) })
    const exchanges = both(({ asked }) => asked / (seconds + SETTLE_MS / 1000))
    return {
      figures: [
        { what: 'agent CPU, % of a core', aim: '≤ 0.8', ...both(({ cpu }) => cpu) },
        { what: 'RSS, MiB', digits: 0, ...both(({ rss }) => rss) },
        { what: 'requests a second', digits: 0, ...exchanges },
        { what: 'rows of all tables a second', digits: 0, ...both(({ rows }) => rows) },
        {
          what: 'recorded − answered (some are under way)',
          aim: '0',
          digits: 0,
          ...both(({ recorded, asked }) => recorded - asked),
        },
      ],
    }
  },
}
