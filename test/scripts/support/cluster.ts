/** A node with three pods: shop/web-1 of service shop/web (two processes), shop/db-1 of shop/db, ops/cron of none. */
import type { Pod } from '../../../src/metadata/kubernetes'
import type { Metadata } from '../../../src/metadata/metadata'
import type { ProcessInfo } from '../../../src/records/entities'
import { kubernetesOf } from '../../metadata/kubernetes-of'
import type { Row } from '../../query/support/tables'

export const WEB = '1:42:7'
export const SIDECAR = '1:43:7'
export const DB = '1:60:3'
export const CRON = '1:70:3'
/** Of no pod. */
export const KUBELET = '1:2:1'
export const REGISTRY = '1:3:1'

export const WEB_IP = '10.0.0.7'
export const DB_IP = '10.0.0.8'
export const CRON_IP = '10.0.0.9'
export const OUTSIDE = '93.184.216.34'

/** When all pods began: 2027-01-15 07:00:00 UTC. */
export const STARTED = 1_799_996_400_000_000_000n
export const STATUS = JSON.stringify({ state: 'Running', message: '', reason: '' })

const service = (name: string) => ({
  id: `svc-${name}`,
  name,
  namespace: name.split('/')[0]!,
  startNs: STARTED,
  stopNs: 0n,
  clusterIp: name === 'shop/db' ? '10.1.0.8' : '10.1.0.7',
  externalIps: [],
})

const pod = (name: string, ip: string, services: readonly string[]): Pod => ({
  id: `uid-${name}`,
  name,
  namespace: name.split('/')[0]!,
  startNs: STARTED,
  stopNs: 0n,
  ip,
  node: 'node-1',
  status: { state: 'Running', message: '', reason: '' },
  qos: 'Burstable',
  labels: {},
  owners: [],
  serviceIds: services.map((one) => `svc-${one}`),
})

const SERVICES = [service('shop/web'), service('shop/db')]
const PODS = [
  pod('shop/web-1', WEB_IP, ['shop/web']),
  pod('shop/db-1', DB_IP, ['shop/db']),
  pod('ops/cron', CRON_IP, []),
]

const process = (upid: string, comm: string, of?: Pod): ProcessInfo => ({
  upid,
  pid: Number(upid.split(':')[1]),
  parent: '',
  name: comm,
  comm,
  cmdline: `${comm} --run`,
  exe: `/usr/bin/${comm}`,
  containerId: of ? `c-${comm}` : '',
  containerName: '',
  runtime: of ? 'containerd' : '',
  unit: '',
  podUid: of?.id ?? '',
  host: 'node-1',
})

const PROCESSES = new Map(
  [
    process(WEB, 'web', PODS[0]),
    process(SIDECAR, 'proxy', PODS[0]),
    process(DB, 'db', PODS[1]),
    process(CRON, 'cron', PODS[2]),
    process(KUBELET, 'kubelet'),
    process(REGISTRY, 'registry'),
  ].map((one) => [one.upid, one]),
)

const kubernetes = kubernetesOf({ pods: PODS, services: SERVICES, cidrs: ['10.0.0.0/8'] })

const podOf = (upid: string) => PODS.find((one) => one.id === PROCESSES.get(upid)?.podUid)

export const cluster: Metadata = {
  hostName: 'node-1',
  asid: 1,
  process: (upid) => PROCESSES.get(upid),
  podOf,
  podName: (upid) => podOf(upid)?.name ?? PROCESSES.get(upid)?.comm ?? '',
  podId: (upid) => podOf(upid)?.id ?? '',
  containerName: (upid) => (podOf(upid) ? PROCESSES.get(upid)!.comm : ''),
  nodeName: (upid) => PROCESSES.get(upid)?.host ?? '',
  kubernetes,
}

/** What two samples, 20 and 15 seconds ago, say of a process; a counter that isn't given stood still. */
function usage(rowOf: RowMaker, upid: string, memory: readonly [number, number], grown: Row): Row[] {
  const [before, after] = memory
  const counters = Object.fromEntries(Object.keys(grown).map((name) => [name, 1_000_000]))
  const later = Object.fromEntries(Object.entries(grown).map(([name, by]) => [name, 1_000_000 + Number(by)]))
  return [
    rowOf('process_stats', 20, { upid, rss_bytes: before, vsize_bytes: 10 * before, ...counters }),
    rowOf('process_stats', 15, { upid, rss_bytes: after, vsize_bytes: 10 * after, ...later }),
  ]
}

type RowMaker = (table: string, secondsAgo: number, values: Row) => Row

