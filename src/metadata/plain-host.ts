/** Metadata of a host without Kubernetes, from the processes that the store knows. */
import { hostname } from 'node:os'
import type { Source } from '../store/store'
import { NO_KUBERNETES } from './kubernetes'
import type { Metadata, ProcessInfo } from './metadata'
import { nameOf, SHORT_ID } from './names'
import { ASID } from './processes'

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
