/** Metadata of a host without Kubernetes, from the processes that the store knows. */
import { hostname } from 'node:os'
import type { Source } from '../store/store'
import { NO_KUBERNETES } from './kubernetes'
import type { Metadata, ProcessInfo } from './metadata'
import { ASID } from './processes'

/** As many digits of a container id as `docker ps` shows. */
const SHORT_ID = 12

/** What stands for the pod: the container, the systemd unit, or the command name. */
export function nameOf(process: Partial<ProcessInfo> | undefined): string {
  if (!process) return ''
  if (process.containerId) return process.containerId.slice(0, SHORT_ID)
  return process.unit || process.comm || ''
}

/** Reads entities at each call of `openMetadata`'s result lazily: the source caches them until the store changes. */
export function openMetadata(source: Source): Metadata {
  const host = hostname()
  const process = (upid: string) =>
    source.entities('process').get(upid)?.value as unknown as ProcessInfo | undefined
  const containerId = (upid: string) => process(upid)?.containerId ?? ''
  return {
    hostName: host,
    asid: ASID,
    process,
    podOf: () => undefined,
    podName: (upid) => nameOf(process(upid)),
    podId: (upid) => process(upid)?.podUid || nameOf(process(upid)),
    containerName: (upid) => containerId(upid).slice(0, SHORT_ID),
    nodeName: (upid) => process(upid)?.host ?? '',
    kubernetes: NO_KUBERNETES,
  }
}
