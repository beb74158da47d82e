/** What stands behind processes, addresses and Kubernetes objects, in the cluster of test/metadata/support.ts. */
import { cpus } from 'node:os'
import { startTimeOf } from '../../../../src/metadata/proc'
import { LATER, MADE } from '../../../metadata/support'
import { type Cases, time, upid } from '../apply'

/** Of the pod shop/web-1; of the pod that is gone; a unit; nobody. */
const web = upid('1:42:7')
const gone = upid('1:44:8')
const unit = upid('1:45:9')
const nobody = upid('1:43:9')

const SERVICES = '["shop/web","shop/all"]'
const SERVICE_IDS = '["svc-1","svc-2"]'
const RUNNING = '{"state":"Running","message":"","reason":""}'
const EVICTED = '{"state":"Failed","message":"The node was low on resource: memory.","reason":"Evicted"}'
const SET_OWNER = '[{"uid":"rs-1","kind":"ReplicaSet","name":"web-5d"}]'
const DEPLOYMENT_OWNER = '[{"uid":"dep-1","kind":"Deployment","name":"web"}]'
const SET_STATUS = '{"replicas":2,"readyReplicas":1}'
const DEPLOYMENT_STATUS = '{"replicas":2,"availableReplicas":1}'
const made = String(MADE)
const later = String(LATER)

const OF_UPID: Cases = {
  upid_to_asid: [[[web], 1]],
  upid_to_pid: [
    [[web], 42],
    [[upid('')], 0],
  ],
  upid_to_start_ts: [
    [[web], String(startTimeOf(7))],
    [[upid('')], '0'],
  ],
  upid_to_string: [[[web], '1:42:7']],
  upid_to_cmdline: [
    [[web], 'nginx -g daemon'],
    [[nobody], ''],
  ],
  upid_to_process_name: [
    [[web], 'nginx'],
    [[nobody], ''],
  ],
  upid_to_container_id: [[[web], 'c0ffee']],
  upid_to_container_name: [
    [[web], 'web'],
    [[unit], ''],
  ],
  upid_to_deployment_id: [[[web], 'dep-1']],
  upid_to_deployment_name: [
    [[web], 'shop/web'],
    [[unit], ''],
  ],
  upid_to_hostname: [[[web], 'node-1']],
  upid_to_namespace: [
    [[web], 'shop'],
    [[unit], ''],
  ],
  upid_to_node_name: [[[web], 'node-1']],
  upid_to_pod_id: [
    [[web], 'pod-1'],
    [[unit], 'ssh.service'],
  ],
  upid_to_pod_name: [
    [[web], 'shop/web-1'],
    [[gone], 'shop/web-0'],
    [[unit], 'ssh.service'],
    [[nobody], ''],
  ],
  upid_to_pod_qos: [
    [[web], 'Burstable'],
    [[unit], ''],
  ],
  upid_to_pod_status: [
    [[web], RUNNING],
    [[gone], EVICTED],
    [[nobody], ''],
  ],
  upid_to_replicaset_id: [[[web], 'rs-1']],
  upid_to_replicaset_name: [[[web], 'shop/web-5d']],
  upid_to_service_id: [
    [[web], SERVICE_IDS],
    [[gone], 'svc-1'],
  ],
  upid_to_service_name: [
    [[web], SERVICES],
    [[gone], 'shop/web'],
    [[unit], ''],
  ],
  upid: [
    [[5n, 42n, 7n], '5:42:7'],
    [[42n, 7n], '1:42:7'],
  ],
  shared_libraries: [
    [[upid('1:0:7')], '[]'],
    [[upid('')], '[]'],
  ],
}

const OF_POD: Cases = {
  pod_id_to_pod_name: [
    [['pod-1'], 'shop/web-1'],
    [['pod-0'], 'shop/web-0'],
    [['ssh.service'], ''],
    [['11285cdd-1de9-4ab1-ae6a-0ba08c8c676c'], ''],
    [[''], ''],
  ],
  pod_id_to_service_name: [
    [['pod-1'], SERVICES],
    [['pod-0'], 'shop/web'],
    [['pod-2'], ''],
  ],
  pod_id_to_service_id: [[['pod-1'], SERVICE_IDS]],
  pod_id_to_namespace: [
    [['pod-1'], 'shop'],
    [['ssh.service'], ''],
  ],
  pod_id_to_node_name: [
    [['pod-1'], 'node-1'],
    [['pod-0'], 'node-2'],
    [['ssh.service'], ''],
    [['pod-9'], ''],
    [[''], ''],
  ],
  pod_id_to_pod_labels: [
    [['pod-1'], '{"app":"web","tier":"front"}'],
    [['pod-2'], '{}'],
  ],
  pod_id_to_owner_references: [
    [['pod-1'], SET_OWNER],
    [['pod-2'], '[]'],
  ],
  pod_id_to_replicaset_id: [[['pod-1'], 'rs-1']],
  pod_id_to_replicaset_name: [
    [['pod-1'], 'shop/web-5d'],
    [['pod-2'], ''],
  ],
  pod_id_to_deployment_id: [[['pod-1'], 'dep-1']],
  pod_id_to_deployment_name: [
    [['pod-1'], 'shop/web'],
    [['pod-2'], ''],
  ],
  pod_id_to_start_time: [
    [['pod-1'], made],
    [['pod-9'], '0'],
  ],
  pod_id_to_stop_time: [
    [['pod-0'], later],
    [['pod-1'], '0'],
  ],
  pod_name_to_pod_id: [
    [['shop/web-1'], 'pod-1'],
    [['web-1'], ''],
  ],
  pod_name_to_pod_ip: [[['shop/web-1'], '10.0.0.7']],
  pod_name_to_namespace: [
    [['shop/web-1'], 'shop'],
    [['away/unknown'], 'away'],
    [['web-1'], ''],
  ],
  pod_name_to_service_id: [[['shop/web-1'], SERVICE_IDS]],
  pod_name_to_service_name: [[['shop/web-1'], SERVICES]],
  pod_name_to_status: [
    [['shop/web-1'], RUNNING],
    [['shop/web-0'], EVICTED],
    [['ssh.service'], ''],
  ],
  pod_name_to_owner_references: [[['shop/web-1'], SET_OWNER]],
  pod_name_to_replicaset_id: [[['shop/web-1'], 'rs-1']],
  pod_name_to_replicaset_name: [[['shop/web-1'], 'shop/web-5d']],
  pod_name_to_deployment_id: [[['shop/web-1'], 'dep-1']],
  pod_name_to_deployment_name: [[['shop/web-1'], 'shop/web']],
  pod_name_to_start_time: [[['ops/cron'], later]],
  pod_name_to_stop_time: [[['shop/web-0'], later]],
}

