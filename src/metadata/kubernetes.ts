/**
 * Kubernetes objects as PxL's functions ask for them. They are kept after they are gone for as long as records may refer
 * to them, so that a deleted pod's requests keep its name.
 */
import type { ObjectStatus, OwnerReference } from '../records/entities'

/** Names are `namespace/name`, as Pixie writes them. */
export interface KubernetesObject {
  /** The object's uid. */
  readonly id: string
  readonly name: string
  readonly namespace: string
  /** Epoch nanoseconds; 0 when unknown. */
  readonly startNs: bigint
  /** 0 while it is there. */
  readonly stopNs: bigint
}

export interface Pod extends KubernetesObject {
  readonly ip: string
  readonly node: string
  readonly status: ObjectStatus
  /** Guaranteed, Burstable, BestEffort. */
  readonly qos: string
  readonly labels: Readonly<Record<string, string>>
  readonly owners: readonly OwnerReference[]
  /** Uids of the services whose endpoints it is or was. */
  readonly serviceIds: readonly string[]
}

/** `name` is the container's own (`nginx`), without a namespace. */
export interface Container extends KubernetesObject {
  readonly podId: string
  readonly status: ObjectStatus
}

export interface Service extends KubernetesObject {
  readonly clusterIp: string
  readonly externalIps: readonly string[]
}

/** A replica set or a deployment. */
export interface Workload extends KubernetesObject {
  readonly owners: readonly OwnerReference[]
  /** JSON of its replica counts and conditions. */
  readonly status: string
}

/** A pod's time with an address: until the next newer one's begins. */
export interface Tenancy {
  readonly pod: Pod
  /** Epoch nanoseconds; 0 for the first one, which had it from ever on as far as records tell. */
  readonly fromNs: bigint
}

/** By what an object is asked for: its uid, its `namespace/name`. The newest one of a name. */
export interface ObjectIndex<T> {
  byId(id: string): T | undefined
  byName(name: string): T | undefined
}

export interface Kubernetes {
  readonly pods: ObjectIndex<Pod>
  readonly services: ObjectIndex<Service>
  /** `byId` takes the runtime's container id, without its scheme. */
  readonly containers: ObjectIndex<Container>
  readonly replicaSets: ObjectIndex<Workload>
  readonly deployments: ObjectIndex<Workload>
  readonly namespaces: ObjectIndex<KubernetesObject>
  /** Who has, or at that time had, the address. */
  podAt(ip: string, timeNs?: bigint): Pod | undefined
  /** All who have or had the address, the newest first. */
  tenanciesOf(ip: string): readonly Tenancy[]
  serviceAt(ip: string): Service | undefined
  /** Pod and service address ranges, as far as they are known. */
  readonly cidrs: readonly string[]
  /** The uid of the namespace kube-system, the name that the user gave the cluster, Nixie's own namespace. */
  readonly clusterId: string
  readonly clusterName: string
  readonly ownNamespace: string
}
