/** The library's scripts over rows of `dns_events` as the parser makes them from messages. */
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import { dns } from '../../src/protocols/dns'
import { dnsEvents } from '../../src/protocols/dns/table'
import { ANSWER, address, answer, framed, message, NXDOMAIN, name, query } from '../protocols/dns/build'
import type { Row } from '../query/support/tables'
import { ago, linkTo, request, rowOf, SHELL, shown, WEB } from '../runner/support'
import { rig, Wire } from '../streams/wire'

const start_time = '-5m'
const LOG = '192.0.2.80'

/** Seven exchanges: found, found behind an alias, nothing of that type, unknown name, never answered, over TCP, reverse. */
function recorded(): Row[] {
  const { streams, sink } = rig([dns])
  const client = new Wire({
    transport: 'udp',
    connId: 1,
    local: ['10.0.0.1', 4000],
    remote: ['10.0.0.53', 53],
  })
  const say = (direction: typeof SENT | typeof RECEIVED, bytes: Uint8Array) =>
    streams.handle({ ...client.data(direction, bytes), offset: 0 })
  const exchange = (question: Uint8Array, reply: Uint8Array) => {
    say(SENT, question)
    say(RECEIVED, reply)
  }
  exchange(query(1, 'wWw.Example.com'), answer(1, 'www.Example.com'))
  const alias = [
    { name: 'log.example.org', type: 'CNAME', data: name('a.example.org') },
    { name: 'a.example.org', type: 'A', data: address(LOG) },
  ] as const
  exchange(
    query(2, 'log.example.org'),
    message({ id: 2, name: 'log.example.org', flags: ANSWER, answers: alias }),
  )
  exchange(
    query(3, 'www.example.com', 'AAAA'),
    message({ id: 3, name: 'www.example.com', type: 'AAAA', flags: ANSWER }),
  )
  exchange(
    query(4, 'gone.example.com'),
    message({ id: 4, name: 'gone.example.com', flags: ANSWER | NXDOMAIN }),
  )
  say(SENT, query(5, 'mute.example.com'))
  const stream = new Wire({ connId: 2, local: ['10.0.0.2', 53], remote: ['10.0.0.9', 4000] })
  streams.handle(stream.open())
  streams.handle(stream.request(framed(query(6, 'web.shop.svc.cluster.local'))))
  streams.handle(stream.response(framed(answer(6, 'web.shop.svc.cluster.local'))))
  exchange(
    query(7, '7.0.0.10.in-addr.arpa'),
    message({ id: 7, name: '7.0.0.10.in-addr.arpa', flags: ANSWER }),
  )
  streams.close()
  return sink.rows(dnsEvents.name).map((row, i) => {
    return rowOf(dnsEvents.name, 100 - i, {
      ...row,
      time_: ago100(i),
      upid: row.trace_role === 2 ? WEB : SHELL,
    })
  })
}

const ago100 = (i: number) => BigInt(ago(100 - i))

describe('scripts over DNS', () => {
  const rows = { dns_events: recorded() }

  test('px/dns_data: headers and bodies as JSON', () => {
    const given = shown('px/dns_data', {}, rows).dns_data!
    expect(given).toHaveLength(7)
    const found = given.find((row) => String(row.req_body).includes('wWw'))!
    expect(JSON.parse(String(found.req_header))).toEqual({
      ...{ txid: 1, qr: 0, opcode: 0, aa: 0, tc: 0, rd: 1, ra: 0, ad: 0, cd: 0, rcode: 0 },
      ...{ num_queries: 1, num_answers: 0, num_auth: 0, num_addl: 0 },
    })
    expect(JSON.parse(String(found.req_body))).toEqual({ queries: [{ name: 'wWw.Example.com', type: 'A' }] })
    expect(JSON.parse(String(found.resp_body))).toEqual({
      answers: [{ name: 'www.Example.com', type: 'A', addr: '192.0.2.1', ttl: 60 }],
    })
    const mute = given.find((row) => String(row.req_body).includes('mute'))!
    expect([mute.resp_header, mute.resp_body]).toEqual(['{}', '{}'])
  })

  test('px/dns_flow_graph', () => {
    const edges = shown('px/dns_flow_graph', {}, rows).dns_flow!
    expect(edges.toSorted((a, b) => Number(a.count) - Number(b.count))).toMatchObject([
      { from_entity: '10.0.0.9', to_entity: 'nginx.service', latency_max: 1000, count: 1 },
      { from_entity: 'curl', to_entity: '10.0.0.53', count: 6 },
    ])
  })

  test('px/dns_query_summary: what resolves to nothing, does not exist, or is not answered', () => {
    const given = shown('px/dns_query_summary', {}, rows).dns_flow!
    const said = given.map((row) => [row.qname, row.num_requests, row.num_resolved, row.num_nxdomain])
    expect(said.sort()).toEqual([
      ['7.0.0.10.in-addr.arpa', 1, 0, 0],
      ['gone.example.com', 1, 0, 1],
      ['log.example.org', 1, 1, 0],
      ['mute.example.com', 1, 0, 0],
      ['web.shop.svc.cluster.local', 1, 1, 0],
      ['www.example.com', 2, 1, 0],
    ])
  })

  test('sotw/dns_external_fqdn_list and sotw/dns_queries_filtered', () => {
    const list = shown('sotw/dns_external_fqdn_list', {}, rows).fqdn_list!
    expect(list.map(({ fqdn, num_requests }) => [fqdn, num_requests]).sort()).toEqual([
      ['gone.example.com', 1],
      ['log.example.org', 1],
      ['mute.example.com', 1],
      ['www.example.com', 2],
    ])
    expect(list.map(({ link }) => link)).toContain(
      linkTo('www.example.com', 'sotw/dns_queries_filtered', {
        start_time,
        query_name_filter: 'www.example.com',
      }),
    )
    const filtered = shown('sotw/dns_queries_filtered', { query_name_filter: 'www.' }, rows).dns_requests!
    expect(filtered).toMatchObject([
      { dns_server: '10.0.0.53', dns_query_name: 'www.example.com', resolved: 0.5 },
    ])
  })

  test('pxbeta/pii_cluster_egress: addresses have the names that were asked for, behind aliases too', () => {
    const out = { upid: SHELL, trace_role: 1, remote_addr: LOG }
    const tables = {
      ...rows,
      http_events: [request(40, { ...out, req_body: '{"to":"jane.doe@example.org"}' })],
      conn_stats: [50, 30].map((ago, i) =>
        rowOf('conn_stats', ago, { ...out, remote_port: 80, protocol: 1, bytes_sent: 100 * (i + 1) }),
      ),
    }
    const given = shown('pxbeta/pii_cluster_egress', { use_pixie_dns_resolution: 'true' }, tables)
    expect(given['Egress by pod, IP']).toMatchObject([
      { resolved_domain: 'log.example.org', remote_addr: LOG },
    ])
  })
})
