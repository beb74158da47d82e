/** What is known of the things that records refer to, by kind, as the store keeps it. Times are epoch nanoseconds as decimal text. */

/**
 * What a process is by what was last known of it. A process that execs is from then on what it runs, its earlier rows too.
 */
export interface ProcessInfo {
  readonly upid: string
  readonly pid: number
  /** upid of the process that forked it, or ''. */
  readonly parent: string
  /** What people call the program: `node api.js`, `nginx -c shop.conf`. */
  readonly name: string
  readonly comm: string
  /** Its arguments, with spaces between them and without their secrets. */
  readonly cmdline: string
  readonly exe: string
  /** 64 hex digits, or '' outside a container. */
  readonly containerId: string
  /** As docker or podman call it; '' for others, whose cluster knows their names. */
  readonly containerName: string
  /** docker, containerd, cri-o, podman, or ''. */
  readonly runtime: string
  /** The systemd unit (nginx.service), or ''. */
  readonly unit: string
  /** Kubernetes pod uid from the cgroup path, or ''. */
  readonly podUid: string
  readonly host: string
}

export interface OwnerReference {
  readonly uid: string
  readonly kind: string
  readonly name: string
}

/** What a pod or container is doing: `Running`, `Waiting`, …, with the cluster's words for it. */
export interface ObjectStatus {
  readonly state: string
  readonly message: string
  readonly reason: string
}

export interface StoredObject {
  readonly id: string
  /** `namespace/name`, or the name alone. */
  readonly name: string
  readonly namespace: string
  readonly startNs: string
  /** '0' while it is there. */
  readonly stopNs: string
}

/** What has owners and nothing else that is kept. */
export interface StoredOwned extends StoredObject {
  readonly owners: readonly OwnerReference[]
}

export interface StoredPod extends StoredOwned {
  readonly ip: string
  /** Addresses that are its own: none with the node's network. */
  readonly ips: readonly string[]
  /** When it had them, by this node's clock; '0': from before, or still. */
  readonly addressFromNs: string
  readonly addressToNs: string
  readonly node: string
  readonly status: ObjectStatus
  readonly qos: string
  readonly labels: Readonly<Record<string, string>>
  readonly serviceIds: readonly string[]
}

export interface StoredContainer extends StoredObject {
  readonly podId: string
  readonly status: ObjectStatus
}

export interface StoredService extends StoredObject {
  readonly clusterIp: string
  readonly clusterIps: readonly string[]
  readonly externalIps: readonly string[]
}

/** A replica set or a deployment. */
export interface StoredWorkload extends StoredOwned {
  /** JSON of its replica counts and conditions. */
  readonly status: string
}

export interface StoredNode extends StoredObject {
  /** Address ranges of its pods. */
  readonly cidrs: readonly string[]
}

/** The cluster itself; its key is `this`. */
export interface StoredCluster {
  readonly id: string
  /** The uid of the namespace kube-system. */
  readonly clusterId: string
  /** As the user or the kubeconfig calls it. */
  readonly name: string
  /** Nixie's own namespace. */
  readonly ownNamespace: string
}

/** Kind → value. A file may be of an earlier Nixie that knew less: any field may be missing. */
export interface EntityValues {
  readonly process: Partial<ProcessInfo>
  readonly cluster: Partial<StoredCluster>
  readonly namespace: Partial<StoredOwned>
  readonly node: Partial<StoredNode>
  readonly service: Partial<StoredService>
  readonly pod: Partial<StoredPod>
  readonly container: Partial<StoredContainer>
  readonly replicaset: Partial<StoredWorkload>
  readonly deployment: Partial<StoredWorkload>
  readonly statefulset: Partial<StoredOwned>
  readonly daemonset: Partial<StoredOwned>
  readonly job: Partial<StoredOwned>
  readonly cronjob: Partial<StoredOwned>
}

export type EntityKind = keyof EntityValues
/** Kinds of what a cluster holds: they begin and end. */
export type ObjectKind = Exclude<EntityKind, 'process' | 'cluster'>

/** One named thing that records refer to: its newest known state. */
export interface Entity<K extends EntityKind = EntityKind> {
  readonly kind: K
  /** For a process its upid, for an object of the cluster its uid; for a container its runtime's id. */
  readonly key: string
  readonly value: EntityValues[K]
  /** Epoch milliseconds when it was first and last known to be there. */
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

/** For filters: entities of one kind. */
export const isOfKind =
  <K extends EntityKind>(kind: K) =>
  (entity: Entity): entity is Entity<K> =>
    entity.kind === kind

/** It is there now. */
export const isLiving = ({ value }: Entity<ObjectKind>): boolean => value.stopNs === '0'

/** The entities of each kind by their keys; cheap to call often where it is the store's. */
export type Entities = <K extends EntityKind>(kind: K) => ReadonlyMap<string, Entity<K>>
