/** A process as /proc shows it (proc(5)). What is gone or refused reads as empty. */
import { readFileSync, readlinkSync } from 'node:fs'
import { ownerOfCgroupFile } from './cgroup'
import { argumentsOf } from './command/words'
import type { Sight } from './describe'

/** Characters of a command line that are looked at. */
const MAX_READ = 8192

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Field 22 of /proc/PID/stat in clock ticks, or -1. The command name in field 2 may hold spaces and parentheses. */
export function startTicksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[19])
  return stat === '' || !Number.isSafeInteger(ticks) ? -1 : ticks
}

/** Field 4 of /proc/PID/stat; 0 when there is none. */
export const parentOf = (stat: string): number =>
  Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) || 0

/** Start of a process in ticks; -1 when it is gone. */
export const startTicksOfPid = (pid: number, procRoot = '/proc'): number =>
  startTicksOf(read(`${procRoot}/${pid}/stat`))

/** Reads a process; undefined when it is gone or its pid belongs to another one by now. */
export function readProcess(pid: number, startTicks: number, procRoot = '/proc'): Sight | undefined {
  const dir = `${procRoot}/${pid}`
  const stat = read(`${dir}/stat`)
  // The kernel's boot time and /proc's field are cut to ticks alike; one tick of slack covers time namespaces' rounding.
  if (Math.abs(startTicksOf(stat) - startTicks) > 1) return undefined
  // Arguments first: of one that ends meanwhile none are left, and then there is no program either.
  const args = argumentsOf(read(`${dir}/cmdline`).slice(0, MAX_READ))
  let exe = ''
  try {
    exe = readlinkSync(`${dir}/exe`)
  } catch {
    // A kernel thread, or not ours to read.
  }
  return {
    comm: read(`${dir}/comm`).trimEnd(),
    args,
    exe,
    owner: ownerOfCgroupFile(read(`${dir}/cgroup`)),
    parentPid: parentOf(stat),
  }
}

/** The kernel counts a process's start in hundredths of a second for user space, whatever its own tick is. */
const NS_PER_TICK = 10_000_000n

let bootNs: bigint | undefined

/** Epoch nanoseconds of a start in ticks since this boot, to the second that /proc/stat gives; 0 for no ticks. */
export function startTimeOf(startTicks: number): bigint {
  if (startTicks === 0) return 0n
  bootNs ??= BigInt(/^btime (\d+)$/m.exec(read('/proc/stat'))?.[1] ?? 0) * 1_000_000_000n
  return bootNs + BigInt(startTicks) * NS_PER_TICK
}

const LIBRARY = /\/[^/]*\.so(?:\.[^/]*)?$/

/** Paths, sorted, of the shared libraries that a process has mapped; none when it is gone or not ours to read. */
export function sharedLibraries(pid: number, startTicks: number, procRoot = '/proc'): string[] {
  const dir = `${procRoot}/${pid}`
  if (pid <= 0 || Math.abs(startTicksOf(read(`${dir}/stat`)) - startTicks) > 1) return []
  const paths = read(`${dir}/maps`)
    .split('\n')
    .flatMap((line) => (line.includes(' /') ? [line.slice(line.indexOf(' /') + 1)] : []))
  return [...new Set(paths.map((path) => path.replace(/ \(deleted\)$/, '')))]
    .filter((p) => LIBRARY.test(p))
    .sort()
}
