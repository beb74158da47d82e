/** A result table: sorted, cut to the shown rows, every cell as text. */
import type { Child } from 'hono/jsx'
import type { ResultColumn, ResultTable } from '../../src/runner/runner'
import {
  compare,
  isNumeric,
  isQuantiles,
  isTime,
  type KnownScripts,
  QUANTILES,
  type Shown,
  show,
} from '../format'
import { here } from '../on-node'
import { count } from '../units'
import { type Sort, sortText, stateUrl, type ViewState } from '../view-state'
import { largestQuantile, Mark, Whiskers } from './cells'
import { Downloads, OF_TABLE } from './downloads'
import type { Place } from './place'

interface Props {
  readonly table: ResultTable
  /** Without a place the table can be neither sorted nor extended. */
  readonly place?: Place
  /** Views that cells lead to, and number of rows when there is no place. */
  readonly scripts?: KnownScripts
  /** The order until the reader chooses another one. */
  readonly sort?: Sort | undefined
  readonly most?: number
  readonly caption?: string
  /** A column of states, shown as marks before the rows. */
  readonly gutter?: string | undefined
}

interface LinkProps {
  readonly place: Place
  /** The part of the state that the link changes. */
  readonly change: Partial<Pick<ViewState, 'sort' | 'rows'>>
  readonly children: Child
}

function Link({ place, change, children }: LinkProps) {
  if (place.form) {
    const [name, value] = change.sort ? ['_sort', sortText(change.sort)] : ['_rows', String(change.rows)]
    return (
      <button type="submit" class="link" form={place.form} name={name} value={value}>
        {children}
      </button>
    )
  }
  const state = { ...place.state, ...change }
  return (
    <a
      href={here(stateUrl(place.page, state))}
      hx-get={here(stateUrl(place.fragment, state))}
      hx-target="#result"
      hx-swap="innerMorph"
      hx-sync="#result:replace"
    >
      {children}
    </a>
  )
}

/** The first click on numbers and times shows the largest first, on text the first of the alphabet; the second click reverses it. */
function nextSort(table: ResultTable, index: number, sort: Sort | undefined): Sort {
  const column = table.columns[index]!
  const same = sort?.table === table.name && sort.column === column.name
  const descending = same ? !sort.descending : isNumeric(column) || isTime(column)
  return { table: table.name, column: column.name, descending }
}

function order(table: ResultTable, sort: Sort | undefined): Uint32Array {
  const rows = Uint32Array.from({ length: table.rows }, (_, i) => i)
  if (sort?.table !== table.name) return rows
  const index = table.columns.findIndex((c) => c.name === sort.column)
  const column = table.columns[index]
  const values = table.values[index]
  if (!column || !values) return rows
  const sign = sort.descending ? -1 : 1
  return rows.sort((a, b) => sign * compare(values[a]!, values[b]!, column) || a - b)
}

/** A long name may break once, behind the underscore that leaves the longer line shortest. */
function Name({ children }: { children: string }) {
  const breaks = [...children.matchAll(/_(?=.)/g)].map(({ index }) => index + 1)
  const longer = (at: number) => Math.max(at, children.length - at)
  const at = breaks.sort((x, y) => longer(x) - longer(y))[0]
  if (at === undefined) return <span class="unbroken">{children}</span>
  return (
    <>
      <span class="unbroken">{children.slice(0, at)}</span>
      <wbr />
      <span class="unbroken">{children.slice(at)}</span>
    </>
  )
}

interface HeadProps {
  readonly table: ResultTable
  readonly places: readonly ColumnPlace[]
  readonly place: Place | undefined
  readonly sort: Sort | undefined
}

/** A column at its place in the table. */
interface ColumnPlace {
  readonly index: number
  readonly column: ResultColumn
  readonly isGutter: boolean
  /** For quantiles: the largest value of all rows, where the scale of the whiskers ends. */
  readonly most: number | undefined
}

