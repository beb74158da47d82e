/** From what was seen of a process, by the kernel or in /proc, to what is kept of it. */

import type { ProcessInfo } from '../records/entities'
import type { CgroupOwner } from './cgroup'
import { programName } from './command/program-name'
import { redactArguments } from './command/secrets'

/** One look at a process. */
export interface Sight {
  readonly comm: string
  readonly args: readonly string[]
  readonly exe: string
  readonly owner: CgroupOwner
  /** 0 when unknown. */
  readonly parentPid: number
}

/** Longest command line that is kept. */
const MAX_CMDLINE = 2048

export interface Described extends Pick<ProcessInfo, 'comm' | 'cmdline' | 'exe' | 'name'>, CgroupOwner {
  /** It is a worker that has only the program's name: it gets the name of its master. */
  readonly isWorker: boolean
}

/** Describes a process. Its command name is redacted too: a process chooses that itself, and may put a secret there. */
export function describe({ comm: given, args, exe, owner }: Sight): Described {
  const safe = redactArguments(args)
  const [comm = ''] = redactArguments([given])
  const cmdline = safe.join(' ').slice(0, MAX_CMDLINE)
  const { name, isWorker } = programName(safe, comm)
  return { comm, cmdline: cmdline === '' ? comm : cmdline, exe, name, isWorker, ...owner }
}
