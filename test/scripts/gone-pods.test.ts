/** Pods that the cluster let go of within the time that is looked at: in the lists, and not unwell. */
import { expect, test } from 'bun:test'
import type { Metadata } from '../../src/metadata/metadata'
import { kubernetesOf } from '../metadata/kubernetes-of'
import { rowOf, shown } from '../runner/support'
import { cluster, processStats, STARTED, WEB } from './support/cluster'

const status = (state: string, reason = '') => ({ state, message: '', reason })

/** The cluster whose pod shop/web-1 is as given. */
function withPod(over: { stopNs: bigint; status: ReturnType<typeof status> }): Metadata {
  const pod = { ...cluster.podOf(WEB)!, ...over }
  const podOf = (upid: string) => (upid === WEB ? pod : cluster.podOf(upid))
  return { ...cluster, podOf, kubernetes: kubernetesOf({ pods: [pod] }) }
}

const shownState = (script: string, args: Record<string, string>, column: string, metadata: Metadata) => {
  const rows = shown(script, args, { process_stats: processStats(rowOf) }, metadata).Pods!
  return JSON.parse(String(rows.find(({ pod }) => pod === 'shop/web-1')![column])) as unknown
}

test.each([
  ['px/nodes', {}, 'pod_status'],
  ['px/node', { node: 'node-1' }, 'status'],
  ['px/cluster', {}, 'status'],
] as const)('%s', (script, args, column) => {
  const state = (stopNs: bigint, last: ReturnType<typeof status>) =>
    shownState(script, args, column, withPod({ stopNs, status: last }))
  expect(state(0n, status('Terminating'))).toEqual(status('Terminating'))
  for (const last of [status('Terminating', 'Error'), status('Running'), status('Pending')]) {
    expect(state(STARTED + 9n, last)).toEqual(status('Terminated'))
  }
  // These have ended by themselves, well or not.
  expect(state(STARTED + 9n, status('Failed', 'Evicted'))).toEqual(status('Failed', 'Evicted'))
  expect(state(STARTED + 9n, status('Succeeded'))).toEqual(status('Succeeded'))
})
