/** The cluster as the overview shows it: problems first. */
import type { ClusterStatus } from '../src/api/status'
import type { Entities, StoredPod } from '../src/records/entities'
import { living } from './entities'

export interface Trouble {
  readonly pod: string
  readonly node: string
  readonly state: string
  readonly reason: string
  readonly message: string
}

export interface NamespaceSummary {
  readonly name: string
  readonly pods: number
  readonly services: number
  readonly unwell: number
}

export interface ClusterSummary {
  /** '' when it has no name. */
  readonly name: string
  readonly status: ClusterStatus
  readonly pods: number
  readonly troubles: readonly Trouble[]
  /** Namespaces with problems first, then by their number of pods. */
  readonly namespaces: readonly NamespaceSummary[]
  readonly nodes: readonly { readonly name: string; readonly pods: number; readonly unwell: number }[]
}

/** A failed pod has ended, but is shown until the cluster deletes it. Its entity is renewed each minute until then. */
const RENEWED_MS = 180_000
/** The cluster has deleted a pod that ended in any other state. */
const ENDED = new Set(['Succeeded', 'Failed'])
const WELL = new Set(['Running', 'Succeeded'])
/** The worst first. */
const WORST = ['Failed', 'Unknown', 'Pending', 'Terminating', 'Running']

/** The state of a pod, also of one whose state was never stored. */
const podOf = ({ name = '', namespace = '', node = '', status }: Partial<StoredPod>) => {
  return { name, namespace, node, status: { state: '', reason: '', message: '', ...status } }
}

const rank = ({ state }: Trouble): number => {
  const at = WORST.indexOf(state)
  return at < 0 ? 0 : at
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

export function clusterOf(entities: Entities, status: ClusterStatus, nowMs: number): ClusterSummary {
  const all = [...entities('pod').values()]
  const pods = all.flatMap(({ value, lastSeenMs }) => {
    const pod = podOf(value)
    const isKept = ENDED.has(pod.status.state) && nowMs - lastSeenMs < RENEWED_MS
    return value.stopNs === '0' || isKept ? [pod] : []
  })
  const ill = pods.filter(
    ({ status: { state, reason } }) => !WELL.has(state) || (state === 'Running' && reason),
  )
  const troubles = ill.map(({ name, node, status: now }) => ({ pod: name, node, ...now }))
  const [perSpace, illSpace] = [tally(pods.map((p) => p.namespace)), tally(ill.map((p) => p.namespace))]
  const [perNode, illNode] = [tally(pods.map((p) => p.node)), tally(ill.map((p) => p.node))]
  const services = tally(living(entities, 'service').map(({ value }) => value.namespace ?? ''))
  const names = (kind: 'namespace' | 'node') => living(entities, kind).map(({ value }) => value.name ?? '')
  const worstFirst = (
    a: { unwell: number; pods: number; name: string },
    b: { unwell: number; pods: number; name: string },
  ) => b.unwell - a.unwell || b.pods - a.pods || (a.name < b.name ? -1 : 1)
  return {
    name: entities('cluster').get('this')?.value.name ?? '',
    status,
    pods: pods.length,
    troubles: troubles.sort((a, b) => rank(a) - rank(b) || (a.pod < b.pod ? -1 : 1)),
    namespaces: names('namespace')
      .map((name) => ({
        name,
        pods: perSpace.get(name) ?? 0,
        services: services.get(name) ?? 0,
        unwell: illSpace.get(name) ?? 0,
      }))
      .sort(worstFirst),
    nodes: names('node')
      .map((name) => ({ name, pods: perNode.get(name) ?? 0, unwell: illNode.get(name) ?? 0 }))
      .sort(worstFirst),
  }
}
