/** Memory, summed over processes: what is held at a time, not what processes held that had ended by then. */
import { expect, test } from 'bun:test'
import { rowOf, shown } from '../runner/support'
import { cluster, DB, SIDECAR, WEB } from './support/cluster'

const at = (seconds: number, upid: string, rss: number) =>
  rowOf('process_stats', seconds, { upid, rss_bytes: rss, vsize_bytes: 10 * rss })

/** Within the same five minutes: a large process that ended, one that shrank, one that stands still. */
const ROWS = {
  process_stats: [
    ...[250, 200, 130].map((seconds) => at(seconds, SIDECAR, 1000)),
    at(100, WEB, 500),
    at(60, DB, 30),
    at(12, DB, 30),
    at(5, WEB, 70),
  ],
}

/** Of each row of a result table the given columns; sorted. */
function cells(script: string, args: Record<string, string>, table: string, columns: readonly string[]) {
  const rows = shown(script, args, ROWS, cluster)[table]!
  return rows.map((row) => columns.map((name) => row[name]!)).sort()
}

/** Points of a day are five minutes long. */
const day = { start_time: '-24h' }
const shop = { ...day, namespace: 'shop' }

test.each([
  ['px/cluster', {}, 'Namespaces'],
  ['px/namespaces', {}, 'Process Stats Overview by Namespace'],
  ['px/nodes', day, 'process_stats'],
  ['px/node', { ...day, node: 'node-1' }, 'resource_timeseries'],
] as const)('%s: all of it', (script, args, table) => {
  expect(cells(script, args, table, ['rss', 'vsize'])).toEqual([[100, 1000]])
})

test.each([
  ['px/pods', shop, 'resource_timeseries', 'rss'],
  ['px/namespace', shop, 'Pod List', 'rss'],
  ['px/pod_lifetime_resource', {}, 'output', 'Average Memory'],
] as const)('%s: by pod', (script, args, table, column) => {
  const pod = script === 'px/pod_lifetime_resource' ? 'pod_name' : 'pod'
  expect(cells(script, args, table, [pod, column])).toEqual([
    ['shop/db-1', 30],
    ['shop/web-1', 70],
  ])
})

test('px/pod: by container', () => {
  const args = { ...day, pod: 'shop/web-1' }
  expect(cells('px/pod', args, 'resource_timeseries', ['container', 'rss'])).toEqual([
    ['proxy', 0],
    ['web', 70],
  ])
})

test('px/service_resource_usage: the mean over the pods that are there', () => {
  expect(cells('px/service_resource_usage', {}, 'output', ['service', 'pod_count', 'avg_pod_rss'])).toEqual([
    ['shop/db', 1, 30],
    ['shop/web', 1, 70],
  ])
})
