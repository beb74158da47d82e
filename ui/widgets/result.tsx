/** The result of a run: the widgets that vis.json asks for, or every table by its name. */
import type { ResultTable, RunResult, Widget } from '../../src/runner/runner'
import { bytes, count } from '../units'
import { Bars, histogramBars, rowBars } from './bars'
import { type Place, TableWidget } from './table'
import { seriesSpecs, Timeseries } from './timeseries'

/** `px.vispb.TimeseriesChart` → `TimeseriesChart`. */
function kindOf(widget: Widget): string {
  const type = widget.displaySpec['@type']
  return typeof type === 'string'
    ? type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('/')) + 1)
    : ''
}

function Numbers({ table, place }: { table: ResultTable; place: Place }) {
  return (
    <details id={`numbers-${table.name}`}>
      <summary>Table {table.name}</summary>
      <TableWidget table={table} place={place} />
    </details>
  )
}

function WidgetBody({
  widget,
  table,
  place,
  id,
}: {
  widget: Widget
  table: ResultTable
  place: Place
  id: string
}) {
  const kind = kindOf(widget)
  const title = widget.name || table.name
  if (kind === 'Table') return <TableWidget table={table} place={place} caption={title} />
  if (kind === 'TimeseriesChart') {
    const specs = seriesSpecs(widget.displaySpec, table)
    return specs.length === 0 ? (
      <p class="empty">The table {table.name} has no column that this chart names.</p>
    ) : (
      specs.map((spec, i) => <Timeseries id={`${id}-${i}`} table={table} spec={spec} title={title} />)
    )
  }
  const bars =
    kind === 'HistogramChart'
      ? histogramBars(table, widget.displaySpec)
      : kind === 'BarChart'
        ? rowBars(table, widget.displaySpec)
        : undefined
  if (bars) return <Bars bars={bars} label={title} />
  return (
    <>
      <p class="note">{kind || 'This widget'} is not drawn yet; here is its table.</p>
      <TableWidget table={table} place={place} caption={title} />
    </>
  )
}

/** Charts that show the same table share one copy of its numbers, under the last of them. */
function Widgets({
  widgets,
  tables,
  place,
}: {
  widgets: readonly Widget[]
  tables: readonly ResultTable[]
  place: Place
}) {
  const ordered = [...widgets].sort((a, b) => a.position.y - b.position.y || a.position.x - b.position.x)
  const tabled = new Set(ordered.filter((w) => !isDrawn(w)).map((w) => w.table))
  const drawnOnly = tables.filter((t) => !tabled.has(t.name) && ordered.some((w) => w.table === t.name))
  const unshown = tables.filter((t) => !ordered.some((w) => w.table === t.name))
  return (
    <>
      <div class="widgets">
        {ordered.map((widget, i) => {
          const table = tables.find((t) => t.name === widget.table)
          return (
            <section class={`widget w${Math.min(12, Math.max(1, Math.trunc(widget.position.w) || 12))}`}>
              <h2>{widget.name || widget.table}</h2>
              {table ? (
                <WidgetBody widget={widget} table={table} place={place} id={`chart-${i}`} />
              ) : (
                <p class="empty">The script gave no table {widget.table}.</p>
              )}
            </section>
          )
        })}
      </div>
      {drawnOnly.map((table) => (
        <Numbers table={table} place={place} />
      ))}
      <Tables tables={unshown} place={place} />
    </>
  )
}

const isDrawn = (widget: Widget): boolean =>
  ['TimeseriesChart', 'HistogramChart', 'BarChart'].includes(kindOf(widget))

function Tables({ tables, place }: { tables: readonly ResultTable[]; place: Place }) {
  return (
    <>
      {tables.map((table) => (
        <section class="widget">
          <h2>{table.name}</h2>
          <TableWidget table={table} place={place} />
        </section>
      ))}
    </>
  )
}

function Summary({ result }: { result: RunResult }) {
  const { compileMs, execMs, rowsRead, bytesRead, rowsOut } = result.stats
  return (
    <p class="stats">
      {count(rowsOut)} {rowsOut === 1 ? 'row' : 'rows'} from {count(rowsRead)} read ({bytes(bytesRead)}) in{' '}
      {(compileMs + execMs).toFixed(0)} ms
    </p>
  )
}

export function ResultView({
  result,
  widgets,
  place,
}: {
  result: RunResult
  widgets: readonly Widget[]
  place: Place
}) {
  return (
    <>
      {result.warnings.map((warning) => (
        <p class="note" role="status">
          {warning.line === undefined ? '' : `Line ${warning.line}: `}
          {warning.message}
        </p>
      ))}
      {result.tables.length === 0 ? (
        <p class="empty">The script ran and displays no table: end it with px.display(df, 'name').</p>
      ) : widgets.length > 0 ? (
        <Widgets widgets={widgets} tables={result.tables} place={place} />
      ) : (
        <Tables tables={result.tables} place={place} />
      )}
      <Summary result={result} />
    </>
  )
}
