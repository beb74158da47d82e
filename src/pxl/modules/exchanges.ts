/** The part of pxviews that follows from the tables of protocols: it reads the exchanges of each. */
import { KNOWN } from '../../protocols/known'
import { httpEvents } from '../../protocols/lib/http/table'
import type { Table } from '../../records/table'

interface Exchanges {
  readonly table: Table
  /** The name of the protocol. */
  readonly label: string
}

/** Tables whose rows are exchanges, each with the first protocol that fills it; HTTP's is read by pxviews itself. */
const OTHERS: readonly Exchanges[] = KNOWN.flatMap(({ label, tables }) =>
  tables.map((table) => ({ table, label })),
).filter(({ table }) => table !== httpEvents && table.failure !== undefined)

const nameOf = ({ name }: Table) => `_exchanges_of_${name.replace(/\W/g, '_')}`

const reader = ({ table, label }: Exchanges) => `
def ${nameOf(table)}(start_time, end_time):
    df = px.DataFrame(table='${table.name}', start_time=start_time, end_time=end_time)
    df.protocol = '${label}'
    df.table = '${table.name}'
    df.failure = ${table.failure}
${'latency' in table.spec ? '' : '    df.latency = 0\n'}    return _exchanges(df)
`

/** PxL: `_other_exchanges(start_time, end_time)` gives a list of frames. */
export const OTHER_EXCHANGES = `${OTHERS.map(reader).join('\n')}

def _other_exchanges(start_time, end_time):
    return [${OTHERS.map(({ table }) => `${nameOf(table)}(start_time, end_time)`).join(', ')}]
`
