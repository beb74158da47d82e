import { readFileSync } from 'node:fs'

/** The possible CPUs: `0-3` or `0,2-5` in sysfs. */
export function possibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split(',')
  return Math.max(...ranges.map((range) => Number(range.split('-').at(-1)))) + 1
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
