import { counter, defineTable, int, string, time, upid } from './table'

export const tcpStatsEvents = defineTable(
  'tcp_stats_events',
  'Bytes and retransmissions per TCP connection; counters only grow',
  {
    time_: time('When the counters were read'),
    upid: upid('Process that owns the traced end'),
    local_addr: string('Address of the traced end', { semantic: 'ST_IP_ADDRESS' }),
    local_port: int('Port of the traced end', { semantic: 'ST_PORT' }),
    remote_addr: string('Address of the other end', { semantic: 'ST_IP_ADDRESS' }),
    remote_port: int('Port of the other end', { semantic: 'ST_PORT' }),
    tx: counter('Bytes sent', 'ST_BYTES'),
    rx: counter('Bytes received', 'ST_BYTES'),
    retransmits: counter('Segments sent again'),
  },
)
