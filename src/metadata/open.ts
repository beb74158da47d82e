/** Metadata from what the store knows: processes, and the objects of the cluster when there is one. */
import type { ReadableStore } from '../store/store'
import { agentId } from './agent-id'
import type { Metadata } from './metadata'
import { containerOf, nameOf } from './names'
import { openKubernetes } from './stored-kubernetes'

/**
 * Looks at the store's entities anew with each question: the store caches them until the store changes. `nodeName`: what
 * this machine is called.
 */
export function openMetadata(store: ReadableStore, nodeName: string): Metadata {
  const kubernetes = openKubernetes(store)
  const process = (upid: string) => store.process(upid)?.value
  const containerId = (upid: string) => process(upid)?.containerId ?? ''
  const podOf = (upid: string) => {
    const { podUid, containerId } = process(upid) ?? {}
    return kubernetes.pods.byId(podUid || kubernetes.containers.byId(containerId ?? '')?.podId || '')
  }
  const isInCluster = () => store.entities('cluster').size > 0
  return {
    hostName: nodeName,
    asid: agentId(nodeName),
    process,
    podOf,
    podName: (upid) => podOf(upid)?.name ?? nameOf(process(upid)),
    podId: (upid) =>
      podOf(upid)?.id ?? (process(upid)?.podUid || (isInCluster() ? '' : nameOf(process(upid)))),
    containerName: (upid) =>
      kubernetes.containers.byId(containerId(upid))?.name ?? containerOf(process(upid) ?? {}),
    nodeName: (upid) => podOf(upid)?.node || (process(upid)?.host ?? ''),
    kubernetes,
  }
}
