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

/** Capability → bit (include/uapi/linux/capability.h). CAP_SYS_ADMIN stands for the two that came with Linux 5.8. */
const CAPABILITIES = { CAP_BPF: 39, CAP_PERFMON: 38, CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21 } as const

/** Reads the mask of effective capabilities from /proc/self/status. */
export function effectiveCapabilities(status: string): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)
  return match ? BigInt(`0x${match[1]}`) : 0n
}

/** A check for each needed capability; `held` is the effective mask. */
export function checkCapabilities(held: bigint): CheckResult[] {
  const has = (name: keyof typeof CAPABILITIES) => ((held >> BigInt(CAPABILITIES[name])) & 1n) === 1n
  const admin = has('CAP_SYS_ADMIN')
  const needed = ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE'] as const
  return needed.map((name) => {
    const instead = name !== 'CAP_SYS_PTRACE' && !has(name) && admin
    const ok = has(name) || instead
    return {
      name,
      ok,
      detail: instead ? 'by way of CAP_SYS_ADMIN' : ok ? 'held' : 'not held',
      hint: 'Run as root, or give the process CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE.',
      required: name !== 'CAP_SYS_PTRACE',
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
    why: 'This user may not trace the machine: it takes root, or CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE',
    remedy: 'Run it with sudo.',
  }
}
