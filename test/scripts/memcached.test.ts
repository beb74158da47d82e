/** nixie/memcached_data: who asked whom for which keys, and how many were found. */
import { expect, test } from 'bun:test'
import { linkTo, rowOf, SHELL, shown } from '../runner/support'

const start_time = '-5m'
const pod = (name: string) => linkTo(name, 'px/pod', { start_time, pod: name })
const ip = (address: string) => linkTo(address, 'px/ip', { start_time, ip: address })

/** The server nginx.service, and the client curl, which asks a server elsewhere. */
const AT_SERVER = { remote_addr: '10.0.0.7', local_addr: '10.0.0.1', trace_role: 2, cmd: 'get', keys: 1 }
const AT_CLIENT = { ...AT_SERVER, upid: SHELL, trace_role: 1, remote_addr: '10.0.0.5' }

const rows = {
  memcached_events: [
    rowOf('memcached_events', 40, { ...AT_SERVER, key: 'user:1', hits: 1, latency: 100 }),
    rowOf('memcached_events', 30, {
      ...AT_SERVER,
      key: '["user:2","user:3"]',
      keys: 2,
      hits: 0,
      latency: 300,
    }),
    rowOf('memcached_events', 20, { ...AT_CLIENT, key: 'cart:1', cmd: 'set', hits: -1, latency: 50 }),
  ],
}
const given = (args: Record<string, string> = {}) => shown('nixie/memcached_data', args, rows)
const keys = (args: Record<string, string>) => given(args).memcached_data!.map(({ key }) => key)

test('who asks and who answers, at whichever end it is seen', () => {
  expect(given().memcached_data!.map(({ key, source, destination }) => [key, source, destination])).toEqual([
    ['cart:1', pod('curl'), ip('10.0.0.5')],
    ['["user:2","user:3"]', ip('10.0.0.7'), pod('nginx.service')],
    ['user:1', ip('10.0.0.7'), pod('nginx.service')],
  ])
})

test('filters are parts of names and of the key', () => {
  expect(keys({ source_filter: 'curl' })).toEqual(['cart:1'])
  expect(keys({ destination_filter: 'nginx' })).toHaveLength(2)
  expect(keys({ key_filter: 'user:1' })).toEqual(['user:1'])
  expect(keys({ max_num_records: '1' })).toEqual(['cart:1'])
})

test('of each command: keys that were looked up and found', () => {
  const found = given().memcached_commands!.sort((a, b) => Number(b.commands) - Number(a.commands))
  expect(found).toEqual([
    { destination: pod('nginx.service'), cmd: 'get', commands: 2, looked_up: 3, found: 1, latency: 200 },
    { destination: ip('10.0.0.5'), cmd: 'set', commands: 1, looked_up: 0, found: 0, latency: 50 },
  ])
})
