/** Lockdown of the kernel (kernel_lockdown(7)). In its mode `confidentiality` no program of BPF may read the kernel's memory. */
import { readFileSync } from 'node:fs'
import type { CheckResult } from './capabilities'

const FILE = '/sys/kernel/security/lockdown'

/** Such as `none [integrity] confidentiality`; '' where it can't be read: securityfs isn't mounted in every container. */
function modes(): string {
  try {
    return readFileSync(FILE, 'utf8')
  } catch {
    return ''
  }
}

export function checkLockdown(said = modes()): CheckResult {
  const mode = /\[(\w+)\]/.exec(said)?.[1]
  return {
    name: 'lockdown',
    ok: mode !== 'confidentiality',
    detail: mode ?? 'unknown: securityfs is not mounted',
    hint: "Lockdown 'confidentiality' forbids reading kernel memory from BPF: boot with 'integrity' or none.",
    required: true,
  }
}
