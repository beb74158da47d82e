/** TimeseriesChart of vis.json: a value over `time_`, a line per series. The browser draws it with uPlot. */
import type { Cell, ResultTable } from '../../src/runner/runner'
import { isTime, unitOf } from '../format'
import type { ChartData } from './drawn'

/** More lines than this can't be told apart: the largest are drawn, and the chart says so. */
const MOST_SERIES = 12

interface SeriesSpec {
  readonly value: string
  readonly series?: string
  readonly stacked: boolean
  readonly area: boolean
}

/** The entries of `displaySpec.timeseries` whose columns the table has. */
export function seriesSpecs(
  displaySpec: Readonly<Record<string, unknown>>,
  table: ResultTable,
): SeriesSpec[] {
  const entries = Array.isArray(displaySpec.timeseries) ? displaySpec.timeseries : []
  const has = (name: unknown): name is string => table.columns.some((c) => c.name === name)
  return entries.flatMap((entry: Record<string, unknown>) => {
    if (!has(entry.value)) return []
    return {
      value: entry.value,
      ...(has(entry.series) ? { series: entry.series } : {}),
      stacked: entry.stackBySeries === true,
      area: entry.mode === 'MODE_AREA',
    }
  })
}

const numberOf = (cell: Cell | undefined): number | null => {
  const value = cell === null || cell === undefined || cell === '' ? Number.NaN : Number(cell)
  return Number.isFinite(value) ? value : null
}

const secondsOf = (cell: Cell | undefined): number | null => {
  const ns = numberOf(cell)
  return ns === null ? null : Math.round(ns / 1e6) / 1e3
}

/** Undefined when the table has no time column. */
export function chartData(
  table: ResultTable,
  spec: SeriesSpec,
): { data: ChartData; left: number } | undefined {
  const column = (name: string | undefined) => table.columns.findIndex((c) => c.name === name)
  const timeAt = column('time_') >= 0 ? column('time_') : table.columns.findIndex(isTime)
  const valueAt = column(spec.value)
  if (timeAt < 0 || valueAt < 0) return undefined
  const seriesAt = column(spec.series)
  const { unit, scale } = unitOf(table.columns[valueAt]!.semantic)
  const points = new Map<string, Map<number, number>>()
  const times = new Set<number>()
  for (let row = 0; row < table.rows; row++) {
    const at = secondsOf(table.values[timeAt]![row])
    const value = numberOf(table.values[valueAt]![row])
    if (at === null || value === null) continue
    const label = seriesAt < 0 ? spec.value : String(table.values[seriesAt]![row] ?? '') || '(none)'
    times.add(at)
    let line = points.get(label)
    if (!line) {
      line = new Map()
      points.set(label, line)
    }
    line.set(at, value * scale)
  }
  const xs = [...times].sort((a, b) => a - b)
  const sum = (line: Map<number, number>) => [...line.values()].reduce((a, b) => a + b, 0)
  const lines = [...points].sort((a, b) => sum(b[1]) - sum(a[1]))
  // By name, so that a line keeps its place and colour when the data is refreshed.
  const largest = lines.slice(0, MOST_SERIES).sort(([a], [b]) => (a < b ? -1 : 1))
  const series = largest.map(([label, line]) => ({ label, ys: xs.map((x) => line.get(x) ?? null) }))
  return {
    data: { unit, stacked: spec.stacked, area: spec.area, xs, series },
    left: lines.length - series.length,
  }
}

export function Chart({ id, data, label }: { id: string; data: ChartData; label: string }) {
  return (
    <div
      id={id}
      class="chart"
      role="img"
      aria-label={label}
      data-chart={JSON.stringify(data)}
      hx-morph-skip-children=""
    />
  )
}

export function Timeseries({
  id,
  table,
  spec,
  title,
}: {
  id: string
  table: ResultTable
  spec: SeriesSpec
  title: string
}) {
  const chart = chartData(table, spec)
  if (!chart) return <p class="empty">This chart needs a time column; the table has none.</p>
  if (chart.data.xs.length === 0) return <p class="empty">No points in this time range.</p>
  return (
    <>
      <Chart
        id={id}
        data={chart.data}
        label={`${title}: ${spec.value} over time; the table below holds the numbers`}
      />
      {chart.left > 0 ? <p class="count">{chart.left} smaller series are only in the table.</p> : null}
    </>
  )
}
