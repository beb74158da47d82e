/** nixie/tls_data: rows of tls_events in, what it shows out. */
import { expect, test } from 'bun:test'
import { ago, linkTo, rowOf, SHELL, shown } from '../runner/support'

const start_time = '-5m'
const ENDS = { remote_addr: '10.0.0.7', local_addr: '10.0.0.1', outcome: 'complete' }
const handshake = (secondsAgo: number, values: Record<string, string | number | boolean>) =>
  rowOf('tls_events', secondsAgo, { ...ENDS, ...values })
const certificate = { certificate: 'shop.test,*.shop.test', certificate_expires: '2027-11-26T20:28:31Z' }

const ROWS = [
  handshake(40, { server_name: 'old.shop.test', version: 'TLS 1.2', latency: 400, ...certificate }),
  handshake(30, { server_name: 'shop.test', version: 'TLS 1.2', latency: 300, ...certificate }),
  handshake(20, {
    server_name: 'new.test',
    version: 'TLS 1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn_offered: 'h2',
  }),
  handshake(10, {
    server_name: 'far.test',
    alert: 'unknown_ca',
    upid: SHELL,
    trace_role: 1,
    remote_addr: '10.0.0.5',
  }),
]
const tables = (args: Record<string, string> = {}) => shown('nixie/tls_data', args, { tls_events: ROWS })
const web = linkTo('nginx.service', 'px/pod', { start_time, pod: 'nginx.service' })

test('shows handshakes, the newest first, with both ends', () => {
  expect(tables().tls_data).toMatchObject([
    {
      server_name: 'far.test',
      alert: 'unknown_ca',
      source: linkTo('curl', 'px/pod', { start_time, pod: 'curl' }),
    },
    { server_name: 'new.test', version: 'TLS 1.3', alpn_offered: 'h2', destination: web },
    { server_name: 'shop.test', latency: 300 },
    { server_name: 'old.shop.test', latency: 400 },
  ])
})

test('the filters are of both ends and of the name', () => {
  const names = (args: Record<string, string>) => tables(args).tls_data!.map(({ server_name }) => server_name)
  expect(names({ server_name: 'shop' })).toEqual(['shop.test', 'old.shop.test'])
  expect(names({ source_filter: 'curl' })).toEqual(['far.test'])
  expect(names({ destination_filter: 'nginx', server_name: 'new' })).toEqual(['new.test'])
})

test('each certificate of a server is one row, with its end', () => {
  expect(tables().tls_certificates).toEqual([
    { destination: web, ...certificate, handshakes: 2, last_seen: ago(30) },
  ])
})
