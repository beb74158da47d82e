/** The result of a run: the widgets that vis.json asks for, or every table by its name. */

import type { Child } from 'hono/jsx'
import type { ResultTable, RunResult, Widget } from '../../src/runner/runner'
import { bytes, count } from '../units'
import { Bars, histogramBars, rowBars } from './bars'
import { Downloads, WHOLE } from './downloads'
import { FlameWidget } from './flame'
import { flameData } from './flame-data'
import { GraphWidget } from './graph'
import { graphData } from './graph-data'
import { Numbers } from './numbers'
import type { Place } from './place'
import { NothingAtAll } from './presets'
import { requestGraphData } from './request-graph'
import { textOf } from './spec'
import { TableWidget } from './table'
import { seriesSpecs, Timeseries } from './timeseries'

/** `px.vispb.TimeseriesChart` → `TimeseriesChart`. */
function kindOf(widget: Widget): string {
  const type = widget.displaySpec['@type']
  return typeof type === 'string'
    ? type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('/')) + 1)
    : ''
}

function TableOfDrawing({ table, place }: { table: ResultTable; place: Place }) {
  return (
    <details id={`numbers-${table.name}`}>
      <summary>Table {table.name}</summary>
      <TableWidget table={table} place={place} />
    </details>
  )
}

interface WidgetProps {
  readonly widget: Widget
  readonly table: ResultTable
  readonly place: Place
  readonly id: string
}

/** The drawing of a table, by browser or server; undefined when the table lacks columns that the widget names. */
function drawing({ widget, table, place, id }: WidgetProps, title: string): Child | Child[] | undefined {
  const spec = widget.displaySpec
  switch (kindOf(widget)) {
    case 'HistogramChart': {
      const bars = histogramBars(table, spec)
      return bars && <Bars bars={bars} label={title} />
    }
    case 'BarChart': {
      const bars = rowBars(table, spec)
      return bars && <Bars bars={bars} label={title} />
    }
    case 'Graph': {
      const data = graphData(table, spec, place.scripts)
      return data && <GraphWidget id={id} data={data} title={title} />
    }
    case 'RequestGraph': {
      const data = requestGraphData(table, spec, place.scripts)
      return data && <GraphWidget id={id} data={data} title={title} />
    }
    case 'StackTraceFlameGraph': {
      const data = flameData(table, spec)
      return data && <FlameWidget id={id} data={data} title={title} />
    }
    case 'TimeseriesChart': {
      const specs = seriesSpecs(spec, table)
      const charts = specs.map((one, i) => (
        <Timeseries id={`${id}-${i}`} table={table} spec={one} title={title} start={place.start} />
      ))
      return specs.length > 0 ? charts : undefined
    }
    default:
      return undefined
  }
}

function WidgetBody(props: WidgetProps) {
  const { widget, table, place } = props
  const kind = kindOf(widget)
  const title = widget.name || table.name
  if (kind === 'Table') {
    const gutter = textOf(widget.displaySpec.gutterColumn)
    const column = textOf(widget.displaySpec.largestFirst)
    const sort = column === undefined ? undefined : { table: table.name, column, descending: true }
    return <TableWidget table={table} place={place} sort={sort} caption={title} gutter={gutter} />
  }
  const drawn = drawing(props, title)
  if (drawn) return <>{drawn}</>
  if (isDrawn(widget)) {
    return <p class="empty">The table {table.name} lacks the columns that this widget names.</p>
  }
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
        <TableOfDrawing table={table} place={place} />
      ))}
      <Tables tables={unshown} place={place} />
    </>
  )
}

const DRAWN = [
  'TimeseriesChart',
  'HistogramChart',
  'BarChart',
  'Graph',
  'RequestGraph',
  'StackTraceFlameGraph',
]
const isDrawn = (widget: Widget): boolean => DRAWN.includes(kindOf(widget))

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

/** The cost of the run and the tables of px.debug, for authors of scripts. */
function Drawer({
  result,
  tables,
  place,
}: {
  result: RunResult
  tables: readonly ResultTable[]
  place: Place
}) {
  const { compileMs, execMs, rowsRead, bytesRead, chunksRead, rowsOut } = result.stats
  const facts = [
    { name: 'compiled in', value: `${compileMs.toFixed(1)} ms` },
    { name: 'run in', value: `${execMs.toFixed(1)} ms` },
    { name: 'rows read', value: count(rowsRead) },
    { name: 'bytes read', value: bytes(bytesRead) },
    { name: 'chunks read', value: count(chunksRead) },
    { name: 'rows given', value: count(rowsOut) },
  ]
  return (
    <details id="drawer" class="drawer">
      <summary>
        {count(rowsOut)} {rowsOut === 1 ? 'row' : 'rows'} from {count(rowsRead)} read ({bytes(bytesRead)}) in{' '}
        {(compileMs + execMs).toFixed(0)} ms
        {tables.length > 0 ? ` · ${tables.length} debug ${tables.length === 1 ? 'table' : 'tables'}` : ''}
      </summary>
      <Numbers facts={facts} />
      <Tables tables={tables} place={place} />
    </details>
  )
}

/** The line of each warning, for the script's author. */
function textsOf({ warnings }: RunResult, written: boolean): string[] {
  const texts = warnings.map(({ line, message }) =>
    written && line !== undefined ? `Line ${line}: ${message}` : message,
  )
  return [...new Set(texts)]
}

function Warnings({ result, written }: { result: RunResult; written: boolean }) {
  return (
    <>
      {textsOf(result, written).map((text) => (
        <p class="note" role="status">
          {text}
        </p>
      ))}
    </>
  )
}

const isDebug = ({ name }: ResultTable): boolean => name.startsWith('_')

export function ResultView({
  result,
  widgets,
  place,
}: {
  result: RunResult
  widgets: readonly Widget[]
  place: Place
}) {
  const shownBy = (table: ResultTable) => widgets.some((widget) => widget.table === table.name)
  const debug = result.tables.filter((table) => isDebug(table) && !shownBy(table))
  const tables = result.tables.filter((table) => !debug.includes(table))
  // Warnings come first for the script's author. In a view of many widgets each is about one of them.
  const written = place.form !== undefined
  const empty = !written && tables.length > 0 && tables.every((table) => table.rows === 0)
  return (
    <>
      {written ? <Warnings result={result} written={written} /> : null}
      {result.tables.length === 0 ? (
        <p class="empty">The script ran and displays no table: end it with px.display(df, 'name').</p>
      ) : empty ? (
        <NothingAtAll place={place} reasons={textsOf(result, written)} />
      ) : widgets.length > 0 ? (
        <Widgets widgets={widgets} tables={tables} place={place} />
      ) : (
        <Tables tables={tables} place={place} />
      )}
      {written || empty ? null : <Warnings result={result} written={written} />}
      <Drawer result={result} tables={debug} place={place} />
      {result.tables.length > 0 ? <Downloads place={place} formats={WHOLE} /> : null}
    </>
  )
}
