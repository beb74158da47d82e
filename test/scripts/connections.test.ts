/** Scripts about conn_stats: counters that only grow, and what of them lies in the time range. */
import { describe, expect, test } from 'bun:test'
import { ago, kubernetes, rowOf, SHELL, shown, WEB } from '../runner/support'

type Values = Parameters<typeof rowOf>[2]

/** Of the time range. */
const NS = 300e9
/** An address for documentation (RFC 5737), which no host has. */
const OUTSIDE = '192.0.2.34'

/** curl as a client of a server outside. */
const out = (
  secondsAgo: number,
  conn_open: number,
  bytes_sent: number,
  bytes_recv: number,
  more: Values = {},
) =>
  rowOf('conn_stats', secondsAgo, {
    ...{ upid: SHELL, trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 },
    ...{ conn_open, bytes_sent, bytes_recv, ...more },
  })

/** nginx.service as the server of someone outside. */
const inwards = { upid: WEB, trace_role: 2, remote_port: 0 }

const ROWS = {
  conn_stats: [
    out(7200, 0, 1, 1, { upid: '1:7:7' }),
    out(3000, 1, 100, 1000),
    out(400, 2, 200, 2000, { trace_role: 4 }),
    out(310, 5, 50, 50, { upid: '1:8:8' }),
    out(200, 3, 350, 3500),
    out(150, 4, 500, 5000),
    out(90, 1, 9, 9, { remote_addr: '127.0.0.1' }),
    out(80, 3, 40, 60, inwards),
    out(70, 1, 6, 0, { remote_addr: '10.0.0.7' }),
  ],
}

test('px/outbound_conns and px/inbound_conns: what was counted in the range, of ends outside', () => {
  const args = { start_time: '-5m' }
  const server = { remote_addr: OUTSIDE, remote_port: 443 }
  const { outbound_conns } = shown('px/outbound_conns', args, ROWS, kubernetes)
  expect(outbound_conns!.map((row) => row.remote_addr)).toEqual([OUTSIDE])
  expect(shown('px/outbound_conns', args, ROWS).outbound_conns).toEqual([
    {
      ...{ pod: 'curl', ...server, conn_open: 2, bytes_sent: 300, bytes_recv: 3000 },
      last_activity_time: ago(150),
    },
    {
      ...{ pod: 'curl', remote_addr: '10.0.0.7', remote_port: 443 },
      ...{ conn_open: 1, bytes_sent: 6, bytes_recv: 0, last_activity_time: ago(70) },
    },
  ])
  expect(shown('px/inbound_conns', args, ROWS).inbound_conns).toEqual([
    {
      ...{ pod: 'nginx.service', remote_addr: OUTSIDE, conn_open: 3, bytes_sent: 40, bytes_recv: 60 },
      last_activity_time: ago(80),
    },
  ])
  expect(shown('px/inbound_conns', { ...args, ip_filter: '198.' }, ROWS).inbound_conns).toEqual([])
})

describe('px/net_flow_graph', () => {
  const flow = (args: Values, metadata?: typeof kubernetes) =>
    shown('px/net_flow_graph', { namespace: '', ...args } as Record<string, string>, ROWS, metadata).net_flow!

  test('what clients send and receive, per time', () => {
    expect(flow({ to_entity_filter: OUTSIDE })).toEqual([
      {
        ...{ from_entity: 'curl', to_entity: OUTSIDE, bytes_sent: 300 / NS, bytes_recv: 3000 / NS },
        bytes_total: 300 / NS + 3000 / NS,
      },
    ])
    expect(flow({ from_entity_filter: 'nginx' })).toEqual([])
  })

  test('the least throughput is in bytes per second', () => {
    const ends = (throughput_filter: string) => flow({ throughput_filter }).map((row) => row.to_entity)
    expect(ends('0.0')).toEqual([OUTSIDE, '127.0.0.1', '10.0.0.7'])
    expect(ends('10.9')).toEqual([OUTSIDE])
    expect(ends('11.1')).toEqual([])
  })

  test('other ends have names in a cluster', () => {
    expect(flow({ to_entity_filter: 'shop/' }, kubernetes).map((row) => row.to_entity)).toEqual([
      'shop/web-1',
    ])
    expect(flow({ namespace: 'shop' }, kubernetes)).toEqual([])
  })
})

test('px/ip: traffic with one address, from both points of view', () => {
  const tables = shown('px/ip', { ip: OUTSIDE }, ROWS)
  const edge = (requestor: string, responder: string, sent: number, answered: number) => ({
    ...{ requestor, responder, requestor_sent_bytes_per_s: sent / NS },
    ...{ responder_sent_bytes_per_s: answered / NS, total_bytes_per_s: sent / NS + answered / NS },
  })
  expect(tables['Net Flow Graph']).toEqual([
    edge('curl', OUTSIDE, 300, 3000),
    edge(OUTSIDE, 'nginx.service', 60, 40),
  ])
  expect(tables['IP Summary']).toMatchObject([
    { bytes_per_s_from_ip: 3060 / NS, bytes_per_s_to_ip: 340 / NS, ip_pod: '', ip_service: '', ip_node: '' },
  ])
  expect(tables['Pod Traffic to IP']).toMatchObject([
    { pod: 'curl', bytes_per_s_from_ip: 3000 / NS, bytes_per_s_to_ip: 300 / NS },
    { pod: 'nginx.service', bytes_per_s_from_ip: 60 / NS, bytes_per_s_to_ip: 40 / NS },
  ])
  expect(shown('px/ip', { ip: '10.0.0.7' }, ROWS, kubernetes)['IP Summary']).toMatchObject([
    { bytes_per_s_to_ip: 6 / NS, ip_pod: 'shop/web-1', ip_node: 'node-1' },
  ])
})

test('px/network_stats: the counters as they are, newest first', () => {
  const row = (secondsAgo: number, rx_bytes: number) =>
    rowOf('network_stats', secondsAgo, { pod_id: 'pod-1', rx_bytes })
  const { output } = shown('px/network_stats', {}, { network_stats: [row(60, 1), row(20, 2), row(10, 3)] })
  expect(output!.map((r) => [r.pod_id, r.rx_bytes])).toEqual([
    ['pod-1', 3],
    ['pod-1', 2],
  ])
})
