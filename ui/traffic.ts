/** Data of the overview: servers in the last minute, and the course of the last five minutes. */
import { type ErrorShape, NixieError } from '../src/errors'
import { run } from '../src/runner/result'
import type { Cell, ResultTable, Runner } from '../src/runner/runner'
import type { ClusterTraffic } from './pages/cluster'
import CLUSTER from './pages/cluster.pxl' with { type: 'text' }
import MAP from './pages/map.pxl' with { type: 'text' }
import OVERVIEW from './pages/overview.pxl' with { type: 'text' }
import TIMELINE from './pages/timeline.pxl' with { type: 'text' }
import type { ChartData } from './widgets/drawn'

export interface Traffic {
  /** HTTP by server, the busiest first. */
  readonly services: ResultTable | undefined
  /** Bytes by process, the busiest first. */
  readonly processes: ResultTable | undefined
  /** Per second; undefined when nothing was seen. */
  readonly requests: number | undefined
  /** Share of the requests, 0 to 1. */
  readonly errors: number
}

const values = (table: ResultTable, name: string): readonly Cell[] =>
  table.values[table.columns.findIndex((column) => column.name === name)] ?? []

/** The table without a column that is empty in every row. */
function withoutEmpty(table: ResultTable, name: string): ResultTable {
  const index = table.columns.findIndex((column) => column.name === name)
  if (index < 0 || table.values[index]!.some((cell) => cell !== '')) return table
  const others = (_: unknown, i: number) => i !== index
  return { ...table, columns: table.columns.filter(others), values: table.values.filter(others) }
}

/** The last minute, or why it can't be read. Never rejects. */
export async function trafficOf(
  runner: Pick<Runner, 'stream'>,
  signal: AbortSignal,
): Promise<Traffic | ErrorShape> {
  try {
    const { tables } = await run(runner, { text: OVERVIEW }, { signal })
    const services = tables.find(({ name }) => name === 'services')
    const rates = services ? values(services, 'requests').map((rate) => Number(rate) * 1e9) : []
    const shares = services ? values(services, 'errors').map(Number) : []
    const requests = rates.reduce((sum, rate) => sum + rate, 0)
    const failed = rates.reduce((sum, rate, i) => sum + rate * (shares[i] ?? 0), 0)
    return {
      services: services && withoutEmpty(services, 'asked by'),
      processes: tables.find(({ name }) => name === 'processes'),
      requests: requests > 0 ? requests : undefined,
      errors: requests > 0 ? failed / requests : 0,
    }
  } catch (cause) {
    return NixieError.from(cause).shape
  }
}

/** Rows by a column of numbers, the largest first. */
function byNumber(table: ResultTable, name: string): ResultTable {
  const numbers = values(table, name).map(Number)
  const order = numbers.map((_, row) => row).sort((a, b) => numbers[b]! - numbers[a]!)
  return { ...table, values: table.values.map((column) => order.map((row) => column[row]!)) }
}

/** Five minutes of the cluster's HTTP, or why they can't be read. Never rejects. */
export async function clusterTraffic(
  runner: Pick<Runner, 'stream'>,
  signal: AbortSignal,
): Promise<ClusterTraffic | ErrorShape> {
  try {
    const { tables } = await run(runner, { text: MAP + CLUSTER }, { signal })
    const services = tables.find(({ name }) => name === 'services')
    return {
      map: tables.find(({ name }) => name === 'map'),
      services: services && byNumber(services, 'requests'),
      hostProcesses: tables.find(({ name }) => name === 'host processes'),
    }
  } catch (cause) {
    return NixieError.from(cause).shape
  }
}

/** Requests between processes of this host; undefined when there are none, or they can't be read. */
export async function hostMap(
  runner: Pick<Runner, 'stream'>,
  signal: AbortSignal,
): Promise<ResultTable | undefined> {
  const { tables } = await run(runner, { text: MAP }, { signal }).catch(() => ({ tables: [] }))
  const map = tables.find(({ name }) => name === 'map')
  return map && where(map, 'requestor_pod', (name) => name !== '')
}

/** The rows whose cell in the column is one of the given values. */
function where(table: ResultTable, name: string, wanted: (cell: Cell) => boolean): ResultTable {
  const rows = values(table, name).flatMap((cell, row) => (wanted(cell) ? [row] : []))
  return {
    ...table,
    rows: rows.length,
    values: table.values.map((column) => rows.map((row) => column[row]!)),
  }
}

const STEP_SECONDS = 5
const STEPS = 60

/**
 * Requests and errors per second; undefined when there is nothing to draw, or it can't be read.
 * @param startedMs epoch milliseconds since when a step without a request means that there was none
 */
export async function timelineOf(
  runner: Pick<Runner, 'stream'>,
  nowMs: number,
  startedMs: number,
  signal: AbortSignal,
): Promise<ChartData | undefined> {
  const { tables } = await run(runner, { text: TIMELINE }, { signal }).catch(() => ({ tables: [] }))
  const table = tables[0]
  if (!table || table.rows === 0) return undefined
  const rowAt = new Map(
    values(table, 'time_').map((ns, row) => [Number(BigInt(ns as string) / 10n ** 9n), row]),
  )
  // The last step is still incomplete, and would look like a drop.
  const end = Math.floor(nowMs / 1000 / STEP_SECONDS) * STEP_SECONDS
  const xs = Array.from({ length: STEPS }, (_, i) => end - (STEPS - i) * STEP_SECONDS)
  const perSecond = (name: string) => {
    const counts = values(table, name)
    return xs.map((x) => {
      const row = rowAt.get(x)
      if (row !== undefined) return Number(counts[row]) / STEP_SECONDS
      return x * 1000 >= startedMs ? 0 : null
    })
  }
  return {
    unit: 'per_s',
    stacked: false,
    area: true,
    xs,
    series: [
      { label: 'errors', ys: perSecond('errors'), tone: 'bad' },
      { label: 'requests', ys: perSecond('requests') },
    ],
  }
}
