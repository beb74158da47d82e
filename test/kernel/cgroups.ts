/** Cgroups as container runtimes name theirs, made for a test and taken away by it. */
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { until } from '../support/scope'

/** Where a hierarchy is mounted: `cgroup2`, or a controller of cgroup v1; undefined when it isn't. */
export function hierarchy(name: string): string | undefined {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [, at, type, options = ''] = line.split(' ')
    if (type === name || (type === 'cgroup' && options.split(',').includes(name))) return at
  }
  return undefined
}

/** Makes a cgroup in others, all of them new; `enter` is a shell's text that brings a process into it. */
export function makeCgroup(root: string, folders: readonly string[]) {
  const path = join(root, ...folders)
  mkdirSync(path, { recursive: true })
  return {
    enter: `echo $$ > ${path}/cgroup.procs`,
    async remove() {
      // An ended process leaves its cgroup a moment after it was waited for.
      let at = path
      await until(`${path} is removed`, () => {
        for (; at !== root; at = dirname(at)) rmdirSync(at)
        return true
      })
    },
  }
}
