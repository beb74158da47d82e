/** What stands for the pod where there is none. */
import type { ProcessInfo } from './metadata'

/** As many digits of a container id as `docker ps` shows. */
export const SHORT_ID = 12

/** What stands for the pod: the container, the systemd unit, or the command name. */
export function nameOf(process: Partial<ProcessInfo> | undefined): string {
  if (!process) return ''
  if (process.containerId) return process.containerId.slice(0, SHORT_ID)
  return process.unit || process.comm || ''
}