function columnPlaces(table: ResultTable, gutter: string | undefined): ColumnPlace[] {
  const places = table.columns.map((column, index) => ({
    index,
    column,
    isGutter: column.name === gutter,
    most: isQuantiles(column) ? largestQuantile(table.values[index]!) : undefined,
  }))
  return [...places.filter((p) => p.isGutter), ...places.filter((p) => !p.isGutter)]
}

function Head({ table, places, place, sort }: HeadProps) {
  return (
    <tr>
      {places.map(({ index, column, isGutter }) => {
        const sorted = sort?.table === table.name && sort.column === column.name
        const direction = sorted ? (sort.descending ? 'descending' : 'ascending') : undefined
        return (
          <th
            scope="col"
            class={isGutter ? 'gutter' : isNumeric(column) ? 'num' : undefined}
            aria-sort={direction}
            data-name={column.name}
          >
            {place ? (
              <Link place={place} change={{ sort: nextSort(table, index, sort) }}>
                <Name>{column.name}</Name>
              </Link>
            ) : (
              <Name>{column.name}</Name>
            )}
            {isQuantiles(column) ? <small> {QUANTILES.join(' · ')}</small> : null}
          </th>
        )
      })}
    </tr>
  )
}

interface RowProps {
  readonly table: ResultTable
  readonly places: readonly ColumnPlace[]
  readonly row: number
  readonly first: boolean
  readonly scripts: KnownScripts | undefined
}

function content({ text, time, href, parts }: Shown): Child {
  if (parts) {
    return (
      <>
        {parts.map((part, i) => (
          <>
            {i > 0 ? ', ' : ''}
            {part.href ? <a href={part.href}>{part.text}</a> : part.text}
          </>
        ))}
      </>
    )
  }
  if (href) return <a href={href}>{text}</a>
  return time ? <time datetime={time}>{text}</time> : text
}

function Row({ table, places, row, first, scripts }: RowProps) {
  return (
    <tr tabindex={first ? 0 : -1}>
      {places.map(({ index, column, most, isGutter }) => {
        const value = table.values[index]![row]!
        if (isGutter) return <Mark value={value} />
        const shown = show(value, column, scripts)
        return (
          <td class={shown.kind} data-exact={shown.exact}>
            {most === undefined ? null : <Whiskers value={value} most={most} />}
            {content(shown)}
          </td>
        )
      })}
    </tr>
  )
}

function Count({ table, shown, place }: { table: ResultTable; shown: number; place: Place | undefined }) {
  const cut = table.truncated ? ' (the row limit cut the rest)' : ''
  const all = shown === table.rows
  return (
    <p class="count">
      {all ? '' : `${count(shown)} of `}
      {count(table.rows)} {table.rows === 1 ? 'row' : 'rows'}
      {all ? '' : ' shown'}
      {cut}
      {place && !all ? (
        <>
          {' · '}
          <Link place={place} change={{ rows: place.state.rows * 2 }}>
            show more
          </Link>
        </>
      ) : null}
      {place ? <Downloads place={place} formats={OF_TABLE} table={table.name} /> : null}
    </p>
  )
}

export function TableWidget({ table, place, scripts, sort, most, caption, gutter }: Props) {
  const places = columnPlaces(table, gutter)
  const asked = place?.state.sort
  const chosen = asked?.table === table.name ? asked : sort
  const shown = Math.min(table.rows, place?.state.rows ?? most ?? table.rows)
  const rows = order(table, chosen).subarray(0, shown)
  if (table.rows === 0) {
    return (
      <p class="empty">
        No rows. Look further back, ask for less, or see under <a href={here('/health')}>Health</a> whether
        data comes in.
      </p>
    )
  }
  return (
    <>
      <section class="scroll" tabindex={0} aria-label={caption ?? table.name}>
        <table class="rows">
          <thead>
            <Head table={table} places={places} place={place} sort={chosen} />
          </thead>
          <tbody>
            {Array.from(rows, (row, i) => (
              <Row
                table={table}
                places={places}
                row={row}
                first={i === 0}
                scripts={place?.scripts ?? scripts}
              />
            ))}
          </tbody>
        </table>
      </section>
      <Count table={table} shown={shown} place={place} />
    </>
  )
}
