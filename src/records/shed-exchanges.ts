import { defineTable, extra, int, string, time, upid } from './table'

export const shedExchanges = defineTable(
  'shed_exchanges',
  'Exchanges that were only counted, as capturing all would take more than the CPU budget: they happened beside those that have rows',
  {
    time_: time('When they were counted, of the second before'),
    upid: upid('Process that owns the traced end'),
    remote_addr: string('Address of the other end', { semantic: 'ST_IP_ADDRESS' }),
    remote_port: int('Port of the other end; 0 when the traced process is the server', {
      semantic: 'ST_PORT',
    }),
    trace_role: int('Role of the traced process: 1 client, 2 server, 4 unknown', { pattern: 'GENERAL_ENUM' }),
    protocol: int('Protocol, as px.protocol_name names it; 0 when nothing of it was read', {
      pattern: 'GENERAL_ENUM',
    }),
    exchanges: int('How many', { pattern: 'METRIC_GAUGE' }),
    remote_upid: extra(upid('Process at the other end, when it runs on this node')),
  },
  { share: 0.02 },
)
