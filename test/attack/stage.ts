/** Nixie under the shipped memory limit, an innocent client beside it, and what an attack does to both. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../src/errors'
import { COUNTERS, type CounterName, type Counters } from '../../src/health/counters'
import { Nixie, type Row, root } from '../support/nixie'
import { PATIENCE_MS, type Scope } from '../support/scope'
import { startNode } from '../support/servers'
import { type Answered, MARK } from './innocent'
import { MemoryCgroup } from './memory-cgroup'

/** As the manifests and the unit have it. */
const MEMORY_LIMIT = 512 << 20
const POLL_MS = 500
const TICKS_PER_SECOND = 100

export interface Figures {
  readonly name: string
  /** What the attack did. */
  readonly did: string
  readonly asked: number
  readonly missing: readonly number[]
  /** The longest time from an answer to its row in a query; polled, so some 500 ms too long. */
  readonly longestDelayMs: number
  /** Queries of the innocent client that were refused because memory was short. */
  readonly refusedQueries: number
  /** Most resident memory meanwhile. */
  readonly peakMiB: number
  /** How often the capture thread was away from the ring for more than 50 ms, and for how long together. */
  readonly absences: number
  /** Of these, those in which the thread itself worked for so long. */
  readonly ownAbsences: number
  /** Of the others, those that were so long without the time in which the machine ran others. */
  readonly blockedAbsences: number
  readonly absentMs: number
  /** Of it, the time in which the thread waited, and the part of that in the store. */
  readonly waitedMs: number
  readonly diskMs: number
  /** Processor time a second, in parts of a core. */
  readonly cores: number
  /** The counters of losses, and of what was refused, that grew. */
  readonly lost: Readonly<Partial<Counters>>
}

/** The figures as a row of a table. */
export function line(figures: Figures): string {
  const { name, asked, missing, longestDelayMs, peakMiB, absentMs, cores, lost, did } = figures
  const { absences, ownAbsences, blockedAbsences, waitedMs, diskMs } = figures
  const losses = Object.entries(lost).map(([counter, count]) => `${counter} ${count}`)
  if (figures.refusedQueries > 0) losses.push(`refused queries ${figures.refusedQueries}`)
  return [
    name.padEnd(22),
    `${asked - missing.length}/${asked}`.padStart(9),
    `${(longestDelayMs / 1000).toFixed(1)} s`.padStart(7),
    `${peakMiB.toFixed(0)} MiB`.padStart(8),
    `${ownAbsences}/${blockedAbsences}/${absences}× ${(absentMs / 1000).toFixed(1)} s`.padStart(20),
    `${((waitedMs - diskMs) / 1000).toFixed(2)}+${(diskMs / 1000).toFixed(2)} s`.padStart(13),
    cores.toFixed(2).padStart(5),
    `  ${losses.join(', ') || 'nothing lost'} (${did})`,
  ].join(' ')
}

export class Stage {
  readonly nixie: Nixie
  readonly cgroup: MemoryCgroup
  readonly #log: string
  readonly #seen = new Set<number>()
  #longestDelayMs = 0
  #refusedQueries = 0
  #judged = 0

  private constructor(nixie: Nixie, cgroup: MemoryCgroup, log: string) {
    this.nixie = nixie
    this.cgroup = cgroup
    this.#log = log
  }

