/** nixie/websocket_data: who said what to whom. */
import { expect, test } from 'bun:test'
import { linkTo, rowOf, SHELL, shown } from '../runner/support'

const start_time = '-5m'
const pod = (name: string) => linkTo(name, 'px/pod', { start_time, pod: name })
const ip = (address: string) => linkTo(address, 'px/ip', { start_time, ip: address })

/** The server nginx.service, and the client curl, which is connected to a server elsewhere. */
const AT_SERVER = { remote_addr: '10.0.0.7', local_addr: '10.0.0.1', path: '/chat', type: 'text' }
const AT_CLIENT = { ...AT_SERVER, upid: SHELL, trace_role: 1, remote_addr: '10.0.0.5', path: '/feed' }

const rows = {
  websocket_events: [
    rowOf('websocket_events', 40, { ...AT_SERVER, sender: 'client', body: 'one' }),
    rowOf('websocket_events', 30, { ...AT_SERVER, sender: 'server', body: 'two' }),
    rowOf('websocket_events', 20, { ...AT_CLIENT, sender: 'client', body: 'three' }),
    rowOf('websocket_events', 10, { ...AT_CLIENT, sender: 'server', body: 'four' }),
  ],
}
const given = (args: Record<string, string> = {}) => shown('nixie/websocket_data', args, rows).websocket_data!
const bodies = (args: Record<string, string>) => given(args).map(({ body }) => body)

test('the source is who sends, at whichever end it is seen', () => {
  expect(given().map(({ body, source, destination }) => [body, source, destination])).toEqual([
    ['four', ip('10.0.0.5'), pod('curl')],
    ['three', pod('curl'), ip('10.0.0.5')],
    ['two', pod('nginx.service'), ip('10.0.0.7')],
    ['one', ip('10.0.0.7'), pod('nginx.service')],
  ])
})

test('filters are parts of names and of the path', () => {
  expect(bodies({ source_filter: 'curl' })).toEqual(['three'])
  expect(bodies({ destination_filter: 'nginx' })).toEqual(['one'])
  expect(bodies({ path_filter: 'chat' })).toEqual(['two', 'one'])
  expect(bodies({ max_num_records: '1' })).toEqual(['four'])
})
