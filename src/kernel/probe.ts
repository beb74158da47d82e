/** The status of a program that could not be loaded or attached, and the knob that all objects share. */
import { readFileSync, statSync } from 'node:fs'
import type { ProbeStatus } from '../health/probe-status'
import { type CheckResult, checkCapabilities, effectiveCapabilities, RIGHTS } from './capabilities'
import { checkLockdown } from './lockdown'
import { checkMemlock } from './memlock'

/** The hint when the kernel says EPERM; `status` is /proc/self/status. */
export function hintForRefusal(
  status: string,
  obstacles: readonly CheckResult[] = [checkLockdown(), checkMemlock()],
): string {
  const isHeld = checkCapabilities(effectiveCapabilities(status)).every(({ ok }) => ok)
  // SECCOMP_MODE_FILTER (include/uapi/linux/seccomp.h)
  if (isHeld && /^Seccomp:\s*2$/m.test(status))
    return 'The capabilities are there; the seccomp profile may refuse bpf(2), as those before containerd 1.7 and Docker 23 do: use seccompProfile Unconfined, or nixie deploy --privileged.'
  const obstacle = obstacles.find(({ ok }) => !ok)
  if (isHeld && obstacle) return obstacle.hint
  return `Run as root, or with ${RIGHTS}.`
}

function hintFor(message: string): string {
  if (/EPERM|EACCES/.test(message)) return hintForRefusal(readFileSync('/proc/self/status', 'utf8'))
  if (/BTF|ENOENT|btf/.test(message))
    return 'The kernel needs BTF (CONFIG_DEBUG_INFO_BTF=y) and Linux 5.8 or newer.'
  return 'Run `nixie check` and report the text with your kernel version.'
}

/** The name and purpose of a probe, whatever became of it. */
export type ProbeName = Pick<ProbeStatus, 'source' | 'name' | 'purpose' | 'required' | 'unread'>

export const attached = (probe: ProbeName): ProbeStatus => ({ ...probe, attached: true, error: '', hint: '' })

export function failed(probe: ProbeName, error: string, hint = hintFor(error)): ProbeStatus {
  return { ...probe, attached: false, error, hint }
}

/** The machine's own pid namespace has this inode (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
const MACHINE = 0xefff_fffc

const ownPidNamespace = () => statSync('/proc/self/ns/pid').ino

export const isMachinesPidNamespace = (): boolean => ownPidNamespace() === MACHINE

/** The knob `pid_namespace`: 0, or the inode of Nixie's own namespace. */
export const pidNamespace = (): Uint32Array =>
  Uint32Array.of(isMachinesPidNamespace() ? 0 : ownPidNamespace())
