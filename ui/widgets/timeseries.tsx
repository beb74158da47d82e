/** TimeseriesChart of vis.json: a value over `time_`, a line per series. The browser draws it with uPlot. */

import { type Fields, isObject } from '../../src/json'
import type { Cell, ResultTable } from '../../src/runner/runner'
import { CHARTS } from '../assets'
import { isTime, unitOf } from '../format'
import type { ChartData } from './drawn'
import { reach } from './presets'

/** More lines than this can't be told apart: the largest are drawn, and the chart says so. */
const MOST_SERIES = 12

interface SeriesSpec {
  /** Columns; several are lines of their own, and then there is no `series`. */
  readonly values: readonly string[]
  readonly series?: string
  readonly stacked: boolean
  readonly area: boolean
}

/** One chart for each entry of `displaySpec.timeseries` whose columns the table has; values of one unit share a chart. */
export function seriesSpecs(displaySpec: Fields, table: ResultTable): SeriesSpec[] {
  const entries = Array.isArray(displaySpec.timeseries) ? displaySpec.timeseries : []
  const has = (name: unknown): name is string => table.columns.some((c) => c.name === name)
  const unit = (name: string) => unitOf(table.columns.find((c) => c.name === name)!.semantic).unit
  const charts: SeriesSpec[] = []
  for (const entry of entries) {
    if (!isObject(entry) || !has(entry.value)) continue
    const { value, series } = entry
    const stacked = entry.stackBySeries === true
    const area = entry.mode === 'MODE_AREA'
    const known = charts.findIndex(
      (c) => !c.series && c.stacked === stacked && c.area === area && unit(c.values[0]!) === unit(value),
    )
    if (has(series)) charts.push({ values: [value], series, stacked, area })
    else if (known < 0) charts.push({ values: [value], stacked, area })
    else charts[known] = { ...charts[known]!, values: [...charts[known]!.values, value] }
  }
  return charts
}

const numberOf = (cell: Cell | undefined): number | null => {
  const value = cell === null || cell === undefined || cell === '' ? Number.NaN : Number(cell)
  return Number.isFinite(value) ? value : null
}

const secondsOf = (cell: Cell | undefined): number | null => {
  const ns = numberOf(cell)
  return ns === null ? null : Math.round(ns / 1e6) / 1e3
}

type Lines = Map<string, Map<number, number>>

/** Removes a namespace that all labels share: the page tells it. */
function shortLabels(labels: readonly string[]): readonly string[] {
  const prefix = /^[^/]+\//.exec(labels[0] ?? '')?.[0]
  if (!prefix || labels.length < 2) return labels
  return labels.every((l) => l.startsWith(prefix)) ? labels.map((l) => l.slice(prefix.length)) : labels
}

/** Undefined when the table has no time column. */
export function chartData(
  table: ResultTable,
  spec: SeriesSpec,
): { data: ChartData; left: number } | undefined {
  const column = (name: string | undefined) => table.columns.findIndex((c) => c.name === name)
  const timeAt = column('time_') >= 0 ? column('time_') : table.columns.findIndex(isTime)
  const valuesAt = spec.values.map(column)
  if (timeAt < 0 || valuesAt.some((at) => at < 0)) return undefined
  const seriesAt = column(spec.series)
  const { unit, scale } = unitOf(table.columns[valuesAt[0]!]!.semantic)
  const lines: Lines = new Map()
  const times = new Set<number>()
  for (let row = 0; row < table.rows; row++) {
    const at = secondsOf(table.values[timeAt]![row])
    if (at === null) continue
    for (const [i, valueAt] of valuesAt.entries()) {
      const value = numberOf(table.values[valueAt]![row])
      if (value === null) continue
      const label = seriesAt < 0 ? spec.values[i]! : String(table.values[seriesAt]![row] ?? '') || '(none)'
      times.add(at)
      const line = lines.get(label) ?? new Map<number, number>()
      lines.set(label, line.set(at, value * scale))
    }
  }
  const xs = [...times].sort((a, b) => a - b)
  const sum = (line: Map<number, number>) => [...line.values()].reduce((a, b) => a + b, 0)
  const sorted = [...lines].sort((a, b) => sum(b[1]) - sum(a[1]))
  // By name, so that a line keeps its place and colour when the data is refreshed.
  const largest = sorted.slice(0, MOST_SERIES).sort(([a], [b]) => (a < b ? -1 : 1))
  const labels = shortLabels(largest.map(([label]) => label))
  const series = largest.map(([, line], i) => ({ label: labels[i]!, ys: xs.map((x) => line.get(x) ?? null) }))
  return {
    data: { unit, stacked: spec.stacked, area: spec.area, xs, series },
    left: sorted.length - series.length,
  }
}

export function Chart({ id, data, label }: { id: string; data: ChartData; label: string }) {
  return (
    <div
      id={id}
      class="chart"
      role="img"
      aria-label={label}
      data-script={CHARTS.path}
      data-chart={JSON.stringify(data)}
      hx-morph-skip-children=""
    />
  )
}

const FEWEST_BINS = 5

/**
 * Removes the first and the last time if the range cuts their bins: the count of half a bin looks like a drop.
 * `start` is the view's argument; with an absolute one only the bin that is still filling is removed.
 */
export function wholeBins(data: ChartData, start: string | undefined, nowMs: number): ChartData {
  const { xs, series } = data
  const step = xs.slice(1).reduce((least, x, i) => Math.min(least, x - xs[i]!), Number.POSITIVE_INFINITY)
  if (start === undefined || xs.length < FEWEST_BINS || step < 1 || xs.some((x) => x % step !== 0))
    return data
  const back = reach(start)
  const from = back !== undefined && xs[0]! < nowMs / 1000 - back ? 1 : 0
  const to = xs.at(-1)! + step > nowMs / 1000 ? xs.length - 1 : xs.length
  return { ...data, xs: xs.slice(from, to), series: series.map((s) => ({ ...s, ys: s.ys.slice(from, to) })) }
}

interface TimeseriesProps {
  readonly id: string
  readonly table: ResultTable
  readonly spec: SeriesSpec
  readonly title: string
  readonly start?: string | undefined
}

export function Timeseries({ id, table, spec, title, start }: TimeseriesProps) {
  const chart = chartData(table, spec)
  if (!chart) return <p class="empty">This chart needs a time column; the table has none.</p>
  if (chart.data.xs.length === 0) return <p class="empty">Nothing of it in this time range.</p>
  return (
    <>
      <Chart
        id={id}
        data={wholeBins(chart.data, start, Date.now())}
        label={`${title}: ${spec.values.join(', ')} over time; the table below holds the numbers`}
      />
      {chart.left > 0 ? <p class="count">{chart.left} smaller series are only in the table.</p> : null}
    </>
  )
}
