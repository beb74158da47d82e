/**
 * What PxL asks of Kubernetes objects: a table of objects, by what they are asked for, and of fields.
 * `pod_name_to_status` is the field `status` of the pod with that name. Unknown values are '' or the time 0.
 */

import type {
  Container,
  Kubernetes,
  KubernetesObject,
  Pod,
  Service,
  Workload,
} from '../../../metadata/kubernetes'
import type { Metadata } from '../../../metadata/metadata'
import type { ObjectStatus, OwnerReference } from '../../../records/entities'
import type { SemanticType } from '../../../records/types'
import { type FunctionSpec, type Overload, scalar } from '../base/function'
import { always } from '../base/units'

interface TextField<T> {
  readonly what: string
  readonly semantic?: SemanticType
  readonly read: (object: T, kubernetes: Kubernetes) => string
}

interface TimeField<T> {
  readonly what: string
  /** Epoch nanoseconds; 0 where there is none. */
  readonly time: (object: T) => bigint
}

/** One field of a kind of object: TIME64NS or text. */
type Field<T> = TextField<T> | TimeField<T>

/** As Pixie writes them: a single name as it is, several names as a JSON array. */
const listed = (values: readonly string[]): string =>
  values.length > 1 ? JSON.stringify(values) : (values[0] ?? '')

/** An object that is gone without an end state is Terminated: its last state (Terminating, Running) no longer holds. */
const statusText = ({
  status: { state, message, reason },
  stopNs,
}: KubernetesObject & { status: ObjectStatus }) =>
  JSON.stringify(
    stopNs === 0n || ENDED.has(state)
      ? { state, message, reason }
      : { state: 'Terminated', message: '', reason: '' },
  )
/** A container that waits to be started again has ended, too. */
const ENDED = new Set(['Succeeded', 'Failed', 'Terminated', 'Waiting'])

const OWNERS: TextField<{ owners: readonly OwnerReference[] }> = {
  what: 'owners, as JSON,',
  read: ({ owners }) => JSON.stringify(owners.map(({ uid, kind, name }) => ({ uid, kind, name }))),
}

const ownerOf = ({ owners }: { owners: readonly OwnerReference[] }, kind: string) =>
  owners.find((owner) => owner.kind === kind)

const nameOf = ({ namespace }: KubernetesObject, owner: OwnerReference | undefined) =>
  owner ? `${namespace}/${owner.name}` : ''

function deploymentOf(pod: Pod, { replicaSets }: Kubernetes): OwnerReference | undefined {
  const set = replicaSets.byId(ownerOf(pod, 'ReplicaSet')?.uid ?? '')
  return set && ownerOf(set, 'Deployment')
}

const servicesOf = (pod: Pod, { services }: Kubernetes) =>
  pod.serviceIds.flatMap((id) => services.byId(id) ?? [])

const NAMESPACE: TextField<KubernetesObject> = {
  what: 'namespace',
  semantic: 'ST_NAMESPACE_NAME',
  read: ({ namespace }) => namespace,
}

const OF_ANY = {
  namespace: NAMESPACE,
  start_time: { what: 'start time', time: ({ startNs }) => startNs },
  stop_time: { what: 'stop time, 0 while it is there,', time: ({ stopNs }) => stopNs },
} satisfies Record<string, Field<KubernetesObject>>

export const POD_TEXTS: Readonly<Record<string, TextField<Pod>>> = {
  namespace: NAMESPACE,
  pod_id: { what: 'uid', read: ({ id }) => id },
  pod_name: { what: 'name, with its namespace,', semantic: 'ST_POD_NAME', read: ({ name }) => name },
  pod_ip: { what: 'address', read: ({ ip }) => ip },
  pod_labels: { what: 'labels, as JSON,', read: ({ labels }) => JSON.stringify(labels) },
  pod_qos: { what: 'class of service', read: ({ qos }) => qos },
  node_name: { what: 'node', semantic: 'ST_NODE_NAME', read: ({ node }) => node },
  status: {
    what: 'state, message and reason, as JSON,',
    semantic: 'ST_POD_STATUS',
    read: statusText,
  },
  owner_references: OWNERS,
  service_id: {
    what: 'service uid (of several a JSON array)',
    read: (pod, kubernetes) => listed(servicesOf(pod, kubernetes).map(({ id }) => id)),
  },
  service_name: {
    what: 'service (of several a JSON array)',
    semantic: 'ST_SERVICE_NAME',
    read: (pod, kubernetes) => listed(servicesOf(pod, kubernetes).map(({ name }) => name)),
  },
  replicaset_id: { what: 'replica set uid', read: (pod) => ownerOf(pod, 'ReplicaSet')?.uid ?? '' },
  replicaset_name: { what: 'replica set', read: (pod) => nameOf(pod, ownerOf(pod, 'ReplicaSet')) },
  deployment_id: {
    what: 'deployment uid',
    read: (pod, kubernetes) => deploymentOf(pod, kubernetes)?.uid ?? '',
  },
  deployment_name: {
    what: 'deployment',
    read: (pod, kubernetes) => nameOf(pod, deploymentOf(pod, kubernetes)),
  },
}