const OF_WORKLOADS: Cases = {
  replicaset_id_to_replicaset_name: [
    [['rs-1'], 'shop/web-5d'],
    [['rs-9'], ''],
  ],
  replicaset_id_to_deployment_id: [[['rs-1'], 'dep-1']],
  replicaset_id_to_deployment_name: [[['rs-1'], 'shop/web']],
  replicaset_id_to_namespace: [[['rs-1'], 'shop']],
  replicaset_id_to_owner_references: [[['rs-1'], DEPLOYMENT_OWNER]],
  replicaset_id_to_status: [[['rs-1'], SET_STATUS]],
  replicaset_id_to_start_time: [[['rs-1'], made]],
  replicaset_id_to_stop_time: [[['rs-1'], '0']],
  replicaset_name_to_replicaset_id: [[['shop/web-5d'], 'rs-1']],
  replicaset_name_to_deployment_id: [[['shop/web-5d'], 'dep-1']],
  replicaset_name_to_deployment_name: [[['shop/web-5d'], 'shop/web']],
  replicaset_name_to_namespace: [[['shop/web-5d'], 'shop']],
  replicaset_name_to_owner_references: [[['shop/web-5d'], DEPLOYMENT_OWNER]],
  replicaset_name_to_status: [[['shop/web-5d'], SET_STATUS]],
  replicaset_name_to_start_time: [[['shop/web-5d'], made]],
  replicaset_name_to_stop_time: [[['shop/none'], '0']],
  deployment_id_to_deployment_name: [[['dep-1'], 'shop/web']],
  deployment_id_to_namespace: [[['dep-1'], 'shop']],
  deployment_id_to_status: [[['dep-1'], DEPLOYMENT_STATUS]],
  deployment_id_to_start_time: [[['dep-1'], made]],
  deployment_id_to_stop_time: [[['dep-1'], '0']],
  deployment_name_to_deployment_id: [[['shop/web'], 'dep-1']],
  deployment_name_to_namespace: [[['shop/web'], 'shop']],
  deployment_name_to_status: [[['shop/web'], DEPLOYMENT_STATUS]],
  deployment_name_to_start_time: [[['shop/web'], made]],
  deployment_name_to_stop_time: [[['shop/web'], '0']],
}

const OF_OTHERS: Cases = {
  service_id_to_service_name: [[['svc-1'], 'shop/web']],
  service_id_to_cluster_ip: [[['svc-1'], '10.1.0.7']],
  service_id_to_external_ips: [
    [['svc-1'], '["203.0.113.7","203.0.113.8"]'],
    [['svc-2'], '[]'],
  ],
  service_name_to_service_id: [[['shop/web'], 'svc-1']],
  service_name_to_namespace: [[['shop/web'], 'shop']],
  container_id_to_status: [
    [['c0ffee'], RUNNING],
    [['5ca1e'], '{"state":"Waiting","message":"back-off 10s","reason":"CrashLoopBackOff"}'],
    [['dead'], ''],
  ],
  container_id_to_start_time: [[['c0ffee'], made]],
  container_id_to_stop_time: [[['5ca1e'], later]],
  container_name_to_container_id: [[['sidecar'], '5ca1e']],
  container_name_to_start_time: [[['web'], made]],
  container_name_to_stop_time: [[['sidecar'], later]],
  namespace_name_to_namespace_id: [
    [['shop'], 'ns-1'],
    [['nope'], ''],
  ],
  ip_to_pod_id: [
    [['10.0.0.7'], 'pod-1'],
    [['10.0.0.8'], ''],
    [['10.0.0.9'], 'pod-2'],
    [['10.0.0.9', time(MADE + 1n)], 'pod-0'],
    [['10.0.0.9', time(LATER)], 'pod-2'],
    [['10.0.0.9', time(LATER - 1n)], 'pod-0'],
    [['10.0.0.9', time(MADE - 1n)], 'pod-0'],
    [['10.0.0.8', time(MADE)], ''],
  ],
  ip_to_service_id: [
    [['10.1.0.7'], 'svc-1'],
    [['203.0.113.8'], 'svc-1'],
    [['-'], ''],
  ],
  get_cidrs: [[[], '["10.0.0.0/24","10.1.0.0/16"]']],
  vizier_id: [[[], 'ns-3']],
  vizier_name: [[[], 'edge']],
  vizier_namespace: [[[], 'ops']],
  asid: [[[], 1]],
  _exec_hostname: [[[], 'node-1']],
  _exec_host_num_cpus: [[[], cpus().length]],
}

export const METADATA: Cases = { ...OF_UPID, ...OF_POD, ...OF_WORKLOADS, ...OF_OTHERS }
