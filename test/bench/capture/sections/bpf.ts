/**
 * What a request costs in the kernel's programs, as the kernel counts it (its counting included), with as many requests as go:
 * with both ends on the node, and with a client of elsewhere. A 32-bit program stands in for that one: Nixie passes its calls
 * by as soon as it sees them, and what that takes is in the figure.
 */
import { type Load, Stage } from '../../stage'
import { type Agent, beside, unbounded } from '../agents'
import type { Figure } from '../figures'
import { countRuns, programNames, type Runs, runsBetween, runsOf, total } from '../programs'
import type { Section, Terms } from '../section'

const WARM_UP_SECONDS = 2
const SETTLE_MS = 1200
const BITS_32 = process.arch === 'arm64' ? 'arm' : '386'

interface Cost {
  readonly requests: number
  /** Of them, those that have a row: what is cheap as nothing is captured is no figure. */
  readonly recorded: number
  readonly runs: readonly { name: string; ran: Runs }[]
}

interface Place {
  readonly stage: Stage
  readonly drive: (seconds: number) => Promise<Load>
}

function named(runs: ReadonlyMap<number, Runs>): Cost['runs'] {
  const names = programNames()
  return [...runs].map(([id, ran]) => ({ name: names.get(id) ?? String(id), ran }))
}

const costOf = ({ scope, seconds }: Terms, { stage, drive }: Place, agent: Agent): Promise<Cost> =>
  beside(scope, agent, async (nixie) => {
    await drive(WARM_UP_SECONDS)
    await Bun.sleep(SETTLE_MS)
    const rowsBefore = await nixie.countByPort(stage.port)
    const before = runsOf(nixie.pid)
    const { requests } = await drive(seconds)
    const runs = named(runsBetween(before, runsOf(nixie.pid)))
    await Bun.sleep(SETTLE_MS)
    const recorded = (await nixie.countByPort(stage.port)) - rowsBefore
    return { requests, recorded, runs }
  })

const perRequest = (cost: Cost, of: (runs: Runs) => number) => of(sum(cost)) / cost.requests
const sum = ({ runs }: Cost) => total(runs.map(({ ran }) => ran))

type Costs = Record<'before' | 'now', Cost[]>

function figures(where: string, aim: string, costs: Costs): Figure[] {
  const both = (value: (cost: Cost) => number) => ({
    before: costs.before.map(value),
    now: costs.now.map(value),
  })
  return [
    { what: `${where}: BPF, µs a request`, aim, ...both((cost) => perRequest(cost, ({ ns }) => ns / 1000)) },
    { what: `${where}: ns a run`, digits: 0, ...both((cost) => sum(cost).ns / sum(cost).count) },
    { what: `${where}: runs a request`, ...both((cost) => perRequest(cost, ({ count }) => count)) },
    {
      what: `${where}: requests with a row, %`,
      digits: 1,
      ...both((cost) => (cost.recorded / cost.requests) * 100),
    },
    { what: `${where}: runs left out`, aim: '0', digits: 0, ...both((cost) => sum(cost).missed) },
  ]
}

/** Which programs it was, of the last pair. */
function breakdown(where: string, costs: Costs): string[] {
  return (['before', 'now'] as const).flatMap((which) => {
    const cost = costs[which].at(-1)
    if (!cost) return []
    const dear = cost.runs.filter(({ ran }) => ran.count > cost.requests / 100)
    const said = dear
      .sort((a, b) => b.ran.ns - a.ran.ns)
      .map(
        ({ name, ran: { count, ns } }) =>
          `${name} ${(count / cost.requests).toFixed(2)} × ${(ns / count).toFixed(0)} ns`,
      )
    return [`${where}, ${which}: ${said.join(', ')}`]
  })
}

export const BPF: Section = {
  name: 'bpf',
  measures: 'what a request takes in the kernel’s programs (everything captured)',
  pairs: 3,
  seconds: 3,
  async measure(terms: Terms) {
    const { scope, before, now, pairs } = terms
    const [wrk, foreign] = [await Stage.open(scope), await Stage.open(scope, BITS_32)]
    const places = [
      { where: 'both ends', aim: '≤ 1.2', stage: wrk, drive: (s: number) => wrk.saturate(s) },
      {
        where: 'server’s end only',
        aim: '≤ 0.7',
        stage: foreign,
        drive: (s: number) => foreign.atRate(0, s),
      },
    ].map((place) => ({ ...place, costs: { before: [], now: [] } as Costs }))
    countRuns(scope)
    for (let i = 0; i < pairs; i++) {
      for (const place of places) {
        place.costs.before.push(await costOf(terms, place, unbounded(before)))
        place.costs.now.push(await costOf(terms, place, unbounded(now)))
      }
    }
    return {
      figures: places.flatMap(({ where, aim, costs }) => figures(where, aim, costs)),
      notes: places.flatMap(({ where, costs }) => breakdown(where, costs)),
    }
  },
}
