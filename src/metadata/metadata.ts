/** Who stands behind a upid or an address: the questions that PxL's metadata functions and `df.ctx[...]` ask. */
import type { Kubernetes, Pod } from './kubernetes'

/**
 * What a process is by what was last known of it; the value of the store's entity of kind `process`. A process that execs is
 * from then on what it runs, its earlier rows too.
 */
export interface ProcessInfo {
  readonly upid: string
  readonly pid: number
  /** upid of the process that forked it, or ''. */
  readonly parent: string
  /** What people call the program: `node api.js`, `nginx -c shop.conf`. */
  readonly name: string
  readonly comm: string
  /** Its arguments, with spaces between them and without their secrets. */
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
