/** API objects, short. */
import type { V1EndpointSlice, V1Pod, V1Service } from '@kubernetes/client-node'

export const T0 = '2026-01-01T00:00:00Z'
export const T0_NS = '1767225600000000000'

const at = (time: string) => time as unknown as Date

export function pod(
  uid: string,
  name: string,
  changes: { ip?: string; phase?: string; hostNetwork?: boolean } = {},
): V1Pod {
  const { ip, phase = 'Running', hostNetwork = false } = changes
  return {
    metadata: {
      uid,
      name,
      namespace: 'shop',
      creationTimestamp: at(T0),
      labels: { app: 'web' },
      ownerReferences: [{ apiVersion: 'apps/v1', uid: 'rs-1', kind: 'ReplicaSet', name: 'web-5d' }],
    },
    spec: { nodeName: 'node-1', hostNetwork, containers: [] },
    status: {
      phase,
      qosClass: 'Burstable',
      startTime: at('2026-01-01T00:00:01Z'),
      ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
    },
  }
}

export const service = (uid: string, name: string, clusterIP: string): V1Service => ({
  metadata: { uid, name, namespace: 'shop', creationTimestamp: at(T0) },
  spec: { clusterIP, clusterIPs: [clusterIP] },
})

export const slice = (uid: string, serviceName: string, pods: readonly string[]): V1EndpointSlice => ({
  addressType: 'IPv4',
  metadata: { uid, name: uid, namespace: 'shop', labels: { 'kubernetes.io/service-name': serviceName } },
  endpoints: pods.map((id) => ({ addresses: [], targetRef: { kind: 'Pod', uid: id } })),
})