const POD_FIELDS: Readonly<Record<string, Field<Pod>>> = { ...OF_ANY, ...POD_TEXTS }

const WORKLOAD_FIELDS: Readonly<Record<string, Field<Workload>>> = {
  ...OF_ANY,
  status: { what: 'replica counts and conditions, as JSON,', read: ({ status }) => status },
  owner_references: OWNERS,
  replicaset_id: { what: 'uid', read: ({ id }) => id },
  replicaset_name: { what: 'name, with its namespace,', read: ({ name }) => name },
  deployment_id: { what: 'deployment uid', read: (set) => ownerOf(set, 'Deployment')?.uid ?? '' },
  deployment_name: { what: 'deployment', read: (set) => nameOf(set, ownerOf(set, 'Deployment')) },
}

const DEPLOYMENT_FIELDS: Readonly<Record<string, Field<Workload>>> = {
  ...WORKLOAD_FIELDS,
  deployment_id: { what: 'uid', read: ({ id }) => id },
  deployment_name: { what: 'name, with its namespace,', read: ({ name }) => name },
}

const SERVICE_FIELDS: Readonly<Record<string, Field<Service>>> = {
  ...OF_ANY,
  service_id: { what: 'uid', read: ({ id }) => id },
  service_name: { what: 'name, with its namespace,', semantic: 'ST_SERVICE_NAME', read: ({ name }) => name },
  cluster_ip: { what: 'address inside the cluster', read: ({ clusterIp }) => clusterIp },
  external_ips: { what: 'external addresses, as a JSON array,', read: (s) => JSON.stringify(s.externalIps) },
}

const CONTAINER_FIELDS: Readonly<Record<string, Field<Container>>> = {
  ...OF_ANY,
  container_id: { what: 'id', read: ({ id }) => id },
  status: {
    what: 'state, message and reason, as JSON,',
    semantic: 'ST_CONTAINER_STATUS',
    read: statusText,
  },
}

const NAMESPACE_FIELDS: Readonly<Record<string, Field<KubernetesObject>>> = {
  namespace_id: { what: 'uid', read: ({ id }) => id },
}

/** Fields of unknown objects: the namespace is in the name, and the stand-in for a pod is its own name. */
type Otherwise = Readonly<Record<string, (key: string, metadata: Metadata) => string>>

const FROM_NAME: Otherwise = { namespace: (name) => name.slice(0, Math.max(0, name.indexOf('/'))) }

/** A Kubernetes uid: a UUID, or the hash of a static pod's manifest. */
const UID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/

/** Outside of a cluster the stand-in for a pod is its own id. In a cluster an unknown id has no fields. */
const standsForPod = (id: string, { kubernetes }: Metadata): boolean =>
  kubernetes.clusterId === '' && !UID.test(id)

const STANDS_FOR_POD: Otherwise = {
  pod_name: (id, metadata) => (standsForPod(id, metadata) ? id : ''),
  node_name: (id, metadata) => (standsForPod(id, metadata) ? metadata.hostName : ''),
}

