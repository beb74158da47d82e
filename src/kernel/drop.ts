/**
 * Tracing needs few of root's rights. Started by hand as root, Nixie gives up all others and executes itself
 * again without them: rights belong to threads, and only execve(2) changes those of all threads.
 */
import { dlopen, ptr } from 'bun:ffi'
import { readFileSync, statSync } from 'node:fs'

const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38
const RLIMIT_MEMLOCK = 8
const MOST_CAPABILITIES = 64

/** include/uapi/linux/capability.h */
const CAP = {
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  PERFMON: 38,
  BPF: 39,
}

/**
 * BPF and PERFMON load and attach programs, NET_ADMIN those that tell who sent a datagram; SYS_PTRACE and DAC_READ_SEARCH
 * read /proc of every process.
 */
const ALWAYS = [CAP.BPF, CAP.PERFMON, CAP.NET_ADMIN, CAP.SYS_PTRACE, CAP.DAC_READ_SEARCH]

const FIRST_UNPRIVILEGED_PORT = 1024

export interface Needs {
  readonly dataDir: string
  /** `HOST:PORT`, '' for none. */
  readonly addresses: readonly string[]
  /** tracefs is not mounted and has to be. */
  readonly mounts: boolean
}

const maskOf = (capabilities: readonly number[]) =>
  capabilities.reduce((mask, capability) => mask | (1n << BigInt(capability)), 0n)

/** The owner of the nearest part of the path that exists. */
function ownerOf(path: string): number {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/')) || '/') {
    try {
      return statSync(at).uid
    } catch {
      if (at === '/' || !at.includes('/')) return 0
    }
  }
}

/** The rights of root to keep, as a mask. */
export function neededCapabilities({ dataDir, addresses, mounts }: Needs): bigint {
  const ports = addresses.map((address) => Number(address.slice(address.lastIndexOf(':') + 1)))
  const low = ports.some((port) => port > 0 && port < FIRST_UNPRIVILEGED_PORT)
  return maskOf([
    ...ALWAYS,
    ...(low ? [CAP.NET_BIND_SERVICE] : []),
    // Without this right root can't write to another account's directory.
    ...(ownerOf(dataDir) !== 0 ? [CAP.DAC_OVERRIDE] : []),
    ...(mounts ? [CAP.SYS_ADMIN] : []),
  ])
}

const open = () =>
  dlopen('libc.so.6', {
    prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
    setrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
  }).symbols

const heldOf = (status: string) => BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/im.exec(status)?.[1] ?? '0'}`)

/**
 * Gives up the other rights for the program that `execve` begins; this one still has them. False when there is
 * nothing to give up. Throws where libc can't be called.
 */
export function dropCapabilities(needs: Needs): boolean {
  if (process.geteuid?.() !== 0) return false
  const held = heldOf(readFileSync('/proc/self/status', 'utf8'))
  const kept = held & neededCapabilities(needs)
  if (kept === held) return false
  const libc = open()
  // Kernels up to 5.10 count BPF maps as locked memory; a raised limit stays when the right to raise it is gone.
  libc.setrlimit(RLIMIT_MEMLOCK, ptr(new BigUint64Array([2n ** 64n - 1n, 2n ** 64n - 1n])))
  for (let capability = 0; capability < MOST_CAPABILITIES; capability++) {
    if ((kept >> BigInt(capability)) & 1n) continue
    libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
  }
  libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  return true
}
