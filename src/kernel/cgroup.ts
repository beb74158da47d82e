/** Finds the control group that contains all processes that Nixie sees. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMachinesPidNamespace } from './probe'
import { mountPoint } from './tracefs'

/** Process 1 sees the whole tree, also where Nixie is in a container with its own part of it. */
const ROOTS = ['/', '/proc/1/root'] as const

/** Every control group except the root has this file. */
const isRoot = (path: string) => !existsSync(join(path, 'cgroup.type'))

/** Its folder in a cgroup2 file system. Throws when there is none. */
export function rootCgroup(): string {
  for (const root of ROOTS) {
    const mounts = readFileSync(root === '/' ? '/proc/self/mounts' : '/proc/1/mounts', 'utf8')
    const mounted = mountPoint(mounts, 'cgroup2')
    if (mounted === undefined) continue
    const path = join(root, mounted)
    // Where the node is itself a container, its processes' root lies within the machine's tree.
    if (isRoot(path) || (root !== '/' && !isMachinesPidNamespace())) return path
  }
  throw new Error(
    'the root of the control groups (cgroup2) is mounted nowhere in sight; as root: mount -t cgroup2 none DIR',
  )
}
