/** What runs outside of the pods of a cluster: in a list of its own, and in none of pods or services. */
import { expect, test } from 'bun:test'
import { LIBRARY } from '../../src/scripts/library'
import { contextOf, plainHost, request, rowOf, rowsOf, run, shown } from '../runner/support'
import {
  cluster,
  KUBELET,
  networkStats,
  OUTSIDE,
  processStats,
  REGISTRY,
  requests,
  WEB,
} from './support/cluster'

const served = { upid: KUBELET, remote_addr: OUTSIDE, req_path: '/pods', resp_status: 200, latency: 5 }
const ROWS = {
  http_events: [...requests(request), request(20, served), request(20, { ...served, upid: WEB })],
  process_stats: processStats(rowOf),
  network_stats: networkStats(rowOf),
  conn_stats: [20, 10].map((seconds) =>
    rowOf('conn_stats', seconds, {
      ...{ upid: KUBELET, remote_addr: OUTSIDE, remote_port: 443, trace_role: 1 },
      ...{ bytes_sent: 1000 / seconds, bytes_recv: 10 },
    }),
  ),
}

const WHICH: Readonly<Record<string, string>> = { PX_NAMESPACE: 'shop', PX_NODE: 'node-1' }

test.each([
  ['px/cluster', {}],
  ['px/node', { node: 'node-1' }],
] as const)('%s has the list', (script, args) => {
  const { 'Host Processes': list } = shown(script, args, ROWS, cluster)
  expect(list!.map(({ process, rss, vsize }) => [process, rss, vsize])).toEqual([['kubelet', 7, 70]])
  expect(list![0]!.cpu_usage).toBeCloseTo(3 / 300)
})

/** Lists of pods or services; what else names a host process says what it did. */
const LISTS: readonly [script: string, tables: readonly string[]][] = [
  ['px/cluster', ['Nodes', 'Namespaces', 'Services', 'Pods']],
  ['px/nodes', ['Pods']],
  ['px/node', ['Pods']],
  ['px/namespaces', ['Namespaces', 'Process Stats Overview by Namespace']],
  ['px/namespace', ['Pod List', 'Service List']],
  ['px/pods', ['Pods List']],
  ['px/pod_memory_usage', ['output']],
  ['px/pod_lifetime_resource', ['output']],
  ['px/service_resource_usage', ['output']],
  ['px/http_request_stats', ['output']],
]

test.each(LISTS)('%s: its lists of pods and services have none', (script, tables) => {
  const variables = LIBRARY.get(script)!.view?.variables ?? []
  const args = Object.fromEntries(
    variables.flatMap(({ name, type, defaultValue }) =>
      defaultValue === undefined ? [[name, WHICH[type]!]] : [],
    ),
  )
  const result = run({ script, args }, contextOf(ROWS, cluster))
  for (const wanted of tables) {
    const at = result.tables.findIndex(({ name }) => name === wanted)
    expect(at, `${wanted} of ${result.tables.map(({ name }) => name)}`).toBeGreaterThanOrEqual(0)
    const rows = rowsOf(result, at)
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows), wanted).not.toContain('kubelet')
  }
})

/** Columns of service lists whose rows are services, and whose pods are none. */
test.each([
  ['px/cluster', 'Services', {}],
  ['px/namespace', 'Service List', { namespace: 'ops' }],
  ['px/services', 'Services', { namespace: 'ops' }],
  ['px/service_resource_usage', 'output', {}],
] as const)('%s: a pod without a service is in no list of services', (script, table, args) => {
  const { [table]: list } = shown(script, args, ROWS, cluster)
  expect(list).toBeDefined()
  expect(JSON.stringify(list)).not.toContain('cron')
})

test('what has ended before the window did is in the list no more', () => {
  const sampled = (seconds: number, upid: string) => rowOf('process_stats', seconds, { upid, rss_bytes: 5 })
  const rows = { process_stats: [sampled(60, REGISTRY), sampled(10, KUBELET)] }
  const { 'Host Processes': list } = shown('px/cluster', {}, rows, cluster)
  expect(list!.map(({ process }) => process)).toEqual(['kubelet'])
})

test('where there is no cluster, what runs stands for pods, and is in both lists', () => {
  const rows = { process_stats: [rowOf('process_stats', 15, { rss_bytes: 5 })] }
  const { Pods, 'Host Processes': list } = shown('px/cluster', {}, rows, plainHost)
  expect(Pods!.map(({ pod }) => pod)).toEqual(['nginx.service'])
  expect(list).toMatchObject([{ process: 'nginx.service', rss: 5 }])
})
