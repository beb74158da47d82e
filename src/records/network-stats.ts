import { counter, defineTable, string, time } from './table'

export const networkStats = defineTable(
  'network_stats',
  'What the interfaces of each pod carried, each second; counters only grow',
  {
    time_: time('When the counters were read'),
    pod_id: string('The pod'),
    rx_bytes: counter('Bytes received', 'ST_BYTES'),
    rx_packets: counter('Packets received'),
    rx_errors: counter('Packets received with an error'),
    rx_drops: counter('Packets received and dropped'),
    tx_bytes: counter('Bytes sent', 'ST_BYTES'),
    tx_packets: counter('Packets sent'),
    tx_errors: counter('Packets that could not be sent'),
    tx_drops: counter('Packets dropped before they were sent'),
  },
)
