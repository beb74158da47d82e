import { bool, defineTable, extra, int, string, time, upid } from './table'

export const AF_INET = 2
export const AF_INET6 = 10

export const connStats = defineTable(
  'conn_stats',
  'Connections and bytes per process and remote end; counters only grow, so a window is the last minus the first',
  {
    time_: time('When the counters were read'),
    upid: upid('Process that owns the traced end'),
    remote_addr: string('Address of the other end', { semantic: 'ST_IP_ADDRESS' }),
    remote_port: int('Port of the other end; 0 when the traced process is the server', {
      semantic: 'ST_PORT',
    }),
    trace_role: int('Role of the traced process: 1 client, 2 server, 4 unknown', { pattern: 'GENERAL_ENUM' }),
    addr_family: int('Address family of the socket: 2 IPv4, 10 IPv6', { pattern: 'GENERAL_ENUM' }),
    protocol: int('Protocol that was recognised, as px.protocol_name names it; 0 unknown', {
      pattern: 'GENERAL_ENUM',
    }),
    ssl: bool('True when TLS was seen', { pattern: 'GENERAL_ENUM' }),
    conn_open: int('Connections opened since the process was first seen', { pattern: 'METRIC_COUNTER' }),
    conn_close: int('Connections closed since then', { pattern: 'METRIC_COUNTER' }),
    conn_active: int('Connections that are open now', { pattern: 'METRIC_GAUGE' }),
    bytes_sent: int('Bytes sent to the remote end', { semantic: 'ST_BYTES', pattern: 'METRIC_COUNTER' }),
    bytes_recv: int('Bytes received from the remote end', {
      semantic: 'ST_BYTES',
      pattern: 'METRIC_COUNTER',
    }),
    unread: extra(
      bool(
        'True where what is said within TLS is not read, at neither end: probe_status and the health page say why',
        { pattern: 'GENERAL_ENUM' },
      ),
    ),
    remote_upid: extra(
      upid(
        'Process at the other end, when it runs on this node: the newest of a server; empty for several clients',
      ),
    ),
  },
)
