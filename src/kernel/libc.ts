/** The few calls of libc that Bun has no words for. Loaded when first needed: `check` must run where nothing loads. */
import { dlopen, ptr } from 'bun:ffi'
import type { ClockPair } from './clock'

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1

const open = () =>
  dlopen('libc.so.6', {
    clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
    madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
    getpagesize: { args: [], returns: 'i32' },
    mount: { args: ['ptr', 'ptr', 'ptr', 'u64', 'ptr'], returns: 'i32' },
    umount2: { args: ['ptr', 'i32'], returns: 'i32' },
  }).symbols

let opened: ReturnType<typeof open> | undefined
const libc = () => (opened ??= open())

const timespec = new BigInt64Array(2)

function read(clock: number): bigint {
  libc().clock_gettime(clock, ptr(timespec))
  return timespec[0]! * 1_000_000_000n + timespec[1]!
}

/** Both clocks, the monotonic one read on both sides so that a pause between the reads doesn't count. */
export function readClocks(): ClockPair {
  const before = read(CLOCK_MONOTONIC)
  const epochNs = read(CLOCK_REALTIME)
  const after = read(CLOCK_MONOTONIC)
  return { monotonicNs: (before + after) / 2n, epochNs }
}

export const pageBytes = (): number => libc().getpagesize()

const MADV_DONTNEED = 4

/** Unmaps pages; what is a file's is mapped again when it is used. @returns whether that was done */
export const letGo = (from: bigint, bytes: bigint): boolean =>
  libc().madvise(from, bytes, MADV_DONTNEED) === 0

const MNT_DETACH = 2

const text = (value: string) => ptr(Buffer.from(`${value}\0`))

/** Mounts a kernel file system; false when it was refused. */
export function mount(type: string, target: string): boolean {
  return libc().mount(text(type), text(target), text(type), 0, null) === 0
}

/** Takes a mount down, at the latest when its last user is gone. */
export function unmount(target: string): void {
  libc().umount2(text(target), MNT_DETACH)
}
