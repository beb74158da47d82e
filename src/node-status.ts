/** The status of this node, of what its threads report and its store holds. */
import { release } from 'node:os'
import { lossesOf, promiseWords, type Status, type TableStatus } from './api/status'
import { VERSION } from './api/version'
import type { Capture } from './capture/client'
import type { Config } from './config'
import { errorLine, NixieError } from './errors'
import { addCounters } from './health/counters'
import { agentId } from './metadata/agent-id'
import type { ReadableStore, TableInfo } from './store/store'

/** A table's span may fall this short of the retention before the disk budget is named as the reason. */
const SPAN_SLACK_SECONDS = 600

function tableStatus(
  info: TableInfo,
  retention: number,
  startedMs: number,
  expiredRows: number,
): TableStatus {
  const span = info.oldestNs === undefined ? 0 : Number(info.newestNs! - info.oldestNs) / 1e9
  const reached = info.oldestNs === undefined ? 0 : (Date.now() - Number(info.oldestNs / 1_000_000n)) / 1000
  const budgetBound =
    expiredRows > 0 && reached < retention - SPAN_SLACK_SECONDS && (Date.now() - startedMs) / 1000 > reached
  return {
    name: info.name,
    rows: info.rows,
    bytes: info.bytes,
    span,
    oldest: info.oldestNs?.toString() ?? null,
    newest: info.newestNs?.toString() ?? null,
    promise: promiseWords(reached, retention, budgetBound),
  }
}

function tablesOf(store: Pick<ReadableStore, 'tables'>): {
  tables: readonly TableInfo[]
  unreadable?: string
} {
  try {
    return { tables: store.tables() }
  } catch (cause) {
    return { tables: [], unreadable: errorLine(NixieError.from(cause)) }
  }
}

/**
 * Answers without the query thread, so that a long query can't keep it; and without the store where that can't be read:
 * then above all there is something to say.
 */
export function statusOf(
  config: Config,
  capture: Pick<Capture, 'report' | 'life'>,
  store: Pick<ReadableStore, 'tables'>,
  startedMs: number,
  local: () => object,
): Status {
  const { report } = capture
  const counters = addCounters([report.counters, local()])
  const storeError = report.storeError && errorLine(NixieError.fromShape(report.storeError))
  const { silentMs, error: ended } = capture.life
  const error = ended ?? storeError
  const { tables, unreadable } = tablesOf(store)
  return {
    version: VERSION,
    ready: report.ready && error === undefined && unreadable === undefined,
    host: config.nodeName,
    asid: agentId(config.nodeName),
    kernel: release(),
    startedMs,
    uptimeSeconds: Math.floor(process.uptime()),
    config: { ...config, ...report.settings },
    probes: report.probes,
    capture: {
      running: ended === undefined && config.capture,
      ...(error ? { error } : {}),
      silentSeconds: Math.round(silentMs / 100) / 10,
      longestAbsenceMs: report.longestAbsenceMs,
      longestAbsenceQueuedMs: report.longestAbsenceQueuedMs,
      longestAbsenceBlockedMs: report.longestAbsenceBlockedMs,
      budget: report.budget,
    },
    tables: tables.map((t) => tableStatus(t, config.retention, startedMs, counters.expiredRows)),
    store: {
      path: config.dataDir,
      bytes: report.fileBytes,
      budgetBytes: report.budgetBytes,
      retentionSeconds: config.retention,
      ...(storeError ? { error: storeError } : {}),
      ...(unreadable ? { unreadable } : {}),
    },
    losses: lossesOf(counters),
    counters,
    rss: process.memoryUsage.rss(),
  }
}
