/** What capture needs of this host, one answer each, in words: the first part of `nixie check`. */
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { mountPoint } from './tracefs'

export interface CheckResult {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do when it isn't ok. */
  readonly hint: string
  /** Capture can't work without it. */
  readonly required: boolean
}

const OLDEST = [5, 8] as const

/** Capability → bit (include/uapi/linux/capability.h). CAP_SYS_ADMIN stands for the two that came with Linux 5.8. */
const CAPABILITIES = { CAP_BPF: 39, CAP_PERFMON: 38, CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21 } as const

/** A file's text, or undefined when it can't be read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function checkVersion(version: string): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat)
  const ok = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  return {
    name: 'kernel',
    ok,
    detail: `Linux ${version}`,
    hint: `Nixie needs Linux ${OLDEST.join('.')} or newer.`,
    required: true,
  }
}

function checkArchitecture(): CheckResult {
  const ok = process.arch === 'x64' || process.arch === 'arm64'
  return {
    name: 'architecture',
    ok,
    detail: process.arch,
    hint: 'There are probes for x86-64 and arm64.',
    required: true,
  }
}

function checkBtf(): CheckResult {
  const ok = existsSync('/sys/kernel/btf/vmlinux')
  return {
    name: 'BTF',
    ok,
    detail: ok ? '/sys/kernel/btf/vmlinux' : 'the kernel has no type information',
    hint: 'Use a kernel built with CONFIG_DEBUG_INFO_BTF=y.',
    required: true,
  }
}

/** The effective capabilities' mask out of /proc/self/status. */
export function effectiveCapabilities(status: string): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)
  return match ? BigInt(`0x${match[1]}`) : 0n
}

/** Each capability that is needed; `held` is the effective mask. */
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

function checkBpffs(): CheckResult {
  const at = mountPoint(read('/proc/mounts') ?? '', 'bpf')
  return {
    name: 'bpffs',
    ok: at !== undefined,
    detail: at ?? 'not mounted; nothing is pinned, so nothing needs it',
    hint: 'mount -t bpf bpf /sys/fs/bpf',
    required: false,
  }
}

function checkMemlock(): CheckResult {
  const limit = /^Max locked memory\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')?.[1] ?? 'unknown'
  return {
    name: 'memlock',
    ok: limit !== '0',
    detail:
      limit === 'unlimited' ? limit : `${limit} bytes; raised by the loader where the kernel counts maps`,
    hint: 'Raise it: ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit.',
    required: false,
  }
}

function checkLockdown(): CheckResult {
  const mode = /\[(\w+)\]/.exec(read('/sys/kernel/security/lockdown') ?? '')?.[1]
  return {
    name: 'lockdown',
    ok: mode !== 'confidentiality',
    detail: mode ?? 'unknown: securityfs is not mounted',
    hint: "Lockdown 'confidentiality' forbids reading kernel memory from BPF: boot with 'integrity' or none.",
    required: true,
  }
}

/** All but the programs themselves. Never throws. */
export function checkHost(): CheckResult[] {
  return [
    checkVersion(release()),
    checkArchitecture(),
    checkBtf(),
    ...checkCapabilities(effectiveCapabilities(read('/proc/self/status') ?? '')),
    checkBpffs(),
    checkMemlock(),
    checkLockdown(),
  ]
}
