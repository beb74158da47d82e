/** Whether there is room for a Nixie that starts. */
import { readFileSync } from 'node:fs'
import type { CheckResult } from './capabilities'

/** What it takes with its maps in the kernel, by the fall of MemAvailable: 75 MiB from the start on, 100 with the first query. */
const TAKEN_MIB = 100

/** /proc/meminfo (proc_meminfo(5)); '' where it can't be read. */
function ownFacts(): string {
  try {
    return readFileSync('/proc/meminfo', 'utf8')
  } catch {
    return ''
  }
}

export function checkMemory(meminfo = ownFacts()): CheckResult {
  const found = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)
  const mib = found ? Math.floor(Number(found[1]) / 1024) : undefined
  const ok = mib === undefined || mib >= TAKEN_MIB
  const said = mib === undefined ? 'unknown' : `${mib} MiB are available`
  const short = `a Nixie that starts takes about ${TAKEN_MIB} MiB, and Linux ends a program when none is left`
  return {
    name: 'memory',
    ok,
    detail: ok ? said : `${said}: ${short}`,
    hint: 'Stop what is not needed, or add memory or swap.',
    required: false,
  }
}
