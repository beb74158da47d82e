/** Who stands behind a upid or an address: the questions that PxL's metadata functions and `df.ctx[...]` ask. */
import type { Kubernetes, Pod } from './kubernetes'

/** A process as it was when first seen; the value of the store's entity of kind `process`. */
export interface ProcessInfo {
  readonly upid: string
  readonly pid: number
  readonly comm: string
  readonly cmdline: string
  readonly exe: string
  /** 64 hex digits, or '' outside a container. */
  readonly containerId: string
  /** As docker or podman call it; '' for others, whose cluster knows their names. */
  readonly containerName: string
  /** docker, containerd, cri-o, podman, or ''. */
  readonly runtime: string
  /** The systemd unit (nginx.service), or ''. */
  readonly unit: string
  /** Kubernetes pod uid from the cgroup path, or ''. */
  readonly podUid: string
  readonly host: string
}

/** Pure look-ups; '' or undefined for what is unknown. */
export interface Metadata {
  readonly hostName: string
  readonly asid: number
  process(upid: string): ProcessInfo | undefined
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