/** `<key>_to_<field>` for each of the fields. */
function functionsOf<T>(
  key: string,
  of: string,
  fields: Readonly<Record<string, Field<T>>>,
  names: string,
  find: (kubernetes: Kubernetes, key: string) => T | undefined,
  otherwise: Otherwise = {},
): FunctionSpec[] {
  // Pixie spells it in two ways.
  const argument = key.replace('replicaset', 'replica_set')
  return names.split(' ').map((name): FunctionSpec => {
    const field = fields[name]!
    return {
      name: `${key}_to_${name}`,
      description: `The ${field.what} of ${of}.`,
      unit: always('time' in field ? 'ST_NONE' : (field.semantic ?? 'ST_NONE')),
      overloads: [
        'time' in field
          ? timeOf(argument, (asked, { kubernetes }) => {
              const object = find(kubernetes, asked)
              return object ? field.time(object) : 0n
            })
          : textOf(argument, (asked, metadata) => {
              const object = find(metadata.kubernetes, asked)
              return object
                ? field.read(object, metadata.kubernetes)
                : (otherwise[name]?.(asked, metadata) ?? '')
            }),
      ],
    }
  })
}

const timeOf = (argument: string, read: (asked: string, metadata: Metadata) => bigint): Overload =>
  scalar(`${argument}:STRING -> TIME64NS`, ({ metadata }, asked: string) =>
    asked === '' ? 0n : read(asked, metadata),
  )

const textOf = (argument: string, read: (asked: string, metadata: Metadata) => string): Overload =>
  scalar(`${argument}:STRING -> STRING`, ({ metadata }, asked: string) =>
    asked === '' ? '' : read(asked, metadata),
  )

const POD_OWNERS = 'deployment_id deployment_name replicaset_id replicaset_name owner_references'
const LIFE = 'start_time stop_time'

export const KUBERNETES_FUNCTIONS: readonly FunctionSpec[] = [
  ...functionsOf(
    'pod_id',
    'a pod by its uid',
    POD_FIELDS,
    `pod_name namespace node_name service_id service_name pod_labels ${POD_OWNERS} ${LIFE}`,
    ({ pods }, id) => pods.byId(id),
    STANDS_FOR_POD,
  ),
  ...functionsOf(
    'pod_name',
    'a pod by its name',
    POD_FIELDS,
    `pod_id pod_ip namespace service_id service_name status ${POD_OWNERS} ${LIFE}`,
    ({ pods }, name) => pods.byName(name),
    FROM_NAME,
  ),
  ...functionsOf(
    'service_id',
    'a service by its uid',
    SERVICE_FIELDS,
    'service_name cluster_ip external_ips',
    ({ services }, id) => services.byId(id),
  ),
  ...functionsOf(
    'service_name',
    'a service by its name',
    SERVICE_FIELDS,
    'service_id namespace',
    ({ services }, name) => services.byName(name),
    FROM_NAME,
  ),
  ...functionsOf(
    'replicaset_id',
    'a replica set by its uid',
    WORKLOAD_FIELDS,
    `replicaset_name deployment_id deployment_name namespace owner_references status ${LIFE}`,
    ({ replicaSets }, id) => replicaSets.byId(id),
  ),
  ...functionsOf(
    'replicaset_name',
    'a replica set by its name',
    WORKLOAD_FIELDS,
    `replicaset_id deployment_id deployment_name namespace owner_references status ${LIFE}`,
    ({ replicaSets }, name) => replicaSets.byName(name),
    FROM_NAME,
  ),
  ...functionsOf(
    'deployment_id',
    'a deployment by its uid',
    DEPLOYMENT_FIELDS,
    `deployment_name namespace status ${LIFE}`,
    ({ deployments }, id) => deployments.byId(id),
  ),
  ...functionsOf(
    'deployment_name',
    'a deployment by its name',
    DEPLOYMENT_FIELDS,
    `deployment_id namespace status ${LIFE}`,
    ({ deployments }, name) => deployments.byName(name),
    FROM_NAME,
  ),
  ...functionsOf(
    'container_id',
    'a container by its id',
    CONTAINER_FIELDS,
    `status ${LIFE}`,
    ({ containers }, id) => containers.byId(id),
  ),
  ...functionsOf(
    'container_name',
    'a container by its name',
    CONTAINER_FIELDS,
    `container_id ${LIFE}`,
    ({ containers }, name) => containers.byName(name),
  ),
  ...functionsOf(
    'namespace_name',
    'a namespace by its name',
    NAMESPACE_FIELDS,
    'namespace_id',
    ({ namespaces }, name) => namespaces.byName(name),
  ),
]
