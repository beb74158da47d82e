/** Functions of a process id (upid) and of this host. They ask `Metadata` once per distinct value. */
import { cpus } from 'node:os'
import { programOf } from '../../../metadata/names'
import { sharedLibraries, startTimeOf } from '../../../metadata/proc'
import type { ProcessInfo } from '../../../records/entities'
import type { SemanticType } from '../../../records/types'
import { type FunctionContext, type FunctionSpec, scalar } from '../base/function'
import { always, none } from '../base/units'
import { POD_TEXTS } from './kubernetes'

const ofUpid = (
  name: string,
  what: string,
  find: (context: FunctionContext, upid: string) => string,
  semantic: SemanticType = 'ST_NONE',
): FunctionSpec => ({
  name,
  description: `The ${what} of a process.`,
  unit: always(semantic),
  overloads: [
    scalar('upid:UINT128 -> STRING', (context, upid: string) => (upid === '' ? '' : find(context, upid))),
  ],
})

/** `upid_to_<name>`: a field of the pod that the process runs in. */
const ofPod = (name: string, field = name): FunctionSpec => {
  const { what, semantic = 'ST_NONE', read } = POD_TEXTS[field]!
  return {
    name: `upid_to_${name}`,
    description: `The ${what} of the pod of a process.`,
    unit: always(semantic),
    overloads: [
      scalar('upid:UINT128 -> STRING', ({ metadata }, upid: string) => {
        const pod = metadata.podOf(upid)
        return pod ? read(pod, metadata.kubernetes) : ''
      }),
    ],
  }
}

const ofProcess =
  (field: 'cmdline' | 'containerId' | 'host') =>
  ({ metadata }: FunctionContext, upid: string): string =>
    metadata.process(upid)?.[field satisfies keyof ProcessInfo] ?? ''

/** Part `i` of `asid:pid:start_ticks`. */
const upidPart = (upid: string, i: number): number => {
  const value = Number(upid.split(':')[i])
  return Number.isSafeInteger(value) ? value : 0
}

const number = (name: string, description: string, part: number, unit = none): FunctionSpec => ({
  name,
  description,
  unit,
  overloads: [scalar('upid:UINT128 -> INT64', (_, upid: string) => upidPart(upid, part))],
})

const OF_UPID: readonly FunctionSpec[] = [
  number('upid_to_asid', 'The number of the agent that saw a process.', 0, always('ST_ASID')),
  number('upid_to_pid', 'The process id.', 1),
  {
    name: 'upid_to_start_ts',
    description: 'When a process of this boot started.',
    unit: none,
    overloads: [scalar('upid:UINT128 -> TIME64NS', (_, upid: string) => startTimeOf(upidPart(upid, 2)))],
  },
  ofUpid('upid_to_string', 'identity as text', (_, upid) => upid),
  ofUpid('upid_to_cmdline', 'command line', ofProcess('cmdline')),
  ofUpid('upid_to_process_name', 'name, as people call the program,', ({ metadata }, upid) =>
    programOf(metadata.process(upid)),
  ),
  ofUpid('upid_to_container_id', 'container id', ofProcess('containerId')),
  ofUpid('upid_to_hostname', 'host name', ofProcess('host')),
  ofUpid(
    'upid_to_container_name',
    'container',
    ({ metadata }, upid) => metadata.containerName(upid),
    'ST_CONTAINER_NAME',
  ),
  ofUpid('upid_to_node_name', 'node', ({ metadata }, upid) => metadata.nodeName(upid), 'ST_NODE_NAME'),
  ofUpid('upid_to_pod_id', 'pod uid, or the stand-in for the pod,', ({ metadata }, upid) =>
    metadata.podId(upid),
  ),
  ofUpid(
    'upid_to_pod_name',
    'pod, or outside of one the container, the systemd unit or the program',
    ({ metadata }, upid) => metadata.podName(upid),
    'ST_POD_NAME',
  ),
  ofPod('pod_qos'),
  ofPod('pod_status', 'status'),
  ofPod('namespace'),
  ofPod('service_id'),
  ofPod('service_name'),
  ofPod('replicaset_id'),
  ofPod('replicaset_name'),
  ofPod('deployment_id'),
  ofPod('deployment_name'),
]

/** RFC 9562 §5.8: a UUID of one's own making; its last digits are the agent's number. */
const nodeUuid = (asid: number): string => `00000000-0000-8000-8000-${asid.toString(16).padStart(12, '0')}`

const here = (
  name: string,
  description: string,
  answer: (context: FunctionContext) => string,
  semantic: SemanticType = 'ST_NONE',
): FunctionSpec => ({
  name,
  description,
  unit: always(semantic),
  overloads: [scalar('-> STRING', answer)],
})

const HERE: readonly FunctionSpec[] = [
  {
    name: 'asid',
    description: 'The number of this agent.',
    unit: none,
    overloads: [scalar('-> INT64', ({ metadata }) => metadata.asid)],
  },
  here('_exec_hostname', 'The name of this host.', ({ metadata }) => metadata.hostName),
  {
    name: '_exec_host_num_cpus',
    description: 'The number of processors of this host.',
    unit: none,
    overloads: [scalar('-> INT64', () => cpus().length)],
  },
  here(
    'vizier_id',
    'The uid of the cluster; without one, an id of this node in the form of a UUID.',
    ({ metadata }) => metadata.kubernetes.clusterId || nodeUuid(metadata.asid),
  ),
  here('vizier_name', 'The name of the cluster.', ({ metadata }) => metadata.kubernetes.clusterName),
  here(
    'vizier_namespace',
    'The namespace that Nixie runs in.',
    ({ metadata }) => metadata.kubernetes.ownNamespace,
  ),
  here('get_cidrs', 'The address ranges of pods and services, as a JSON array.', ({ metadata }) =>
    JSON.stringify(metadata.kubernetes.cidrs),
  ),
  {
    name: 'shared_libraries',
    description: 'The libraries that a living process has mapped, as a JSON array of paths.',
    unit: none,
    overloads: [
      scalar('upid:UINT128 -> STRING', (_, upid: string) =>
        JSON.stringify(sharedLibraries(upidPart(upid, 1), upidPart(upid, 2))),
      ),
    ],
  },
  {
    name: 'upid',
    description:
      'The identity of a process from agent number (or this agent), process id and start time in ticks.',
    unit: always('ST_UPID'),
    overloads: [
      scalar('pid:INT64 start_time:INT64 -> UINT128', ({ metadata }, ...parts: (number | bigint)[]) =>
        [metadata.asid, ...parts].join(':'),
      ),
      scalar('asid:INT64 pid:INT64 start_time:INT64 -> UINT128', (_, ...parts: (number | bigint)[]) =>
        parts.join(':'),
      ),
    ],
  },
]

export const METADATA_FUNCTIONS: readonly FunctionSpec[] = [...OF_UPID, ...HERE]
