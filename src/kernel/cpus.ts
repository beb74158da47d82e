import { readFileSync, statSync } from 'node:fs'

const CPUS = '/sys/devices/system/cpu'

/** The numbers of a list as sysfs has it: `0-3` or `0,2-5`. */
export const listed = (list: string): number[] =>
  list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })

let possible: number | undefined

/** The possible CPUs. They stay until the next boot, and are read once: later there may be no descriptor for it. */
export function possibleCpus(): number {
  possible ??= Math.max(...listed(readFileSync(`${CPUS}/possible`, 'utf8'))) + 1
  return possible
}

/**
 * Which CPUs are online, as a text that changes also when one went and came again, as all but one do while a machine sleeps: such a
 * CPU has a new folder. '' when it can't be read now.
 */
export function onlineCpus(folder = CPUS): string {
  try {
    return listed(readFileSync(`${folder}/online`, 'utf8'))
      .map((cpu) => `${cpu}:${statSync(`${folder}/cpu${cpu}/topology`, { throwIfNoEntry: false })?.ino}`)
      .join(' ')
  } catch {
    return ''
  }
}

const TICKS_PER_SECOND = 100

/**
 * Idle time of all CPUs together since the machine's start, in milliseconds, from /proc/stat (proc_stat(5)). Undefined when it
 * can't be read now, for example when no descriptor is left.
 */
export function idleMs(): number | undefined {
  try {
    const [, , , , idle, iowait] = readFileSync('/proc/stat', 'latin1')
      .split(' ', 8)
      .filter((word) => word !== '')
    return ((Number(idle) + Number(iowait)) * 1000) / TICKS_PER_SECOND
  } catch {
    return undefined
  }
}
