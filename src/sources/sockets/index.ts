/** Traffic over TCP and UDP: the tables of the protocols, and conn_stats. */
import { PROTOCOLS } from '../../protocols'
import { connStats } from '../../records/conn-stats'
import { shedExchanges } from '../../records/shed-exchanges'
import type { RowSource, SourceContext } from '../source'
import { openSocketProbe, SOURCE_NAME } from './probe'
import { DEFAULT_CAP, FRESH_BYTES, Sockets } from './sockets'

/** The probe as this source has it. */
export const openProbe = ({ kernel, config }: SourceContext): ReturnType<typeof openSocketProbe> =>
  openSocketProbe(kernel, {
    ringBytes: config.ringBytes,
    defaultCap: DEFAULT_CAP,
    freshBytes: FRESH_BYTES,
    isGated: config.cpuBudget > 0,
    ignorePids: [process.pid],
  })

function open(context: SourceContext): Sockets {
  const { probes, feed } = openProbe(context)
  return new Sockets(probes, feed, context)
}

export const sockets: RowSource = {
  name: SOURCE_NAME,
  tables: [...PROTOCOLS.flatMap((protocol) => protocol.tables), connStats, shedExchanges],
  open,
}
