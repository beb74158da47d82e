/**
 * Connections that this process has accepted, as the kernel knows them (getsockname(2), getpeername(2)): the web server
 * tells neither where a connection arrived, nor of one that never asks.
 */
import { dlopen, ptr } from 'bun:ffi'
import { readdirSync } from 'node:fs'
import { sameBytes } from './address'
import type { End } from './sockets'

const AF_INET = 2
const AF_INET6 = 10
const SHUT_RDWR = 2
const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const SO_DETACH_FILTER = 27
const SO_ACCEPTCONN = 30
/** struct sock_filter: BPF_RET with 0, which takes nothing (socket(7)). */
const DROP = Buffer.from([6, 0, 0, 0, 0, 0, 0, 0])
/** struct sockaddr_in6, the larger one. */
const SOCKADDR = 28
const RLIMIT_NOFILE = 7
/** fcntl(2), as Linux numbers it. */
const F_GETFL = 3
const F_SETFL = 4
const F_SETSIG = 10
const F_SETOWN_EX = 15
const F_OWNER_TID = 0
const O_ASYNC = 0o20000
/** By default it does nothing, so it is harmless where nobody listens for it. */
const SIGURG = 23

export interface Accepted {
  readonly descriptor: number
  /** Where it arrived. */
  readonly local: End
  readonly peer: End
}

const open = () =>
  dlopen('libc.so.6', {
    getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    getpeername: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
    setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
    shutdown: { args: ['i32', 'i32'], returns: 'i32' },
    getrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
    gettid: { args: [], returns: 'i32' },
    // Variadic; the argument is a word.
    fcntl: { args: ['i32', 'i32', 'u64'], returns: 'i32' },
  }).symbols

let opened: ReturnType<typeof open> | undefined
const libc = () => (opened ??= open())

const address = Buffer.alloc(SOCKADDR)
const length = new Uint32Array(1)
const MAPPED_PREFIX = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])

/** Undefined for what is no socket of TCP, or has no such end. */
function endOf(which: 'getsockname' | 'getpeername', descriptor: number): End | undefined {
  length[0] = SOCKADDR
  if (libc()[which](descriptor, ptr(address), ptr(length)) !== 0) return undefined
  const family = address.readUInt16LE(0)
  const port = address.readUInt16BE(2)
  if (family === AF_INET6) return { address: Uint8Array.from(address.subarray(8, 24)), port }
  if (family !== AF_INET) return undefined
  return { address: Uint8Array.from([...MAPPED_PREFIX, ...address.subarray(4, 8)]), port }
}

const sameEnd = (a: End, b: End) => a.port === b.port && sameBytes(a.address, b.address)

/** Descriptors that a process may have open at most. */
export function descriptorLimit(): number {
  const limits = new BigUint64Array(2)
  if (libc().getrlimit(RLIMIT_NOFILE, ptr(limits)) !== 0) return 1024
  return Number(limits[0])
}

/** Numbers of all open descriptors. Where none is left to read the list with, all numbers that there can be. */
function descriptors(): Iterable<number> {
  try {
    return readdirSync('/proc/self/fd').map(Number)
  } catch {
    return Array.from({ length: Math.min(descriptorLimit(), 1 << 16) }, (_, i) => i)
  }
}

/** The connections that have arrived at a port, those that are still there. */
export function acceptedAt(port: number): Accepted[] {
  const all: Accepted[] = []
  for (const descriptor of descriptors()) {
    const local = endOf('getsockname', descriptor)
    if (local?.port !== port) continue
    const peer = endOf('getpeername', descriptor)
    if (peer) all.push({ descriptor, local, peer })
  }
  return all
}

/** Descriptors that listen at a port. */
export function listenersAt(port: number): number[] {
  const listens = new Int32Array(1)
  return [...descriptors()].filter((descriptor) => {
    if (endOf('getsockname', descriptor)?.port !== port) return false
    length[0] = listens.byteLength
    const asked = libc().getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, ptr(listens), ptr(length))
    return asked === 0 && listens[0] === 1
  })
}

/**
 * Has the kernel drop what comes for a listener (SO_ATTACH_FILTER), or take it again. Who connects meanwhile tries again
 * after a second, by itself; connections that are there already go on.
 */
export function hold(listener: number, isHeld: boolean): void {
  // struct sock_fprog: how many instructions, and where they are.
  const program = new BigUint64Array([1n, BigInt(ptr(DROP))])
  const option = isHeld ? SO_ATTACH_FILTER : SO_DETACH_FILTER
  libc().setsockopt(listener, SOL_SOCKET, option, ptr(program), program.byteLength)
}

/**
 * Has the kernel send the calling thread SIGURG when a connection arrives at a listener (fcntl(2), F_SETSIG), or no
 * longer. Signals that come while one waits are one.
 *
 * @returns whether that was done
 */
export function tellArrivals(listener: number, isTold: boolean): boolean {
  if (process.platform !== 'linux') return false
  const { fcntl, gettid } = libc()
  const flags = fcntl(listener, F_GETFL, 0n)
  if (flags < 0) return false
  if (!isTold) return fcntl(listener, F_SETFL, BigInt(flags & ~O_ASYNC)) === 0
  // struct f_owner_ex: the kind of owner, and its number.
  const owner = Int32Array.of(F_OWNER_TID, gettid())
  return (
    fcntl(listener, F_SETOWN_EX, BigInt(ptr(owner))) === 0 &&
    fcntl(listener, F_SETSIG, BigInt(SIGURG)) === 0 &&
    fcntl(listener, F_SETFL, BigInt(flags | O_ASYNC)) === 0
  )
}

/** Whether the descriptor is still the same connection. Numbers are used again. */
export function isStill({ descriptor, local, peer }: Accepted): boolean {
  const now = endOf('getpeername', descriptor)
  if (!now || !sameEnd(now, peer)) return false
  const at = endOf('getsockname', descriptor)
  return at !== undefined && sameEnd(at, local)
}

/**
 * Ends the connection: who accepted it sees its end, and closes it. Only for the thread that closes these connections:
 * between the look and the end nothing else can have taken the number.
 */
export function end(accepted: Accepted): void {
  if (isStill(accepted)) libc().shutdown(accepted.descriptor, SHUT_RDWR)
}
