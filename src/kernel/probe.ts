/** How a probe that could not be had is told, and the knob that all probes share. */
import { statSync } from 'node:fs'
import type { ProbeStatus } from '../health/probe-status'

function hintFor(message: string): string {
  if (/EPERM|EACCES/.test(message)) return 'Run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE.'
  if (/BTF|ENOENT|btf/.test(message))
    return 'The kernel needs BTF (CONFIG_DEBUG_INFO_BTF=y) and Linux 5.8 or newer.'
  return 'Run `nixie check` and report the text with your kernel version.'
}

/** What a probe is, whatever became of it. */
export type ProbeName = Pick<ProbeStatus, 'source' | 'name' | 'purpose' | 'required'>

export const attached = (probe: ProbeName): ProbeStatus => ({ ...probe, attached: true, error: '', hint: '' })

export function failed(probe: ProbeName, error: string, hint = hintFor(error)): ProbeStatus {
  return { ...probe, attached: false, error, hint }
}

/** The machine's own pid namespace has this inode (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
const MACHINE = 0xefff_fffc

const ownPidNamespace = () => statSync('/proc/self/ns/pid').ino

export const isMachinesPidNamespace = (): boolean => ownPidNamespace() === MACHINE

/** The knob `pid_namespace`: 0, or the inode of the namespace that Nixie is in. */
export const pidNamespace = (): Uint32Array =>
  Uint32Array.of(isMachinesPidNamespace() ? 0 : ownPidNamespace())
