/** Every table that scripts can read. */
import { KNOWN } from '../protocols/known'
import { jvmStats } from '../records/jvm-stats'
import { procExitEvents } from '../records/proc-exit-events'
import { stackTraces } from '../records/stack-traces'
import { stirlingError } from '../records/stirling-error'
import type { Table } from '../records/table'
import { tcpStatsEvents } from '../records/tcp-stats-events'
import { SOURCES } from '.'

/** Tables that Pixie's scripts read: they exist even without rows. */
const OF_PIXIE: readonly Table[] = [
  ...KNOWN.flatMap((protocol) => protocol.tables),
  jvmStats,
  procExitEvents,
  stackTraces,
  stirlingError,
  tcpStatsEvents,
]

/** Tables that a source fills. */
export const RECORDED: readonly Table[] = [...new Set(SOURCES.flatMap((source) => source.tables))]

/** Tables that no source fills yet: scripts that read them run, and get a warning. */
export const EMPTY: readonly Table[] = [...new Set(OF_PIXIE)].filter((table) => !RECORDED.includes(table))

export const TABLES: readonly Table[] = [...RECORDED, ...EMPTY]
