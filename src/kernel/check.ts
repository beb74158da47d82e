/** Checks what capture needs of this host, each with an answer in words: the first part of `nixie check`. */
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { type CheckResult, checkCapabilities, effectiveCapabilities } from './capabilities'
import { checkLockdown } from './lockdown'
import { checkMemlock } from './memlock'
import { checkMemory } from './memory'
import { mountPoint } from './tracefs'

const OLDEST = [5, 8] as const

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

/** All checks except those of the programs. Never throws. */
export function checkHost(): CheckResult[] {
  return [
    checkVersion(release()),
    checkArchitecture(),
    checkBtf(),
    ...checkCapabilities(effectiveCapabilities(read('/proc/self/status') ?? '')),
    checkBpffs(),
    checkMemlock(),
    checkMemory(),
    checkLockdown(),
  ]
}
