/** What stands for the pod where there is none. */
import type { ProcessInfo } from '../records/entities'

/** As many digits of a container id as `docker ps` shows. */
const SHORT_ID = 12

/** What the container is called, or as much of its id as `docker ps` shows; '' outside of one. */
export const containerOf = ({ containerName, containerId = '' }: Partial<ProcessInfo>): string =>
  containerName || containerId.slice(0, SHORT_ID)

/** The program as people call it; of a process that was stored before there were such names its command name. */
export const programOf = (process: Partial<ProcessInfo> | undefined): string =>
  process?.name || process?.comm || ''

/** What stands for the pod: the container, the systemd unit, or the program as people call it. */
export function nameOf(process: Partial<ProcessInfo> | undefined): string {
  if (!process) return ''
  return containerOf(process) || process.unit || programOf(process)
}
