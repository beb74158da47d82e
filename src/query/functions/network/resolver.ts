/**
 * Names of addresses, synchronously: functions are evaluated in a loop over rows. /etc/hosts first, then PTR questions
 * (RFC 1035) to the servers of /etc/resolv.conf over UDP, with bounds on the wait for one answer and for all of a run.
 */
import { dlopen, ptr } from 'bun:ffi'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parseAddress } from './address'
import { decodePtr, encodePtrQuestion } from './dns-message'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const POLLIN = 1

const open = () =>
  dlopen('libc.so.6', {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
    send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
    recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    close: { args: ['i32'], returns: 'i32' },
  }).symbols

let opened: ReturnType<typeof open> | undefined

/** Undefined where the C library is not found under its usual name: then only /etc/hosts answers. */
function libc(): ReturnType<typeof open> | undefined {
  try {
    opened ??= open()
  } catch {
    // A failed lookup shows in its result: the address stays an address.
  }
  return opened
}

export interface Server {
  readonly address: string
  readonly port: number
}

function socketAddress({ address, port }: Server): Buffer {
  const { value, bits } = parseAddress(address)!
  const bytes = Buffer.alloc(bits === 32 ? 16 : 28)
  bytes.writeUInt16LE(bits === 32 ? AF_INET : AF_INET6, 0)
  bytes.writeUInt16BE(port, 2)
  const digits = value.toString(16).padStart(bits / 4, '0')
  bytes.write(digits, bits === 32 ? 4 : 8, 'hex')
  return bytes
}

/** Sends a datagram and waits for one answer that `accept` takes; undefined when none comes in time. */
function ask<T>(server: Server, question: Buffer, waitMs: number, accept: (answer: Buffer) => T | undefined) {
  const to = socketAddress(server)
  const c = libc()
  if (!c) return undefined
  const fd = c.socket(to.readUInt16LE(0), SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return undefined
  try {
    if (c.connect(fd, ptr(to), to.length) < 0) return undefined
    if (Number(c.send(fd, ptr(question), BigInt(question.length), 0)) < 0) return undefined
    const answer = Buffer.alloc(1500)
    const poll = Buffer.alloc(8)
    poll.writeInt32LE(fd, 0)
    poll.writeInt16LE(POLLIN, 4)
    const until = performance.now() + waitMs
    for (let left = waitMs; left > 0; left = until - performance.now()) {
      if (c.poll(ptr(poll), 1n, Math.ceil(left)) <= 0) return undefined
      const length = Number(c.recv(fd, ptr(answer), BigInt(answer.length), 0))
      if (length < 0) return undefined
      const accepted = accept(answer.subarray(0, length))
      if (accepted !== undefined) return accepted
    }
    return undefined
  } finally {
    c.close(fd)
  }
}

function read(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}

export function serversOf(lines: readonly string[]): Server[] {
  return lines.flatMap((line) => {
    const address = /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? ''
    return parseAddress(address) ? [{ address, port: 53 }] : []
  })
}

export function hostsOf(lines: readonly string[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const line of lines) {
    const [address, name] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (address && name && !names.has(address)) names.set(address, name)
  }
  return names
}

export interface ResolverOptions {
  readonly hosts: () => Map<string, string>
  readonly servers: () => readonly Server[]
  /** The longest wait for one answer, and for all answers of one run. */
  readonly waitMs: number
  readonly runMs: number
}

const FROM_FILES: ResolverOptions = {
  hosts: () => hostsOf(read('/etc/hosts')),
  servers: () => serversOf(read('/etc/resolv.conf')),
  waitMs: 200,
  runMs: 2000,
}

const MAX_KNOWN = 4096
/** Names are asked for again after this; so are addresses without one. */
const KEPT_MS = 300_000
const UNKNOWN_KEPT_MS = 60_000

export class Resolver {
  readonly #options: ResolverOptions
  readonly #known = new Map<string, { readonly name: string; readonly untilMs: number }>()
  #hosts = new Map<string, string>()
  #servers: readonly Server[] = []
  #run: bigint | undefined
  #leftMs = 0

  constructor(options: Partial<ResolverOptions> = {}) {
    this.#options = { ...FROM_FILES, ...options }
  }

  /** The name of an address; the address itself when there is none or the time of the run is used up. */
  nameOf(address: string, run: bigint): string {
    if (isIP(address) === 0) return address
    this.#start(run)
    const listed = this.#hosts.get(address)
    if (listed) return listed
    const nowMs = performance.now()
    const known = this.#known.get(address)
    if (known && known.untilMs > nowMs) return known.name
    const name = this.#ask(address)
    if (name === undefined) return address
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(address, {
      name: name || address,
      untilMs: nowMs + (name === '' ? UNKNOWN_KEPT_MS : KEPT_MS),
    })
    return name || address
  }

  /** The files are read again with each run. */
  #start(run: bigint): void {
    if (run === this.#run) return
    this.#run = run
    this.#leftMs = this.#options.runMs
    this.#hosts = this.#options.hosts()
    this.#servers = this.#options.servers()
  }

  /** '' when the server says that there is no name; undefined without an answer. */
  #ask(address: string): string | undefined {
    const { value, bits } = parseAddress(address)!
    for (const server of this.#servers) {
      if (this.#leftMs <= 0) return undefined
      const id = Math.floor(Math.random() * 65_536)
      const startMs = performance.now()
      const name = ask(
        server,
        encodePtrQuestion(id, value, bits),
        Math.min(this.#options.waitMs, this.#leftMs),
        (answer) => decodePtr(answer, id),
      )
      this.#leftMs -= performance.now() - startMs
      if (name !== undefined) return name
      // The next addresses go to the server that answered.
      this.#servers = [...this.#servers.filter((other) => other !== server), server]
    }
    return undefined
  }
}
