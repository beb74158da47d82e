/**
 * Who a cgroup path belongs to. Forms in use, under cgroup v1 and v2:
 *
 *     /docker/<64 hex>                                             docker, cgroupfs
 *     /system.slice/docker-<64 hex>.scope                          docker, systemd
 *     /kubepods/burstable/pod<uid>/<64 hex>                        containerd or cri-o, cgroupfs
 *     /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid with _>.slice/cri-containerd-<64 hex>.scope
 *     …/crio-<64 hex>.scope   …/libpod-<64 hex>.scope[/container]  cri-o, podman
 *     …:cri-containerd:<64 hex>                                    containerd with the systemd driver of runc
 *     /system.slice/nginx.service                                  a systemd unit
 */

export interface CgroupOwner {
  readonly containerId: string
  readonly runtime: string
  readonly podUid: string
  readonly unit: string
}

const NOBODY: CgroupOwner = { containerId: '', runtime: '', podUid: '', unit: '' }

const CONTAINER = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:\/container)?$/
const POD = /[/-]pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})/
const UNIT = /\/system\.slice\/(?:[^/]+\.slice\/)*([^/]+\.service)(?:\/|$)/

/** What stands right before the id names the runtime: a node inside a container has its host's runtime further up. */
function runtimeOf(path: string, idAt: number, podUid: string): string {
  const before = path.slice(0, idAt)
  if (/\/docker[/-]$/.test(before)) return 'docker'
  if (/cri-containerd[:-]$/.test(before)) return 'containerd'
  if (/\/crio-$/.test(before)) return 'cri-o'
  if (/\/libpod-$/.test(before)) return 'podman'
  return podUid === '' ? '' : 'containerd'
}

/** The owner of one path. Units are only sought outside containers: a container's own systemd isn't the host's. */
export function ownerOfPath(path: string): CgroupOwner {
  const container = CONTAINER.exec(path)
  const pod = POD.exec(path)
  const podUid = pod ? pod[1]!.replaceAll('_', '-') : ''
  if (container)
    return {
      containerId: container[1]!,
      runtime: runtimeOf(path, path.lastIndexOf(container[1]!), podUid),
      podUid,
      unit: '',
    }
  if (podUid !== '') return { ...NOBODY, podUid }
  const unit = UNIT.exec(path)
  return unit ? { ...NOBODY, unit: unescapeUnit(unit[1]!) } : NOBODY
}

/** systemd escapes in unit names: `\x2d` is `-`. */
function unescapeUnit(unit: string): string {
  return unit.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** The most telling one of a process's paths wins: under v1 or hybrid only some hierarchies carry the container. */
export function ownerOfPaths(paths: readonly string[]): CgroupOwner {
  let best = NOBODY
  for (const path of paths) {
    const owner = ownerOfPath(path)
    if (owner.containerId !== '') return owner
    if (best === NOBODY && (owner.podUid !== '' || owner.unit !== '')) best = owner
  }
  return best
}

/** The owner that /proc/PID/cgroup names. Its lines are `hierarchy:controllers:path`. */
export function ownerOfCgroupFile(text: string): CgroupOwner {
  return ownerOfPaths(
    text.split('\n').map((line) => line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1)),
  )
}
