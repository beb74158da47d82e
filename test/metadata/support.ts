/**
 * A small cluster in memory: the namespaces shop and ops; the pod shop/web-1 with two containers, in two services, owned by
 * a replica set of a deployment; shop/web-0, gone, which had the address of ops/cron before; and processes of theirs.
 */
import type {
  Container,
  Kubernetes,
  KubernetesObject,
  Pod,
  Service,
  Workload,
} from '../../src/metadata/kubernetes'
import type { Metadata } from '../../src/metadata/metadata'
import type { ProcessInfo } from '../../src/records/entities'
import { kubernetesOf } from './kubernetes-of'

const SECOND = 1_000_000_000n
/** When the cluster's objects were made; a pod's life ends, an address changes hands an hour later. */
export const MADE = 1_799_990_000n * SECOND
export const LATER = MADE + 3600n * SECOND

const object = (id: string, fullName: string, startNs = MADE, stopNs = 0n): KubernetesObject => {
  const namespace = fullName.includes('/') ? fullName.slice(0, fullName.indexOf('/')) : ''
  return { id, name: fullName, namespace, startNs, stopNs }
}

const RUNNING = { state: 'Running', message: '', reason: '' }

const POD: Omit<Pod, keyof KubernetesObject> = {
  ip: '',
  node: 'node-1',
  status: RUNNING,
  qos: 'Burstable',
  labels: {},
  owners: [],
  serviceIds: [],
}

const setOwner = { uid: 'rs-1', kind: 'ReplicaSet', name: 'web-5d' }

export const WEB_POD: Pod = {
  ...object('pod-1', 'shop/web-1'),
  ...POD,
  ip: '10.0.0.7',
  labels: { app: 'web', tier: 'front' },
  owners: [setOwner],
  serviceIds: ['svc-1', 'svc-2'],
}

/** Gone, and its address given to another one. */
export const GONE_POD: Pod = {
  ...object('pod-0', 'shop/web-0', MADE, LATER),
  ...POD,
  ip: '10.0.0.9',
  node: 'node-2',
  status: { state: 'Failed', message: 'The node was low on resource: memory.', reason: 'Evicted' },
  owners: [setOwner],
  serviceIds: ['svc-1'],
}

export const CRON_POD: Pod = {
  ...object('pod-2', 'ops/cron', LATER),
  ...POD,
  ip: '10.0.0.9',
  status: { state: 'Pending', message: '', reason: 'Unschedulable' },
  qos: 'BestEffort',
}

const container = (id: string, name: string, changes: Partial<Container> = {}): Container => ({
  ...object(id, name),
  namespace: 'shop',
  podId: 'pod-1',
  status: RUNNING,
  ...changes,
})

const CONTAINERS = [
  container('c0ffee', 'web'),
  container('5ca1e', 'sidecar', {
    stopNs: LATER,
    status: { state: 'Waiting', message: 'back-off 10s', reason: 'CrashLoopBackOff' },
  }),
]

const SERVICES: readonly Service[] = [
  { ...object('svc-1', 'shop/web'), clusterIp: '10.1.0.7', externalIps: ['203.0.113.7', '203.0.113.8'] },
  { ...object('svc-2', 'shop/all'), clusterIp: 'None', externalIps: [] },
]

const REPLICA_SETS: readonly Workload[] = [
  {
    ...object('rs-1', 'shop/web-5d'),
    owners: [{ uid: 'dep-1', kind: 'Deployment', name: 'web' }],
    status: '{"replicas":2,"readyReplicas":1}',
  },
]

const DEPLOYMENTS: readonly Workload[] = [
  { ...object('dep-1', 'shop/web'), owners: [], status: '{"replicas":2,"availableReplicas":1}' },
]

const NAMESPACES = [object('ns-1', 'shop'), object('ns-2', 'ops'), object('ns-3', 'kube-system')]

export const cluster: Kubernetes = kubernetesOf({
  pods: [WEB_POD, GONE_POD, CRON_POD],
  services: SERVICES,
  containers: CONTAINERS,
  replicaSets: REPLICA_SETS,
  deployments: DEPLOYMENTS,
  namespaces: NAMESPACES,
  cidrs: ['10.0.0.0/24', '10.1.0.0/16'],
  cluster: { clusterId: 'ns-3', name: 'edge', ownNamespace: 'ops' },
})

const process = (upid: string, changes: Partial<ProcessInfo>): ProcessInfo => ({
  upid,
  pid: Number(upid.split(':')[1]),
  parent: '',
  name: changes.comm ?? '',
  comm: '',
  cmdline: '',
  exe: '',
  containerId: '',
  containerName: '',
  runtime: '',
  unit: '',
  podUid: '',
  host: 'node-1',
  ...changes,
})

/** nginx of shop/web-1; a process of the pod that is gone; a unit outside of any pod. */
const PROCESSES = new Map(
  [
    process('1:42:7', {
      comm: 'nginx',
      cmdline: 'nginx -g daemon',
      exe: '/usr/sbin/nginx',
      containerId: 'c0ffee',
      runtime: 'containerd',
      podUid: 'pod-1',
    }),
    process('1:44:8', { comm: 'nginx', cmdline: 'nginx', containerId: 'dead', podUid: 'pod-0' }),
    process('1:45:9', { comm: 'sshd', cmdline: 'sshd -D', unit: 'ssh.service' }),
  ].map((one) => [one.upid, one]),
)

/** Metadata of a node of `cluster`. */
export const metadata: Metadata = {
  hostName: 'node-1',
  asid: 1,
  process: (upid) => PROCESSES.get(upid),
  podOf,
  podName: (upid) => podOf(upid)?.name ?? PROCESSES.get(upid)?.unit ?? '',
  podId: (upid) => podOf(upid)?.id ?? PROCESSES.get(upid)?.unit ?? '',
  containerName: (upid) => cluster.containers.byId(PROCESSES.get(upid)?.containerId ?? '')?.name ?? '',
  nodeName: (upid) => PROCESSES.get(upid)?.host ?? '',
  kubernetes: cluster,
}

function podOf(upid: string): Pod | undefined {
  return cluster.pods.byId(PROCESSES.get(upid)?.podUid ?? '')
}
