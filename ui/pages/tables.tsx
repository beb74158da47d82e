/** The stored tables: a list of all, and one of them with its columns and newest rows. */
import type { ResultTable, TableSummary } from '../../src/runner/runner'
import { isoTime } from '../format'
import { here } from '../on-node'
import { bytes, count, span } from '../units'
import { Listing } from '../widgets/listing'
import { TableWidget } from '../widgets/table'

export function Time({ ns }: { ns: string | null }) {
  const iso = ns === null ? undefined : isoTime(ns)
  return iso ? <time datetime={iso}>{iso.slice(11, 23)} Z</time> : <>–</>
}

export function TableList({ tables }: { tables: readonly TableSummary[] }) {
  return (
    <>
      <div class="title">
        <h1>Tables</h1>
        <p>
          Read them with <a href={here('/query')}>PxL</a> or as JSON under <code>/api/tables</code>.
        </p>
      </div>
      <Listing head={['table', { num: 'rows' }, { num: 'on disk' }, 'kept', 'newest', 'holds']}>
        {tables.map((table) => (
          <tr>
            <td>
              <a href={here(`/tables/${table.name}`)}>{table.name}</a>
            </td>
            <td class="num">{count(table.rows)}</td>
            <td class="num">{bytes(table.bytes)}</td>
            <td>{table.rows ? span(table.span) : '–'}</td>
            <td class="time">
              <Time ns={table.newest} />
            </td>
            <td class="wide">{table.description}</td>
          </tr>
        ))}
      </Listing>
    </>
  )
}

export function TableView({ table, newest }: { table: TableSummary; newest: ResultTable }) {
  return (
    <>
      <div class="title">
        <h1>{table.name}</h1>
        <p>{table.description}</p>
      </div>
      <h2>Newest rows</h2>
      {newest.rows === 0 ? <p class="empty">No row yet.</p> : <TableWidget table={newest} />}
      <h2>Columns</h2>
      <Listing head={['column', 'type', 'means', 'holds']}>
        {table.columns.map((column) => (
          <tr>
            <td class="mono">{column.name}</td>
            <td>{column.type}</td>
            <td>{column.semantic === 'ST_NONE' ? '' : column.semantic}</td>
            <td class="wide">{column.description}</td>
          </tr>
        ))}
      </Listing>
    </>
  )
}
