/** HistogramChart and BarChart of vis.json, drawn by the server: bars need no script. */
import type { Fields } from '../../src/json'
import type { Cell, ResultTable } from '../../src/runner/runner'
import { unitOf } from '../format'
import { count, inUnit } from '../units'
import { inner } from './spec'

const MOST_BARS = 30
const DEFAULT_BINS = 10

interface Bar {
  readonly label: string
  readonly value: number
}

const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined

function columnOf(table: ResultTable, name: unknown): { index: number; values: readonly Cell[] } | undefined {
  const index = table.columns.findIndex((c) => c.name === name)
  return index < 0 ? undefined : { index, values: table.values[index]! }
}

/** The next larger of 1, 2, 5, 10, 20, …: round limits of bins. */
function round(step: number): number {
  if (!(step > 0)) return 0
  const size = 10 ** Math.floor(Math.log10(step))
  return size * [1, 2, 5, 10].find((n) => n * size >= step * (1 - 1e-9))!
}

/** Up to `maxbins` bins over the range of the values, none narrower than `minstep`; `prebinCount` weighs the rows. */
export function histogramBars(table: ResultTable, displaySpec: Fields): Bar[] | undefined {
  const { value, prebinCount, maxbins, minstep } = inner(displaySpec, 'histogram')
  const column = columnOf(table, value)
  if (!column) return undefined
  const weights = columnOf(table, prebinCount)?.values
  const values = column.values.map(Number)
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return []
  const low = finite.reduce((a, b) => Math.min(a, b))
  const high = finite.reduce((a, b) => Math.max(a, b))
  const bins = Math.min(positive(maxbins) ?? DEFAULT_BINS, MOST_BARS)
  const step = Math.max(round((high - low) / bins), positive(minstep) ?? 0) || 1
  const start = Math.floor(low / step) * step
  const sums = new Array<number>(Math.floor((high - start) / step) + 1).fill(0)
  values.forEach((v, row) => {
    if (Number.isFinite(v)) sums[Math.floor((v - start) / step)]! += weights ? Number(weights[row]) || 0 : 1
  })
  const { unit, scale } = unitOf(table.columns[column.index]!.semantic)
  return sums.map((sum, i) => ({
    label: `${inUnit(unit, (start + i * step) * scale)} – ${inUnit(unit, (start + (i + 1) * step) * scale)}`,
    value: sum,
  }))
}

/** A bar per row, largest first. */
export function rowBars(table: ResultTable, displaySpec: Fields): Bar[] | undefined {
  const { value, label } = inner(displaySpec, 'bar')
  const values = columnOf(table, value)?.values
  const labels = columnOf(table, label)?.values
  if (!values || !labels) return undefined
  return values
    .map((v, row) => ({ label: String(labels[row] ?? ''), value: Number(v) || 0 }))
    .sort((a, b) => b.value - a.value)
}

export function Bars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const shown = bars.slice(0, MOST_BARS)
  const most = shown.reduce((a, b) => Math.max(a, b.value), 0) || 1
  if (shown.length === 0) return <p class="empty">No values in this time range.</p>
  return (
    <>
      <table class="bars" aria-label={label}>
        <tbody>
          {shown.map((bar) => (
            <tr>
              <th scope="row">{bar.label}</th>
              <td>
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={Math.max(0, (100 * bar.value) / most).toFixed(2)} height="8" />
                </svg>
              </td>
              <td class="num">{count(bar.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {bars.length > shown.length ? (
        <p class="count">{bars.length - shown.length} more are in the table.</p>
      ) : null}
    </>
  )
}
