/** nginx under load, without and beside each of the two: throughput, processor time, memory, and whether each request is known. */
import { availableParallelism } from 'node:os'
import type { Load } from '../../stage'
import { Stage } from '../../stage'
import type { Built } from '../against'
import {
  type Agent,
  against,
  type Beside,
  byDefault,
  type Compared,
  compare,
  each,
  unbounded,
} from '../agents'
import type { Figure } from '../figures'
import type { Section, Terms } from '../section'

const cpuOf = ({ cpu, requests }: Load) => (cpu / requests) * 1e6

const percentOfMachine = ({ agentCpu }: Beside, seconds: number) =>
  (agentCpu / seconds / availableParallelism()) * 100

const agentCpu = (found: Compared, aim: string): Figure => ({
  what: 'agent CPU, µs a request',
  aim,
  ...each(found, (it) => (it.agentCpu / it.load.requests) * 1e6),
})

const addedCpu = (found: Compared): Figure => ({
  what: 'CPU added to nginx and the load, µs a request',
  aim: '≤ 2',
  ...against(found, (it, without) => cpuOf(it.load) - without(cpuOf)),
})

const memory = (found: Compared, aim?: string): Figure => ({
  what: 'RSS, MiB',
  ...(aim ? { aim } : {}),
  digits: 0,
  ...each(found, (it) => it.rss),
})

/** Whether all is known that the client asked. */
const completeness = (found: Compared): Figure[] => [
  {
    what: 'requests with a row, %',
    ...each(found, (it) => (it.recorded / it.load.requests) * 100),
  },
  {
    what: 'recorded + shed − requests',
    aim: '0 but those under way',
    digits: 0,
    ...each(found, (it) => it.recorded + it.losses.shed - it.load.requests),
  },
  { what: 'events lost in the ring', aim: '0', digits: 0, ...each(found, (it) => it.losses.ring) },
  {
    what: '… since the start, the warm-up included',
    aim: '0',
    digits: 0,
    ...each(found, (it) => it.ringEver),
  },
  {
    what: 'other losses (holes, parsing)',
    aim: '0',
    digits: 0,
    ...each(found, (it) => it.losses.gaps + it.losses.parse),
  },
]

interface Saturation {
  readonly name: string
  readonly measures: string
  readonly start: (built: Built) => Agent
  readonly aim: string
}

function saturation({ name, measures, start, aim }: Saturation): Section {
  return {
    name,
    measures,
    pairs: 2,
    // What was saved before pays for the beginning: a part of this that gets smaller the longer it lasts.
    seconds: 8,
    async measure({ scope, before, now, pairs, seconds }: Terms) {
      const stage = await Stage.open(scope)
      const agents = { before: start(before), now: start(now) }
      const found = await compare(scope, stage, agents, (s) => stage.saturate(s), { pairs, seconds })
      const requests = found.without.map((load) => load.perSecond)
      return {
        figures: [
          {
            what: 'throughput with / without',
            aim,
            ...against(found, (it, without) => it.load.perSecond / without((load) => load.perSecond)),
          },
          { what: 'requests/s without', digits: 0, before: requests, now: requests },
          addedCpu(found),
          agentCpu(found, '≤ 3.2'),
          {
            what: 'agent CPU, % of the machine',
            digits: 1,
            ...each(found, (it) => percentOfMachine(it, seconds)),
          },
          memory(found),
          ...completeness(found),
        ],
        notes: now.hasBudget ? [] : ['the binary of now has no --cpu-budget: everything is captured'],
      }
    },
  }
}

function rate(perSecond: number, aims: { cpu: string; rss?: string }): Section {
  return {
    name: String(perSecond),
    measures: `${perSecond} requests a second`,
    pairs: 3,
    seconds: 4,
    async measure({ scope, before, now, pairs, seconds }: Terms) {
      const stage = await Stage.open(scope)
      const agents = { before: byDefault(before), now: byDefault(now) }
      const found = await compare(scope, stage, agents, (s) => stage.atRate(perSecond, s), { pairs, seconds })
      const added = (of: (load: Load) => number) => against(found, (it, without) => of(it.load) - without(of))
      return {
        figures: [
          agentCpu(found, aims.cpu),
          addedCpu(found),
          { what: 'p50 added, µs', digits: 0, ...added((load) => load.p50us) },
          { what: 'p99 added, µs', digits: 0, ...added((load) => load.p99us) },
          memory(found, aims.rss),
          ...completeness(found),
        ],
      }
    },
  }
}

export const LOADS: readonly Section[] = [
  saturation({
    name: 'saturation',
    measures: 'as many requests as go, with the settings that are the default',
    start: byDefault,
    aim: '≥ 0.88',
  }),
  saturation({
    name: 'everything',
    measures: 'as many requests as go, all of them captured (--cpu-budget off, where there is one)',
    start: unbounded,
    aim: '≥ 0.70',
  }),
  rate(2000, { cpu: '≤ 12' }),
  rate(10_000, { cpu: '≤ 5', rss: '≤ 110' }),
]