  static async open(scope: Scope): Promise<Stage> {
    const cgroup = new MemoryCgroup(scope, MEMORY_LIMIT)
    const server = await startNode(scope)
    const nixie = await Nixie.start(scope, { under: cgroup.under })
    const log = join(scope.dir, 'innocent.log')
    const innocent = spawn(
      process.execPath,
      [join(root, 'test/attack/innocent.ts'), String(server.port), log],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    scope.defer(() => innocent.kill('SIGKILL'))
    return new Stage(nixie, cgroup, log)
  }

  /** Runs the attack for so long and waits for the rows of the innocent client. */
  async suffer(name: string, ms: number): Promise<Figures> {
    const { nixie } = this
    const before = await nixie.status()
    const cpuBefore = cpuSeconds(nixie.pid)
    const from = performance.now()
    this.#longestDelayMs = 0
    this.#refusedQueries = 0
    writeFileSync(`/proc/${nixie.pid}/clear_refs`, '5')
    const attack = runAttack(name, ms)
    let did: string | undefined
    void attack.then((said) => {
      did = said
    })
    while (did === undefined) {
      await this.#look()
      await Bun.sleep(POLL_MS)
    }
    const cores = ((cpuSeconds(nixie.pid) - cpuBefore) * 1000) / (performance.now() - from)
    await attack
    const { asked, missing } = await this.#judge()
    const after = await nixie.status()
    return {
      name,
      did,
      asked,
      missing,
      longestDelayMs: Math.round(this.#longestDelayMs),
      refusedQueries: this.#refusedQueries,
      peakMiB: memoryMiB(nixie.pid, 'VmHWM'),
      absences: after.counters.absences - before.counters.absences,
      ownAbsences: after.counters.ownAbsences - before.counters.ownAbsences,
      blockedAbsences: after.counters.blockedAbsences - before.counters.blockedAbsences,
      absentMs: (after.counters.absentNs - before.counters.absentNs) / 1e6,
      waitedMs: (after.counters.absentBlockedNs - before.counters.absentBlockedNs) / 1e6,
      diskMs: (after.counters.absentDiskNs - before.counters.absentDiskNs) / 1e6,
      cores,
      lost: grown(before.counters, after.counters),
    }
  }

  /** Rows of the innocent that a query sees by now. */
  async #look(): Promise<void> {
    const answered = this.#answered()
    const rows = await this.#rows()
    const nowMs = Date.now()
    for (const { req_path } of rows) this.#seen.add(Number(/=(\d+);/.exec(String(req_path))?.[1]))
    const oldest = answered.find(({ n }) => n >= this.#judged && !this.#seen.has(n))
    if (oldest) this.#longestDelayMs = Math.max(this.#longestDelayMs, nowMs - oldest.ms)
  }

  /** A query that is refused because memory is short says "try again in a moment", so the next look does. */
  async #rows(): Promise<Row[]> {
    try {
      return await this.nixie.query(`import px
df = px.DataFrame(table='http_events', start_time='-3m')
df = df[px.contains(df.req_path, '${MARK}')]
px.display(df[['req_path']])
`)
    } catch (cause) {
      if (!messageOf(cause).includes('limit_exceeded')) throw cause
      this.#refusedQueries++
      return []
    }
  }

  /** Of what was answered since the last time: what has no row although there was time. */
  async #judge(): Promise<{ asked: number; missing: number[] }> {
    const answered = this.#answered().filter(({ n }) => n >= this.#judged)
    const last = answered.at(-1)?.n ?? this.#judged - 1
    // Rows that aren't there after so long don't come any more.
    const end = Date.now() + PATIENCE_MS
    const isMissing = () => answered.map(({ n }) => n).filter((n) => !this.#seen.has(n))
    await this.#look()
    while (isMissing().length > 0 && Date.now() < end) {
      await Bun.sleep(POLL_MS)
      await this.#look()
    }
    const missing = isMissing()
    this.#judged = last + 1
    return { asked: answered.length, missing }
  }

  /** In the order of their numbers. */
  #answered(): Answered[] {
    if (!existsSync(this.#log)) return []
    const lines = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Answered).sort((a, b) => a.n - b.n)
  }
}

/** Resolves with what it says that it did. */
function runAttack(name: string, ms: number): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [join(root, 'test/attack/attacker.ts'), name, String(ms)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 3 * ms + PATIENCE_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    child.on('error', failed)
    child.on('close', (code) =>
      code === 0 ? done(said.trim()) : failed(new Error(`the attack ${name} ended with ${code}`)),
    )
  })
}

/** Refused on purpose, though no loss of a message. */
const REFUSALS = new Set<CounterName>(['undecodedBodies', 'resets', 'evictedConnections'])

function grown(before: Counters, after: Counters): Partial<Counters> {
  const names = (Object.keys(COUNTERS) as CounterName[]).filter(
    (name) => 'loss' in COUNTERS[name] || REFUSALS.has(name),
  )
  return Object.fromEntries(
    names.map((name) => [name, after[name] - before[name]] as const).filter(([, count]) => count > 0),
  )
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function memoryMiB(pid: number, line: string): number {
  return (
    Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) /
    1024
  )
}