/** Together 2 s of processor for web-1, of db-1 a single sample, and 3 s for what is of no pod. */
export const processStats = (rowOf: RowMaker): Row[] =>
  [
    usage(rowOf, WEB, [100, 200], {
      cpu_utime_ns: 1_000_000_000,
      cpu_ktime_ns: 500_000_000,
      rchar_bytes: 3000,
      wchar_bytes: 600,
      read_bytes: 1500,
      write_bytes: 300,
    }),
    usage(rowOf, SIDECAR, [50, 50], { cpu_utime_ns: 500_000_000, rchar_bytes: 3000 }),
    usage(rowOf, DB, [10, 30], {}).slice(0, 1),
    usage(rowOf, CRON, [4, 4], {}),
    usage(rowOf, KUBELET, [7, 7], { cpu_ktime_ns: 3_000_000_000 }),
  ]
    .flat()
    .sort((a, b) => Number((a.time_ as bigint) - (b.time_ as bigint)))

/** Bytes, drops and errors of web-1 and db-1. */
export const networkStats = (rowOf: RowMaker): Row[] => [
  rowOf('network_stats', 20, { pod_id: 'uid-shop/web-1', rx_bytes: 100, tx_bytes: 50, tx_drops: 1 }),
  rowOf('network_stats', 19, { pod_id: 'uid-shop/db-1', rx_bytes: 5, tx_bytes: 5, rx_errors: 2 }),
  rowOf('network_stats', 15, { pod_id: 'uid-shop/web-1', rx_bytes: 1100, tx_bytes: 250, tx_drops: 4 }),
  rowOf('network_stats', 14, { pod_id: 'uid-shop/db-1', rx_bytes: 25, tx_bytes: 45, rx_errors: 3 }),
]

/** Stacks: web-1 is in main;a 6 times and in main;b twice, db-1 in main;a 3 times and in main;c once, kubelet 8 times. */
export const stackTraces = (rowOf: RowMaker): Row[] => {
  const stack = (upid: string, stack_trace_id: number, stack_trace: string, count: number) =>
    rowOf('stack_traces.beta', 30, { upid, stack_trace_id, stack_trace, count })
  return [
    stack(WEB, 1, 'main;a', 4),
    stack(WEB, 1, 'main;a', 2),
    stack(WEB, 2, 'main;b', 2),
    stack(DB, 1, 'main;a', 3),
    stack(DB, 3, 'main;c', 1),
    stack(KUBELET, 4, 'main;k', 8),
  ]
}

/** Requests of the last minute: to web (one fails, one takes long), to db from web, out of cron, and what doesn't count. */
export const requests = (request: (secondsAgo: number, values: Row) => Row): Row[] => [
  request(55, {
    remote_addr: OUTSIDE,
    req_path: '/a',
    resp_status: 200,
    latency: 1_000_000,
    req_body_size: 10,
    resp_body_size: 100,
  }),
  request(54, {
    remote_addr: OUTSIDE,
    req_path: '/a',
    resp_status: 500,
    latency: 3_500_000,
    req_body_size: 20,
    resp_body_size: 200,
  }),
  request(53, {
    remote_addr: CRON_IP,
    req_path: '/b',
    resp_status: 200,
    latency: 2_000_000,
    req_body_size: 30,
    resp_body_size: 300,
  }),
  request(52, { remote_addr: CRON_IP, req_path: '/healthz', resp_status: 500, latency: 9_000_000 }),
  request(51, { remote_addr: CRON_IP, req_path: '/readyz', resp_status: 500, latency: 9_000_000 }),
  request(50, { remote_addr: '-', req_path: '/b', resp_status: 500, latency: 9_000_000 }),
  request(45, {
    upid: DB,
    remote_addr: WEB_IP,
    req_path: '/q',
    resp_status: 200,
    latency: 5_000_000,
    req_body_size: 40,
    resp_body_size: 400,
  }),
  request(44, {
    upid: DB,
    remote_addr: '127.0.0.1',
    req_path: '/q',
    resp_status: 404,
    latency: 6_000_000,
    req_body_size: 50,
    resp_body_size: 500,
  }),
  request(43, {
    upid: CRON,
    trace_role: 1,
    remote_addr: OUTSIDE,
    req_path: '/out',
    resp_status: 200,
    latency: 7_000_000,
    req_body_size: 60,
    resp_body_size: 600,
  }),
  request(42, {
    upid: CRON,
    trace_role: 1,
    remote_addr: '10.1.0.8',
    req_path: '/q',
    resp_status: 200,
    latency: 8_000_000,
    req_body_size: 70,
    resp_body_size: 700,
  }),
]
