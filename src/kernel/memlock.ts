/**
 * Up to Linux 5.10 the maps and programs of BPF count as locked memory of their account, and the kernel refuses what goes beyond
 * RLIMIT_MEMLOCK with EPERM. Since 5.11 they count as memory of the control group (torvalds/linux d5299b67dd59).
 */
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { type CheckResult, effectiveCapabilities } from './capabilities'

const COUNTED_BEFORE = [5, 11] as const
/** At least what all maps and programs take together (`test/vm/kernels.test.ts` sums it up). */
export const NEEDED_BYTES = 64 << 20
/** include/uapi/linux/capability.h */
const CAP_SYS_RESOURCE = 24n

export interface MemlockFacts {
  /** As `uname -r` says it. */
  readonly release: string
  /** /proc/self/limits */
  readonly limits: string
  /** /proc/self/status */
  readonly status: string
}

const ownFacts = (): MemlockFacts => ({
  release: release(),
  limits: readFileSync('/proc/self/limits', 'utf8'),
  status: readFileSync('/proc/self/status', 'utf8'),
})

function isCounted(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat)
  return major < COUNTED_BEFORE[0] || (major === COUNTED_BEFORE[0] && minor < COUNTED_BEFORE[1])
}

const mayRaise = (status: string): boolean =>
  ((effectiveCapabilities(status) >> CAP_SYS_RESOURCE) & 1n) === 1n

const MIB = 1 << 20
const sizeText = (bytes: number) => (bytes < MIB ? `${bytes >> 10} KiB` : `${Math.floor(bytes / MIB)} MiB`)

function judge({ release, limits, status }: MemlockFacts): Pick<CheckResult, 'ok' | 'detail'> {
  const limit = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1] ?? 'unknown'
  const bytes = Number(limit)
  const said = Number.isFinite(bytes) ? sizeText(bytes) : limit
  if (!isCounted(release))
    return { ok: true, detail: `${said}; this kernel does not count BPF maps as locked memory` }
  if (!Number.isFinite(bytes) || bytes >= NEEDED_BYTES) return { ok: true, detail: said }
  if (mayRaise(status))
    return { ok: true, detail: `${said}; raised by the loader, which has CAP_SYS_RESOURCE` }
  const needed = `this kernel counts BPF maps as locked memory, and Nixie's take ${sizeText(NEEDED_BYTES)}`
  return { ok: false, detail: `${said}: ${needed}` }
}

/** Whether the maps may be as large as they are. */
export const checkMemlock = (facts: MemlockFacts = ownFacts()): CheckResult => ({
  name: 'memlock',
  ...judge(facts),
  hint: 'Raise the limit of locked memory before the start: ulimit -l unlimited as root, or LimitMEMLOCK=infinity in the unit.',
  required: true,
})
