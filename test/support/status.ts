import { lossesOf, promiseWords, type Status } from '../../src/api/status'
import { VERSION } from '../../src/api/version'
import { readConfig } from '../../src/config'
import type { BudgetState } from '../../src/health/budget'
import { newCounters } from '../../src/health/counters'

/** Capture without a budget that has seen nothing. */
export const NO_BUDGET: BudgetState = {
  processors: 1,
  share: 0,
  allowed: 1,
  used: 0,
  recorded: 0,
  shed: 0,
  pressure: 'none',
}

/** A status of a node that captures, with `changes` on top. */
export function statusOf(changes: Partial<Status> = {}): Status {
  const counters = {
    ...newCounters(),
    events: 42,
    drainNs: 1_500_000_000,
    ringLostEvents: 2,
    gaps: 3,
    parseFailures: 4,
    unpairedFrames: 1,
    shedRows: 6,
  }
  return {
    version: VERSION,
    ready: true,
    host: 'edge-1',
    asid: 1_483_868_138,
    kernel: '6.18.0',
    startedMs: 1_790_000_000_000,
    uptimeSeconds: 3725,
    config: readConfig({}, {}),
    probes: [
      {
        source: 'socket_tracer',
        name: 'socket',
        purpose: 'data of sockets',
        required: true,
        attached: true,
        error: '',
        hint: '',
      },
    ],
    capture: {
      running: true,
      silentSeconds: 0,
      longestAbsenceMs: 4,
      longestAbsenceQueuedMs: 0,
      longestAbsenceBlockedMs: 0,
      budget: NO_BUDGET,
    },
    tables: [
      {
        name: 'http_events',
        rows: 3,
        bytes: 120,
        span: 62_400,
        oldest: '1790000000000000001',
        newest: '1790000001000000000',
        promise: promiseWords(62_400, 86_400, true),
      },
    ],
    store: {
      path: '/var/lib/nixie/nixie.db',
      bytes: 4096,
      budgetBytes: 1 << 30,
      retentionSeconds: 86_400,
    },
    losses: lossesOf(counters),
    counters,
    rss: 64 << 20,
    ...changes,
  }
}
