/** Who stands behind a upid or an address: the questions that PxL's metadata functions and `df.ctx[...]` ask. */

/** A process as it was when first seen; the value of the store's entity of kind `process`. */
export interface ProcessInfo {
  readonly upid: string
  readonly pid: number
  readonly comm: string
  readonly cmdline: string
  readonly exe: string
  /** 64 hex digits, or '' outside a container. */
  readonly containerId: string
  /** docker, containerd, cri-o, podman, or ''. */
  readonly runtime: string
  /** The systemd unit (nginx.service), or ''. */
  readonly unit: string
  /** Kubernetes pod uid from the cgroup path, or ''. */
  readonly podUid: string
  readonly host: string
}

/** Pure look-ups; '' for what is unknown, as Pixie answers. Names of Kubernetes objects are `namespace/name`. */
export interface Metadata {
  readonly hostName: string
  readonly asid: number
  process(upid: string): ProcessInfo | undefined
  /** Without Kubernetes: the container (short id), the systemd unit, or the command name. */
  podName(upid: string): string
  podId(upid: string): string
  serviceName(upid: string): string
  serviceId(upid: string): string
  namespace(upid: string): string
  nodeName(upid: string): string
  containerName(upid: string): string
  deploymentName(upid: string): string
  deploymentId(upid: string): string
  replicaSetName(upid: string): string
  replicaSetId(upid: string): string
  ipToPodId(ip: string): string
  ipToServiceId(ip: string): string
  podIdToPodName(podId: string): string
  podIdToServiceName(podId: string): string
  podIdToServiceId(podId: string): string
  podIdToNamespace(podId: string): string
  podIdToNodeName(podId: string): string
  serviceIdToServiceName(serviceId: string): string
}
