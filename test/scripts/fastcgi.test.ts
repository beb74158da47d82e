/** nixie/fastcgi_data: what web servers passed to applications, and which scripts failed. */
import { expect, test } from 'bun:test'
import { linkTo, rowOf, shown } from '../runner/support'

const start_time = '-5m'
const application = linkTo('nginx.service', 'px/pod', { start_time, pod: 'nginx.service' })
const web = linkTo('10.0.0.7', 'px/ip', { start_time, ip: '10.0.0.7' })

const AT_APPLICATION = {
  remote_addr: '10.0.0.7',
  local_addr: '10.0.0.1',
  trace_role: 2,
  script: '/srv/shop.php',
}
const rows = {
  fastcgi_events: [
    rowOf('fastcgi_events', 30, {
      ...AT_APPLICATION,
      req_path: '/shop.php?id=1',
      resp_status: 200,
      latency: 100,
    }),
    rowOf('fastcgi_events', 20, {
      ...AT_APPLICATION,
      req_path: '/shop.php?id=2',
      resp_status: 500,
      stderr: 'PHP Fatal error',
      stderr_size: 15,
      latency: 300,
    }),
    rowOf('fastcgi_events', 10, { ...AT_APPLICATION, script: '/srv/a.php', req_path: '/a.php', latency: 7 }),
  ],
}
const given = (args: Record<string, string> = {}) => shown('nixie/fastcgi_data', args, rows)

test('requests, the newest first', () => {
  expect(given({ path_filter: 'shop' }).fastcgi_data).toMatchObject([
    { source: web, destination: application, req_path: '/shop.php?id=2', stderr: 'PHP Fatal error' },
    { source: web, destination: application, req_path: '/shop.php?id=1', resp_status: 200 },
  ])
  expect(given({ max_num_records: '1' }).fastcgi_data).toHaveLength(1)
  expect(given({ source_filter: 'nobody' }).fastcgi_data).toEqual([])
})

test('by script', () => {
  expect(given().fastcgi_scripts).toContainEqual({
    destination: application,
    script: '/srv/shop.php',
    requests: 2,
    failures: 1,
    with_errors: 1,
    latency: 200,
  })
})
