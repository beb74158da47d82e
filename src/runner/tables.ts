/** Every table that Nixie records. */
import { PROTOCOLS } from '../protocols'
import { connStats } from '../records/conn-stats'
import { probeStatus } from '../records/probe-status'
import type { Table } from '../records/table'

export const TABLES: readonly Table[] = [...PROTOCOLS.flatMap((p) => p.tables), connStats, probeStatus]
