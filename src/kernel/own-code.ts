/**
 * Code of this program that ran once, at the start or for a query, stays mapped and counts as its memory. Unmapping
 * all of it costs a millisecond: the kernel maps the code that still runs again from its cache, 64 KiB at a time.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { letGo } from './libc'

/** Address ranges of a file's code, from the text of /proc/PID/maps (proc_pid_maps(5)). Only code: data may have been changed in memory. */
export function codeOf(maps: string, path: string): { readonly from: bigint; readonly bytes: bigint }[] {
  const ranges: { from: bigint; bytes: bigint }[] = []
  for (const line of maps.split('\n')) {
    const found = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ \d+ +(.*)$/.exec(line)
    if (found?.[3] !== path) continue
    const from = BigInt(`0x${found[1]}`)
    ranges.push({ from, bytes: BigInt(`0x${found[2]}`) - from })
  }
  return ranges
}

/** Never throws: where it isn't possible, more memory is counted than is used. */
export function forgetRunCode(): void {
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8')
    for (const { from, bytes } of codeOf(maps, readlinkSync('/proc/self/exe'))) letGo(from, bytes)
  } catch {
    // Not Linux: nothing to do.
  }
}
