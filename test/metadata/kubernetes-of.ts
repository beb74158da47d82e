/** A cluster as the store would remember it, from its objects. */
import type {
  Container,
  Kubernetes,
  KubernetesObject,
  Pod,
  Service,
  Workload,
} from '../../src/metadata/kubernetes'
import { openKubernetes } from '../../src/metadata/stored-kubernetes'
import type { Entity, Source } from '../../src/store/store'

export interface Objects {
  readonly pods?: readonly Pod[]
  readonly services?: readonly Service[]
  readonly containers?: readonly Container[]
  readonly replicaSets?: readonly Workload[]
  readonly deployments?: readonly Workload[]
  readonly namespaces?: readonly KubernetesObject[]
  readonly cidrs?: readonly string[]
  readonly cluster?: { readonly clusterId: string; readonly name: string; readonly ownNamespace: string }
}

const entity = (kind: string, key: string, value: object): Entity => ({
  kind,
  key,
  value: Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, typeof field === 'bigint' ? String(field) : field]),
  ),
  firstSeenMs: 0,
  lastSeenMs: 0,
})

/** A source of entities alone. */
export function entitySource(entities: readonly Entity[]): Source {
  const kinds = new Map<string, Map<string, Entity>>()
  for (const one of entities) {
    const known = kinds.get(one.kind) ?? new Map()
    kinds.set(one.kind, known.set(one.key, one))
  }
  const none: ReadonlyMap<string, Entity> = new Map()
  return {
    tables: () => [],
    scan: () => [],
    entities: (kind) => kinds.get(kind) ?? none,
    close: () => {},
  }
}

/** A pod's address is its own from its start to its end. */
export function kubernetesOf(objects: Objects): Kubernetes {
  const all = (kind: string, list: readonly KubernetesObject[] = []) =>
    list.map((one) => entity(kind, one.id, one))
  const pods = (objects.pods ?? []).map((pod) => ({
    ...pod,
    ips: pod.ip ? [pod.ip] : [],
    addressFromNs: pod.startNs,
    addressToNs: pod.stopNs,
  }))
  const services = (objects.services ?? []).map((service) => ({
    ...service,
    clusterIps: service.clusterIp ? [service.clusterIp] : [],
  }))
  return openKubernetes(
    entitySource([
      ...all('pod', pods),
      ...all('service', services),
      ...all('container', objects.containers),
      ...all('replicaset', objects.replicaSets),
      ...all('deployment', objects.deployments),
      ...all('namespace', objects.namespaces),
      entity('node', 'node', { cidrs: objects.cidrs ?? [] }),
      ...(objects.cluster ? [entity('cluster', 'this', objects.cluster)] : []),
    ]),
  )
}
