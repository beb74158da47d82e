/** The capabilities that capture needs, and which of them this process has. Needs no part of the loader. */
import { readFileSync } from 'node:fs'

/** One answer of `nixie check`. */
export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What a user can do when it isn't ok. */
  readonly hint: string
  /** Capture can't work without it. */
  readonly required: boolean
}

interface Capability {
  /** include/uapi/linux/capability.h */
  readonly bit: number
  /** CAP_SYS_ADMIN stands for it in bpf(2): it was needed for all of that before Linux 5.8. */
  readonly byAdmin?: true
  /** What is missing without it; absent: everything. */
  readonly lacks?: string
}

const NEEDED: Readonly<Record<string, Capability>> = {
  CAP_BPF: { bit: 39, byAdmin: true },
  CAP_PERFMON: { bit: 38, byAdmin: true },
  CAP_NET_ADMIN: {
    bit: 12,
    byAdmin: true,
    lacks: 'sockets are read at the exit of every call, which costs more',
  },
  CAP_SYS_PTRACE: { bit: 19, lacks: 'what other accounts run is not looked into, as for TLS' },
  CAP_DAC_READ_SEARCH: {
    bit: 2,
    lacks: 'files stay closed that only other accounts may read, as some libraries',
  },
}
const SYS_ADMIN = 21

/** All that capture needs, in words. */
export const RIGHTS = Object.keys(NEEDED)
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' and ')

/** Reads the mask of effective capabilities from /proc/self/status. */
export function effectiveCapabilities(status: string): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)
  return match ? BigInt(`0x${match[1]}`) : 0n
}

/** A check for each needed capability; `held` is the effective mask. */
export function checkCapabilities(held: bigint): CheckResult[] {
  const has = (bit: number) => ((held >> BigInt(bit)) & 1n) === 1n
  return Object.entries(NEEDED).map(([name, { bit, byAdmin, lacks }]) => {
    const instead = byAdmin === true && !has(bit) && has(SYS_ADMIN)
    const not = lacks === undefined ? 'not held' : `not held: ${lacks}`
    return {
      name,
      ok: has(bit) || instead,
      detail: instead ? 'by way of CAP_SYS_ADMIN' : has(bit) ? 'held' : not,
      hint: `Run as root, or give the process ${RIGHTS}.`,
      required: lacks === undefined,
    }
  })
}

/** Why this process can't trace the machine, and what to do; undefined when it can. */
export function whyNotTracing(): { readonly why: string; readonly remedy: string } | undefined {
  if (process.platform !== 'linux')
    return {
      why: 'Only Linux can be traced, and this is another system',
      remedy: 'Into a cluster it goes from here: nixie deploy.',
    }
  const checks = checkCapabilities(effectiveCapabilities(readFileSync('/proc/self/status', 'utf8')))
  if (checks.every(({ ok, required }) => ok || !required)) return undefined
  return {
    why: `This user may not trace the machine: it takes root, or ${RIGHTS}`,
    remedy: 'Run it with sudo.',
  }
}
