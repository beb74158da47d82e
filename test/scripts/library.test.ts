/** Scripts of the library: what they say happened. */
import { describe, expect, test } from 'bun:test'
import { contextOf, kubernetes, request, rowsOf, run, SHELL } from '../runner/support'

const ROWS = [
  request(250, { req_path: '/old', remote_addr: '10.0.0.7', resp_status: 200, latency: 1000 }),
  request(29, { req_path: '/in', remote_addr: '10.0.0.9', resp_status: 200, latency: 2000 }),
  request(20, { req_path: '/bad', remote_addr: '10.0.0.7', resp_status: 500, latency: 4000 }),
  request(10, {
    req_path: '/out',
    remote_addr: '93.184.216.34',
    resp_status: 200,
    latency: 3000,
    upid: SHELL,
    trace_role: 1,
  }),
  request(5, {
    req_path: '/lost',
    remote_addr: '10.0.0.9',
    local_addr: '10.0.0.1',
    resp_status: 200,
    upid: '1:7:7',
  }),
]

const label = (cell: unknown) =>
  JSON.parse(cell as string) as { label: string; script: string; args: unknown }
const paths = (args: Record<string, string>, context = contextOf(ROWS)) =>
  rowsOf(run({ script: 'px/http_data', args }, context)).map((row) => row.req_path)

describe('px/http_data', () => {
  test('shows the newest requests first', () => {
    expect(paths({})).toEqual(['/lost', '/out', '/bad', '/in', '/old'])
    expect(paths({ max_num_records: '2' })).toEqual(['/lost', '/out'])
    expect(paths({ start_time: '-25s' })).toEqual(['/lost', '/out', '/bad'])
  })

  test('the end that answers is the destination', () => {
    const rows = rowsOf(run({ script: 'px/http_data' }, contextOf(ROWS)))
    const ends = rows.map((row) => `${label(row.source).label} -> ${label(row.destination).label}`)
    expect(ends).toEqual([
      '10.0.0.9 -> 10.0.0.1',
      'curl -> 93.184.216.34',
      '10.0.0.7 -> nginx.service',
      '10.0.0.9 -> nginx.service',
      '10.0.0.7 -> nginx.service',
    ])
  })

  test('filters are parts of names', () => {
    expect(paths({ destination_filter: 'nginx' })).toEqual(['/bad', '/in', '/old'])
    expect(paths({ source_filter: 'cur' })).toEqual(['/out'])
    expect(paths({ source_filter: '0.7', destination_filter: 'nginx' })).toEqual(['/bad', '/old'])
    expect(paths({ destination_filter: 'curl' })).toEqual([])
  })

  test('in a cluster both ends are pods', () => {
    const context = contextOf(ROWS, kubernetes)
    const [bad] = rowsOf(run({ script: 'px/http_data', args: { source_filter: 'web-1' } }, context))
    expect(label(bad!.source)).toEqual({
      label: 'shop/web-1',
      script: 'px/pod',
      args: { start_time: '-5m', pod: 'shop/web-1' },
    })
    expect(paths({ source_filter: 'shop/web' }, context)).toEqual(['/bad', '/old'])
  })

  test('an end without a name links to its address', () => {
    const [lost] = rowsOf(run({ script: 'px/http_data' }, contextOf(ROWS)))
    const link = { label: '10.0.0.1', script: 'px/ip', args: { start_time: '-5m', ip: '10.0.0.1' } }
    expect(label(lost!.destination)).toEqual(link)
  })
})

test('px/http_data_filtered', () => {
  const given = (args: Record<string, string>) =>
    rowsOf(run({ script: 'px/http_data_filtered', args: { start_time: '-5m', ...args } }, contextOf(ROWS)))
  expect(given({}).map((row) => row.req_path)).toEqual(['/lost', '/out', '/in', '/old'])
  expect(given({ status_code: '500' }).map((row) => [row.req_path, row.pod])).toEqual([
    ['/bad', 'nginx.service'],
  ])
  expect(given({ pod: 'nginx', req_path: 'ol' }).map((row) => row.req_path)).toEqual(['/old'])
  expect(given({ svc: 'shop' })).toEqual([])
  expect(given({ svc: 'nginx', req_path: 'ol' }).map((row) => row.svc)).toEqual(['nginx.service'])
})

test('px/http_request_stats: the servers side of the last 30 seconds', () => {
  const rows = rowsOf(run({ script: 'px/http_request_stats' }, contextOf(ROWS)))
  const web = rows.find((row) => row.service === 'nginx.service')!
  expect(web).toMatchObject({ errors: 0.5, 'throughput total': 2, throughput: 2 / 30e9 })
  expect(rows.map((row) => row.service).sort()).toEqual(['', 'nginx.service'])
  const p99 = web['latency(p99)'] as number
  expect(p99).toBeGreaterThan(3900)
  expect(p99).toBeLessThanOrEqual(4000)
})

test('px/schemas: every table and column', () => {
  const { store } = contextOf([])
  const result = run({ script: 'px/schemas' }, contextOf([]))
  expect(rowsOf(result, 0).map((row) => row.table_name)).toEqual(store.tables().map((t) => t.name))
  expect(rowsOf(result, 1)).toContainEqual({
    table_name: 'http_events',
    column_name: 'latency',
    column_type: 'INT64',
    pattern_type: 'GENERAL',
    column_desc: 'Its latency',
  })
})
