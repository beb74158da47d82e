/**
 * Code of this program that ran once, at the start or for a query, and constants that it used stay mapped and count as its
 * memory. Unmapping all of it costs some milliseconds: the kernel maps what is still used again from its cache, 64 KiB at
 * a time.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { letGo } from './libc'

interface Range {
  readonly from: bigint
  readonly bytes: bigint
}

/**
 * Address ranges of a file that nobody can write to and nothing was written to, from the text of /proc/PID/smaps
 * (proc_pid_smaps(5)): only there do all pages come from the file again.
 */
export function readOnlyOf(smaps: string, path: string): Range[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((mapping) => {
    const found = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ \d+ +(.*)$/m.exec(mapping)
    // Addresses that the loader has put into constants are anonymous memory.
    if (found?.[3] !== path || !/^Anonymous: +0 kB$/m.test(mapping)) return []
    const from = BigInt(`0x${found[1]}`)
    return [{ from, bytes: BigInt(`0x${found[2]}`) - from }]
  })
}

/** Never throws: where it isn't possible, more memory is counted than is used. */
export function forgetRunCode(): void {
  try {
    const smaps = readFileSync('/proc/self/smaps', 'utf8')
    for (const { from, bytes } of readOnlyOf(smaps, readlinkSync('/proc/self/exe'))) letGo(from, bytes)
  } catch {
    // Not Linux: nothing to do.
  }
}
