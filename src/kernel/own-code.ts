/**
 * Code of this program that was run once, at the start or by a query, stays mapped and counts as its memory. Letting go of
 * all of it costs a millisecond: the kernel maps what still runs again from its cache, 64 KiB at a time.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { letGo } from './libc'

/** Address ranges of a file's code, from the text of /proc/PID/maps (proc_pid_maps(5)). Only code: data may be ours alone. */
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

/** Never throws: where that can't be done, more memory is counted than is used. */
export function forgetRunCode(): void {
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8')
    for (const { from, bytes } of codeOf(maps, readlinkSync('/proc/self/exe'))) letGo(from, bytes)
  } catch {
    // There is no such system.
  }
}
