/** The answer of `GET /api/status`: whether Nixie captures, what is kept, what was lost. */
import type { Config } from '../config'
import { type BudgetState, sampledWords } from '../health/budget'
import { COUNTER_NAMES, COUNTERS, type Counters } from '../health/counters'
import type { ProbeStatus } from '../health/probe-status'
import {
  boolean,
  component,
  EPOCH_NS,
  integer,
  list,
  mapOf,
  number,
  object,
  oneOf,
  optional,
  raw,
  type Static,
  schemaOf,
  string,
} from './schema'

const TableStatus = object({
  name: string(),
  rows: integer('Where little comes, without those of the last minute: /api/store has all'),
  bytes: integer('Compressed, on disk'),
  span: number('Seconds between the oldest and the newest row'),
  oldest: EPOCH_NS,
  newest: EPOCH_NS,
  promise: string('How far back the table reaches, in words'),
})
export type TableStatus = Static<typeof TableStatus>

/** Events, messages and rows that are not in the store although they happened. */
const Losses = object({
  ring: integer(),
  missed: integer(),
  gaps: integer(),
  parse: integer(),
  shed: integer(),
  gone: integer(),
  names: integer('Of processes'),
})
export type Losses = Static<typeof Losses>

const ClusterStatus = object({
  synced: boolean('Every kind of object has been listed at least once'),
  objects: mapOf(integer(), 'Living objects by kind'),
  errors: mapOf(string(), "Kinds that can't be followed, and why"),
})
export type ClusterStatus = Static<typeof ClusterStatus>

const Probe = schemaOf<ProbeStatus>()(
  object({
    source: string('The source of rows that it feeds'),
    name: string(),
    purpose: string('What is missing when it is not there'),
    required: boolean('Nixie does not capture without it'),
    attached: boolean(),
    error: string("Errno name and the verifier's or kernel's words; empty when attached"),
    hint: string('What to do about it'),
    unread: optional(boolean("It is a program that can't be read, and no probe")),
  }),
)

const Budget = schemaOf<BudgetState>()(
  object({
    processors: integer(),
    share: number('Part of the machine that capture may take; 0: no limit'),
    allowed: number('What it may take at the moment: less while others want the processors'),
    used: number('What it takes'),
    recorded: integer('Exchanges of the last ten seconds that made rows'),
    shed: integer('Exchanges of the last ten seconds that were only counted'),
    pressure: oneOf(['none', 'budget', 'busy', 'ring']),
  }),
)

const CaptureStatus = object({
  running: boolean('A thread captures; its probes may be refused all the same'),
  error: optional(string('Why rows are missing at the moment')),
  silentSeconds: number('Since its last sign of life, in which no row came in; 0 while it gives any'),
  longestAbsenceMs: number('Longest time of the last minute in which it did not look at the ring'),
  longestAbsenceQueuedMs: number(
    'Of it, time in which it was ready to run and the machine ran other programs',
  ),
  longestAbsenceBlockedMs: number(
    'Of it, time in which it waited for the disk, for memory, or for another thread of Nixie; the rest is its own work',
  ),
  budget: Budget,
})

const StoreStatus = object({
  path: string(),
  bytes: integer(),
  budgetBytes: integer(),
  retentionSeconds: number(),
  error: optional(string('Why rows are refused at the moment, and what to do')),
  unreadable: optional(
    string('Why what is stored cannot be read at the moment, and what to do; there are no tables then'),
  ),
})

const Shape = object({
  version: string(),
  ready: boolean('Capture runs and data of sockets arrives'),
  host: string(),
  asid: integer(
    'The number of this agent, with which its upids begin. Two nodes with one number are copies that nothing tells apart',
  ),
  kernel: string('Its release'),
  startedMs: integer('Epoch milliseconds'),
  uptimeSeconds: number(),
  config: raw<Config>({
    type: 'object',
    description: 'Settings as they run; paths of secrets only, never their content',
  }),
  probes: list(Probe),
  capture: CaptureStatus,
  tables: list(TableStatus),
  store: StoreStatus,
  kubernetes: optional(ClusterStatus),
  losses: Losses,
  counters: raw<Counters>(
    object(Object.fromEntries(COUNTER_NAMES.map((name) => [name, number(COUNTERS[name].help)]))),
  ),
  rss: integer('Resident memory in bytes'),
})
export const STATUS = component('Status', Shape)
export type Status = Readonly<Static<typeof Shape>>

export interface CaptureState {
  readonly word: string
  readonly mood: 'good' | 'warn' | 'bad'
}

/**
 * The state of capture in a word or two. `losing`: whether rows are being lost now; by default whether any were lost
 * since the start.
 */
export function captureState(status: Status, losing?: boolean): CaptureState {
  const { silentSeconds } = status.capture
  if (silentSeconds > 0) return { word: `no rows for ${durationWords(silentSeconds)}`, mood: 'bad' }
  if (status.store.error !== undefined) return { word: 'rows are not stored', mood: 'bad' }
  if (status.store.unreadable !== undefined) return { word: 'the store cannot be read', mood: 'bad' }
  if (!status.ready) return { word: 'not capturing', mood: 'bad' }
  const sampled = sampledWords(status.capture.budget)
  if (sampled !== undefined) return { word: sampled, mood: 'warn' }
  const lossy = losing ?? Object.values(status.losses).some((n) => n > 0)
  return lossy ? { word: 'capturing, with losses', mood: 'warn' } : { word: 'capturing', mood: 'good' }
}

/** The sums of the counters that declare a loss. */
export function lossesOf(counters: Readonly<Partial<Counters>>): Losses {
  const losses = { ring: 0, missed: 0, gaps: 0, parse: 0, shed: 0, gone: 0, names: 0 }
  for (const name of COUNTER_NAMES) {
    const { loss } = COUNTERS[name]
    if (loss) losses[loss] += counters[name] ?? 0
  }
  return losses
}

const UNITS = [
  ['d', 86400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const

/** Seconds in the two largest units that say something: `17 h 20 m`, `45 s`. */
export function durationWords(seconds: number): string {
  let rest = Math.floor(Math.max(0, seconds))
  const parts: string[] = []
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ') || '0 s'
}

/** How far back a table reaches; `budgetBound`: rows younger than the retention were expired to keep the disk budget. */
export function promiseWords(span: number, retentionSeconds: number, budgetBound: boolean): string {
  if (!budgetBound) return `${durationWords(span)} kept`
  return `${durationWords(span)} kept of ${durationWords(retentionSeconds)}: the disk budget is full`
}
