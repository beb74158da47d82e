/**
 * Reduces the API's objects to what PxL's functions ask for, as values of the store's entities. Times are epoch
 * nanoseconds as decimal text.
 */
import type {
  V1ContainerState,
  V1ContainerStatus,
  V1Deployment,
  V1EndpointSlice,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
  V1Service,
} from '@kubernetes/client-node'
import type {
  ObjectStatus,
  OwnerReference,
  StoredContainer,
  StoredNode,
  StoredObject,
  StoredOwned,
  StoredPod,
  StoredService,
  StoredWorkload,
} from '../records/entities'

/** Epoch nanoseconds of a time as the API writes or the client parses it; '0' for none. */
export function nanoseconds(time: Date | string | undefined): string {
  const ms = time === undefined ? Number.NaN : new Date(time).getTime()
  return Number.isNaN(ms) ? '0' : `${BigInt(ms) * 1_000_000n}`
}

/** Annotations hold whole manifests, a label no more than 63 characters: only labels are kept. */
export function reduceObject({ uid = '', name = '', namespace, ...meta }: V1ObjectMeta): StoredObject {
  return {
    id: uid,
    name: namespace ? `${namespace}/${name}` : name,
    namespace: namespace ?? '',
    startNs: nanoseconds(meta.creationTimestamp),
    stopNs: '0',
  }
}

const ownersOf = (meta: V1ObjectMeta): OwnerReference[] =>
  (meta.ownerReferences ?? []).map(({ uid, kind, name }) => ({ uid, kind, name }))

const statusesOf = ({ status }: V1Pod): readonly V1ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
  ...(status?.ephemeralContainerStatuses ?? []),
]

const ENDED = new Set(['Succeeded', 'Failed'])

/** The pod's phase, with the reason that the pod or the first waiting container gives. */
function podStatus(pod: V1Pod): ObjectStatus {
  const { phase = 'Unknown', reason, message } = pod.status ?? {}
  const waiting = statusesOf(pod).find((status) => status.state?.waiting)?.state?.waiting
  return {
    state: pod.metadata?.deletionTimestamp && !ENDED.has(phase) ? 'Terminating' : phase,
    message: message ?? waiting?.message ?? '',
    reason: reason ?? waiting?.reason ?? '',
  }
}

/** When the last container of an ended pod ended. */
function podStop(pod: V1Pod): string {
  if (!ENDED.has(pod.status?.phase ?? '')) return '0'
  const ends = statusesOf(pod).map((status) => nanoseconds(status.state?.terminated?.finishedAt))
  return ends.reduce((last, end) => (BigInt(end) > BigInt(last) ? end : last), '0')
}

/** For kinds with no further fields. */
export const reduceMeta = ({ metadata = {} }: { readonly metadata?: V1ObjectMeta }): StoredOwned => ({
  ...reduceObject(metadata),
  owners: ownersOf(metadata),
})

/** A pod without its services and the times of its addresses, which the API's object doesn't have. */
export function reducePod(pod: V1Pod): Omit<StoredPod, 'serviceIds' | 'addressFromNs' | 'addressToNs'> {
  const meta = pod.metadata ?? {}
  const object = reduceObject(meta)
  const ips = (pod.status?.podIPs ?? []).flatMap(({ ip }) => (ip ? [ip] : []))
  return {
    ...object,
    startNs: pod.status?.startTime ? nanoseconds(pod.status.startTime) : object.startNs,
    stopNs: podStop(pod),
    ip: pod.status?.podIP ?? '',
    ips: pod.spec?.hostNetwork ? [] : ips,
    node: pod.spec?.nodeName ?? '',
    status: podStatus(pod),
    qos: pod.status?.qosClass ?? '',
    labels: meta.labels ?? {},
    owners: ownersOf(meta),
  }
}

function stateOf(state: V1ContainerState | undefined): ObjectStatus {
  if (state?.running) return { state: 'Running', message: '', reason: '' }
  const why = state?.terminated ?? state?.waiting
  return {
    state: state?.terminated ? 'Terminated' : 'Waiting',
    message: why?.message ?? '',
    reason: why?.reason ?? '',
  }
}

/** `containerd://<id>` → the id; '' while it has none. */
const containerId = (id: string | undefined): string => id?.slice(id.indexOf('://') + 3) ?? ''

/** Containers that have been started, the runs before a restart too. */
export function reduceContainers(pod: V1Pod): StoredContainer[] {
  const { id: podId, namespace } = reduceObject(pod.metadata ?? {})
  return statusesOf(pod).flatMap(({ name, containerID, state, lastState }) =>
    [
      { id: containerId(lastState?.terminated?.containerID), state: lastState },
      { id: containerId(containerID), state },
    ]
      .filter(({ id }) => id !== '')
      .map(({ id, state }) => ({
        id,
        name,
        namespace,
        podId,
        startNs: nanoseconds(state?.running?.startedAt ?? state?.terminated?.startedAt),
        stopNs: nanoseconds(state?.terminated?.finishedAt),
        status: stateOf(state),
      })),
  )
}

const isAddress = (ip: string | undefined): ip is string => Boolean(ip) && ip !== 'None'

export function reduceService({ metadata, spec, status }: V1Service): StoredService {
  const balancers = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []))
  return {
    ...reduceObject(metadata ?? {}),
    clusterIp: isAddress(spec?.clusterIP) ? spec.clusterIP : '',
    clusterIps: (spec?.clusterIPs ?? [spec?.clusterIP]).filter(isAddress),
    externalIps: [...new Set([...(spec?.externalIPs ?? []), ...balancers])],
  }
}

/** A deployment or replica set. */
export function reduceWorkload(object: V1Deployment | V1ReplicaSet): StoredWorkload {
  const {
    replicas = 0,
    readyReplicas = 0,
    availableReplicas = 0,
    observedGeneration = 0,
  } = object.status ?? {}
  const conditions = (object.status?.conditions ?? []).map(({ type, status, reason = '', message = '' }) => ({
    type,
    status,
    reason,
    message,
  }))
  const wanted = object.spec?.replicas ?? 0
  return {
    ...reduceObject(object.metadata ?? {}),
    owners: ownersOf(object.metadata ?? {}),
    status: JSON.stringify({
      wanted,
      replicas,
      readyReplicas,
      availableReplicas,
      observedGeneration,
      conditions,
    }),
  }
}

export function reduceNode({ metadata, spec }: V1Node): StoredNode {
  const cidrs = spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : [])
  return { ...reduceObject(metadata ?? {}), cidrs }
}

/** Which pods a service's slice names. */
export function reduceSlice({ metadata, endpoints }: V1EndpointSlice): {
  readonly service: string
  readonly pods: readonly string[]
} {
  const name = metadata?.labels?.['kubernetes.io/service-name']
  const pods = (endpoints ?? []).flatMap(({ targetRef }) =>
    targetRef?.kind === 'Pod' && targetRef.uid ? [targetRef.uid] : [],
  )
  return { service: name ? `${metadata?.namespace}/${name}` : '', pods }
}
