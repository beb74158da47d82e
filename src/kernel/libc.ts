/** The few functions of libc that Bun doesn't offer. Loaded when first needed: `check` must run where they can't be loaded. */
import { dlopen, ptr } from 'bun:ffi'
import type { ClockPair } from './clock'

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const CLOCK_THREAD_CPUTIME_ID = 3

const open = () =>
  dlopen('libc.so.6', {
    clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
    madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
    getpagesize: { args: [], returns: 'i32' },
    // Variadic; all its arguments are integers of a machine word.
    syscall: { args: ['i64', 'i64', 'ptr', 'i64', 'i64'], returns: 'i64' },
    memfd_create: { args: ['ptr', 'u32'], returns: 'i32' },
    mount: { args: ['ptr', 'ptr', 'ptr', 'u64', 'ptr'], returns: 'i32' },
    umount2: { args: ['ptr', 'i32'], returns: 'i32' },
  }).symbols

let opened: ReturnType<typeof open> | undefined
const libc = () => (opened ??= open())

const MFD_CLOEXEC = 1

/** The descriptor of an empty file in memory (memfd_create(2)); below 0 where the kernel refuses. */
export const memoryFile = (name: string): number =>
  libc().memfd_create(ptr(Buffer.from(`${name}\0`)), MFD_CLOEXEC)

const timespec = new BigInt64Array(2)

function read(clock: number): bigint {
  libc().clock_gettime(clock, ptr(timespec))
  return timespec[0]! * 1_000_000_000n + timespec[1]!
}

const words = new Uint32Array(timespec.buffer)

/** Time that the calling thread has been on a processor, in nanoseconds. Takes 0.6 µs. */
export function threadCpuNs(): number {
  libc().clock_gettime(CLOCK_THREAD_CPUTIME_ID, ptr(timespec))
  return words[0]! * 1e9 + words[2]!
}

/** struct sched_attr (sched_setattr(2)): its size, and the offset of the runtime. */
const SCHED_ATTR_BYTES = 48
const SCHED_RUNTIME_AT = 24
const SCHED_CALLS: Partial<Record<string, { readonly set: number; readonly get: number }>> = {
  x64: { set: 314, get: 315 },
  arm64: { set: 274, get: 275 },
}

/**
 * Asks the scheduler for time slices of so many nanoseconds (100,000 to 100,000,000) for a thread of this process, by its id (0: the
 * calling one): shorter ones come sooner, and the thread's share of the processor stays the same (EEVDF's request size, Linux 6.12;
 * older kernels accept and ignore it). Policy and nice value stay. False when the kernel refused.
 */
export function askForTurns(ns: number, thread = 0): boolean {
  const calls = SCHED_CALLS[process.arch]
  if (!calls) return false
  const attr = new DataView(new ArrayBuffer(SCHED_ATTR_BYTES))
  const at = ptr(new Uint8Array(attr.buffer))
  if (Number(libc().syscall(calls.get, thread, at, SCHED_ATTR_BYTES, 0)) !== 0) return false
  attr.setBigUint64(SCHED_RUNTIME_AT, BigInt(ns), true)
  return Number(libc().syscall(calls.set, thread, at, 0, 0)) === 0
}

/** Reads both clocks, the monotonic one before and after, so that a pause between the reads doesn't count. */
export function readClocks(): ClockPair {
  const before = read(CLOCK_MONOTONIC)
  const epochNs = read(CLOCK_REALTIME)
  const after = read(CLOCK_MONOTONIC)
  return { monotonicNs: (before + after) / 2n, epochNs }
}

export const pageBytes = (): number => libc().getpagesize()

const MADV_DONTNEED = 4

/** Unmaps pages; those of a file are mapped again when they are used. @returns whether that was done */
export const letGo = (from: bigint, bytes: bigint): boolean =>
  libc().madvise(from, bytes, MADV_DONTNEED) === 0

const MNT_DETACH = 2

const text = (value: string) => ptr(Buffer.from(`${value}\0`))

/** Mounts a kernel file system; false when it was refused. */
export function mount(type: string, target: string): boolean {
  return libc().mount(text(type), text(target), text(type), 0, null) === 0
}

/** Unmounts, at the latest when the last user of the mount is gone. */
export function unmount(target: string): void {
  libc().umount2(text(target), MNT_DETACH)
}
