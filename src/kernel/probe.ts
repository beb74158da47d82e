/** A probe that could not be had, in words. */
import type { ProbeStatus } from './kernel'

function hintFor(message: string): string {
  if (/EPERM|EACCES/.test(message)) return 'Run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE.'
  if (/BTF|ENOENT|btf/.test(message))
    return 'The kernel needs BTF (CONFIG_DEBUG_INFO_BTF=y) and Linux 5.8 or newer.'
  return 'Run `nixie check` and report the text with your kernel version.'
}

export function failed(name: string, purpose: string, error: string, hint = hintFor(error)): ProbeStatus {
  return { name, purpose, attached: false, error, hint }
}

export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
