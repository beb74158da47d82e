/** Nixies of two binaries, one after the other, and what a load does under each and under none. */
import type { Losses } from '../../../src/api/status'
import { Nixie } from '../../support/nixie'
import { Scope } from '../../support/scope'
import { cpuSeconds, type Load, rssMiB, type Stage } from '../stage'
import type { Built } from './against'

/** A binary and how it is started. */
export interface Agent {
  readonly built: Built
  readonly flags: readonly string[]
}

export const byDefault = (built: Built): Agent => ({ built, flags: [] })

/** With no bound on what it may take, where it has one. */
export const unbounded = (built: Built): Agent => ({
  built,
  flags: built.hasBudget ? ['--cpu-budget', 'off'] : [],
})

/** Runs `body` beside the agent, which has a data directory of its own and is gone at the end, also when that fails. */
export async function beside<T>(
  scope: Scope,
  { built, flags }: Agent,
  body: (nixie: Nixie) => Promise<T>,
): Promise<T> {
  const own = new Scope('bench-agent')
  scope.defer(() => own.close())
  try {
    const nixie = await Nixie.start(own, { program: built.program, flags })
    const result = await body(nixie)
    await nixie.stop()
    return result
  } finally {
    await own.close()
  }
}

/** An agent runs for days: what its compiler does in the first seconds isn't its cost. */
const WARM_UP_SECONDS = 6
/** Long enough for the second's append to be over. */
const SETTLE_MS = 1200

/** A load beside an agent. */
export interface Beside {
  readonly load: Load
  /** Processor seconds, until all was stored. */
  readonly agentCpu: number
  readonly rss: number
  /** Rows of http_events that came of it. */
  readonly recorded: number
  /** Counted meanwhile; `ringEver`: since its start, the warm-up included. */
  readonly losses: Losses
  readonly ringEver: number
}

type Drive = (seconds: number) => Promise<Load>

async function loaded(nixie: Nixie, port: number, drive: Drive, seconds: number): Promise<Beside> {
  await drive(WARM_UP_SECONDS)
  await Bun.sleep(SETTLE_MS)
  const rowsBefore = await nixie.countByPort(port)
  const lossesBefore = (await nixie.status()).losses
  await Bun.sleep(SETTLE_MS)
  const cpuBefore = cpuSeconds(nixie.pid)
  const load = await drive(seconds)
  const rss = rssMiB(nixie.pid)
  await Bun.sleep(SETTLE_MS)
  const agentCpu = cpuSeconds(nixie.pid) - cpuBefore
  const recorded = (await nixie.countByPort(port)) - rowsBefore
  const { losses } = await nixie.status()
  return { load, agentCpu, rss, recorded, losses: difference(lossesBefore, losses), ringEver: losses.ring }
}

function difference(before: Losses, after: Losses): Losses {
  const entries = Object.entries(after).map(([kind, count]) => [
    kind,
    count - (before[kind as keyof Losses] ?? 0),
  ])
  return Object.fromEntries(entries) as Losses
}

export interface Compared {
  /** One more than pairs times two: before, between and behind all agents. */
  readonly without: readonly Load[]
  readonly before: readonly Beside[]
  readonly now: readonly Beside[]
}

/** The load without an agent, beside the one, without, beside the other, without, … */
export async function compare(
  scope: Scope,
  stage: Stage,
  agents: { before: Agent; now: Agent },
  drive: Drive,
  { pairs, seconds }: { pairs: number; seconds: number },
): Promise<Compared> {
  const found = { without: [] as Load[], before: [] as Beside[], now: [] as Beside[] }
  for (let i = 0; i < pairs; i++) {
    for (const which of ['before', 'now'] as const) {
      found.without.push(await drive(seconds))
      found[which].push(await beside(scope, agents[which], (it) => loaded(it, stage.port, drive, seconds)))
    }
  }
  found.without.push(await drive(seconds))
  return found
}

/** Each load beside an agent against the mean of its two neighbours without one. */
export function against(
  { without, before, now }: Compared,
  ratio: (beside: Beside, without: (of: (load: Load) => number) => number) => number,
): { before: number[]; now: number[] } {
  const each = (them: readonly Beside[], offset: number) =>
    them.map((it, i) => {
      const [one, other] = [without[2 * i + offset]!, without[2 * i + offset + 1]!]
      return ratio(it, (of) => (of(one) + of(other)) / 2)
    })
  return { before: each(before, 0), now: each(now, 1) }
}

export function each({ before, now }: Compared, value: (beside: Beside) => number) {
  return { before: before.map(value), now: now.map(value) }
}
