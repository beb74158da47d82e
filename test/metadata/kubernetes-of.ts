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
import type { Entity } from '../../src/records/entities'
import type { ReadableStore } from '../../src/store/store'
import { entitiesOf, entity } from '../support/entities'

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

/** A source of entities alone. */
export const entitySource = (entities: readonly Entity[]): ReadableStore => ({
  tables: () => [],
  scan: () => [],
  entities: entitiesOf(entities),
  process: (upid) => entitiesOf(entities)('process').get(upid),
  close: () => {},
})

/** With its times as text. */
const stored = <T extends KubernetesObject>({ startNs, stopNs, ...object }: T) => ({
  ...object,
  startNs: String(startNs),
  stopNs: String(stopNs),
})

/** A pod's address is its own from its start to its end. */
export function kubernetesOf(objects: Objects): Kubernetes {
  const pods = (objects.pods ?? []).map((pod) => {
    const times = { addressFromNs: String(pod.startNs), addressToNs: String(pod.stopNs) }
    return { ...stored(pod), ips: pod.ip ? [pod.ip] : [], ...times }
  })
  const services = (objects.services ?? []).map((service) => ({
    ...stored(service),
    clusterIps: service.clusterIp ? [service.clusterIp] : [],
  }))
  const {
    containers = [],
    replicaSets = [],
    deployments = [],
    namespaces = [],
    cidrs = [],
    cluster,
  } = objects
  return openKubernetes(
    entitySource([
      ...pods.map((one) => entity('pod', one.id, one)),
      ...services.map((one) => entity('service', one.id, one)),
      ...containers.map((one) => entity('container', one.id, stored(one))),
      ...replicaSets.map((one) => entity('replicaset', one.id, stored(one))),
      ...deployments.map((one) => entity('deployment', one.id, stored(one))),
      ...namespaces.map((one) => entity('namespace', one.id, stored(one))),
      entity('node', 'node', { cidrs }),
      ...(cluster ? [entity('cluster', 'this', cluster)] : []),
    ]),
  )
}
