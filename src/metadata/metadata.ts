/** Who stands behind a upid or an address: the questions that PxL's metadata functions and `df.ctx[...]` ask. */
import type { ProcessInfo } from '../records/entities'
import type { Kubernetes, Pod } from './kubernetes'

/** Pure look-ups; '' or undefined for what is unknown. */
export interface Metadata {
  readonly hostName: string
  readonly asid: number
  /** Fields may be missing of what an earlier Nixie stored. */
  process(upid: string): Partial<ProcessInfo> | undefined
  /** The pod that the process runs in; undefined outside of one. */
  podOf(upid: string): Pod | undefined
  /** The pod's name; outside of one what stands for it: the container (short id), the systemd unit, the command name. */
  podName(upid: string): string
  /**
   * The pod's uid. '' for what runs outside of the pods of a cluster; where there is no cluster, what stands for the pod's
   * name, and `pod_id_to_pod_name` of that is itself.
   */
  podId(upid: string): string
  containerName(upid: string): string
  nodeName(upid: string): string
  readonly kubernetes: Kubernetes
}
