/** Who stands behind a upid, an address or an id: questions to `Metadata`, once per distinct value. */
import { cpus } from 'node:os'
import type { Metadata } from '../../metadata/metadata'
import type { SemanticType } from '../../records/types'
import type { UnitRule } from './function'
import { type FunctionSpec, scalar } from './function'
import { always, none } from './units'

const lookup = (
  name: string,
  argument: string,
  description: string,
  find: (metadata: Metadata, key: string) => string,
  semantic: SemanticType = 'ST_NONE',
): FunctionSpec => ({
  name,
  description,
  unit: always(semantic),
  overloads: [
    scalar(`${argument} -> STRING`, ({ metadata }, key: string) => (key === '' ? '' : find(metadata, key))),
  ],
})

const ofUpid = (
  name: string,
  what: string,
  find: (metadata: Metadata, upid: string) => string,
  semantic?: SemanticType,
) => lookup(name, 'upid:UINT128', `${what} of a process.`, find, semantic)

const ofPodId = (
  name: string,
  what: string,
  find: (metadata: Metadata, podId: string) => string,
  semantic?: SemanticType,
) => lookup(name, 'pod_id:STRING', `${what} of a pod by its id.`, find, semantic)

/** Part `i` of `asid:pid:start_ticks`. */
const upidPart = (upid: string, i: number): number => {
  const value = Number(upid.split(':')[i])
  return Number.isSafeInteger(value) ? value : 0
}

const number = (name: string, description: string, part: number, unit: UnitRule = none): FunctionSpec => ({
  name,
  description,
  unit,
  overloads: [scalar('upid:UINT128 -> INT64', (_, upid: string) => upidPart(upid, part))],
})

/** The namespace of `namespace/name`. */
const namespaceOf = (name: string) => {
  const slash = name.indexOf('/')
  return slash < 0 ? '' : name.slice(0, slash)
}

const OF_UPID: readonly FunctionSpec[] = [
  number('upid_to_asid', 'The number of the agent that saw a process.', 0, always('ST_ASID')),
  number('upid_to_pid', 'The process id.', 1),
  ofUpid('upid_to_string', 'The identity', (_, upid) => upid),
  ofUpid('upid_to_cmdline', 'The command line', (m, upid) => m.process(upid)?.cmdline ?? ''),
  ofUpid('upid_to_container_id', 'The container id', (m, upid) => m.process(upid)?.containerId ?? ''),
  ofUpid('upid_to_container_name', 'The container', (m, u) => m.containerName(u), 'ST_CONTAINER_NAME'),
  ofUpid('upid_to_deployment_id', 'The deployment id', (m, u) => m.deploymentId(u)),
  ofUpid('upid_to_deployment_name', 'The deployment', (m, u) => m.deploymentName(u)),
  ofUpid('upid_to_hostname', 'The host name', (m, upid) => m.process(upid)?.host ?? ''),
  ofUpid('upid_to_namespace', 'The namespace', (m, u) => m.namespace(u), 'ST_NAMESPACE_NAME'),
  ofUpid('upid_to_node_name', 'The node', (m, u) => m.nodeName(u), 'ST_NODE_NAME'),
  ofUpid('upid_to_pod_id', 'The pod id', (m, u) => m.podId(u)),
  ofUpid('upid_to_pod_name', 'The pod', (m, u) => m.podName(u), 'ST_POD_NAME'),
  ofUpid('upid_to_replicaset_id', 'The replica set id', (m, u) => m.replicaSetId(u)),
  ofUpid('upid_to_replicaset_name', 'The replica set', (m, u) => m.replicaSetName(u)),
  ofUpid('upid_to_service_id', 'The service id', (m, u) => m.serviceId(u)),
  ofUpid('upid_to_service_name', 'The service', (m, u) => m.serviceName(u), 'ST_SERVICE_NAME'),
]

const OF_POD: readonly FunctionSpec[] = [
  ofPodId('pod_id_to_pod_name', 'The name', (m, id) => m.podIdToPodName(id), 'ST_POD_NAME'),
  ofPodId('pod_id_to_service_name', 'The service', (m, id) => m.podIdToServiceName(id), 'ST_SERVICE_NAME'),
  ofPodId('pod_id_to_service_id', 'The service id', (m, id) => m.podIdToServiceId(id)),
  ofPodId('pod_id_to_namespace', 'The namespace', (m, id) => m.podIdToNamespace(id), 'ST_NAMESPACE_NAME'),
  ofPodId('pod_id_to_node_name', 'The node', (m, id) => m.podIdToNodeName(id), 'ST_NODE_NAME'),
  lookup(
    'pod_name_to_namespace',
    'pod_name:STRING',
    'The namespace of a pod by its name.',
    (_, name) => namespaceOf(name),
    'ST_NAMESPACE_NAME',
  ),
]

const OF_SERVICE: readonly FunctionSpec[] = [
  lookup(
    'service_id_to_service_name',
    'service_id:STRING',
    'The name of a service by its id.',
    (m, id) => m.serviceIdToServiceName(id),
    'ST_SERVICE_NAME',
  ),
  lookup(
    'service_name_to_namespace',
    'service_name:STRING',
    'The namespace of a service by its name.',
    (_, name) => namespaceOf(name),
    'ST_NAMESPACE_NAME',
  ),
  lookup('ip_to_pod_id', 'ip:STRING', 'The id of the pod that has an address.', (m, ip) => m.ipToPodId(ip)),
  lookup('ip_to_service_id', 'ip:STRING', 'The id of the service that has an address.', (m, ip) =>
    m.ipToServiceId(ip),
  ),
]

const HERE: readonly FunctionSpec[] = [
  {
    name: 'asid',
    description: 'The number of this agent.',
    unit: none,
    overloads: [scalar('-> INT64', ({ metadata }) => metadata.asid)],
  },
  {
    name: '_exec_hostname',
    description: 'The name of this host.',
    unit: always('ST_NODE_NAME'),
    overloads: [scalar('-> STRING', ({ metadata }) => metadata.hostName)],
  },
  {
    name: '_exec_host_num_cpus',
    description: 'The number of processors of this host.',
    unit: none,
    overloads: [scalar('-> INT64', () => cpus().length)],
  },
  {
    name: 'upid',
    description:
      'The identity of a process from agent number (or this agent), process id and start time in ticks.',
    unit: always('ST_UPID'),
    overloads: [
      scalar('pid:INT64 start:INT64 -> UINT128', ({ metadata }, ...parts: (number | bigint)[]) =>
        [metadata.asid, ...parts].join(':'),
      ),
      scalar('asid:INT64 pid:INT64 start:INT64 -> UINT128', (_, ...parts: (number | bigint)[]) =>
        parts.join(':'),
      ),
    ],
  },
]

export const METADATA_FUNCTIONS: readonly FunctionSpec[] = [...OF_UPID, ...OF_POD, ...OF_SERVICE, ...HERE]
