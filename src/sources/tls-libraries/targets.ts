/** The files with functions of TLS libraries: each is attached once, as long as a process uses it. */
import { closeSync } from 'node:fs'
import { messageOf } from '../../errors'
import type { ProbeStatus } from '../../kernel/kernel'
import { readClocks } from '../../kernel/libc'
import type { Attachment } from '../../kernel/object'
import { attached, failed } from '../../kernel/probe'
import { CipherProbe } from './cipher'
import type { Inspected } from './inspect'
import type { MappedFile } from './mapped'
import type { Place } from './openssl'
import { type Hits, SOURCE_NAME, TLS, type TlsProbe } from './probe'
import { type Shortage, shortageIn } from './shortage'

/** Processes of a file that are remembered: one that lives is enough. */
const MAX_USERS = 8
/** Keys of one file that are remembered: it has another one in each container whose file systems lie over it. */
const MAX_KEYS = 1024

export interface Target {
  readonly number: number
  /** What tells this file from all others. */
  readonly identity: string
  /** Under which processes have it mapped, the newest last. */
  readonly keys: Set<string>
  readonly attachments: readonly Attachment[]
  /** Of the function that hands out its ciphertext, where it has one. It has the file open. */
  readonly cipher: CipherProbe
  readonly status: ProbeStatus
  /** Processes that run it, the newest last. */
  readonly users: Set<number>
  /** When a process last mapped it, by the capture clock. */
  usedNs: number
}

const PURPOSE = 'Data within TLS of the programs that use this file'
const FULL: Shortage = {
  why: `${TLS.TARGETS} files are attached already; it is tried again within a minute`,
  hint: 'Its programs’ TLS is counted only.',
}

export class Targets {
  readonly #probe: TlsProbe
  readonly #targets = new Map<string, Target>()
  /** Each once, by its identity. */
  readonly #files = new Map<string, Target>()
  readonly #free: number[] = Array.from({ length: TLS.TARGETS }, (_, i) => TLS.TARGETS - 1 - i)
  #unlinked = 0

  constructor(probe: TlsProbe) {
    this.#probe = probe
  }

  get statuses(): ProbeStatus[] {
    return [...this.#files.values()].map(({ status }) => status)
  }

  values(): Iterable<Target> {
    return this.#files.values()
  }

  hits(target: Target): Hits {
    return this.#probe.hits(target.number)
  }

  /** Calls of a file's functions so far; undefined where none is attached. */
  callsOf({ key }: MappedFile): number | undefined {
    const target = this.#targets.get(key)
    return target && target.attachments.length > 0 ? this.hits(target).calls : undefined
  }

  /** Notes that a process uses the file; false when it isn't attached. */
  use({ key, pid }: MappedFile, nowNs: number): boolean {
    const target = this.#targets.get(key)
    if (!target) return false
    target.usedNs = nowNs
    // What a new program does is not known.
    if (!target.users.has(pid)) target.cipher.wake()
    target.users.delete(pid)
    target.users.add(pid)
    if (target.users.size > MAX_USERS) target.users.delete(target.users.values().next().value!)
    return true
  }

  /** Attaches to the file; returns what is lacking for now, and then does nothing. */
  add(file: MappedFile, { fd, places, identity }: Inspected, nowNs: number): Shortage | undefined {
    const same = this.#files.get(identity)
    if (same) {
      closeSync(fd)
      this.#name(same, file.key)
      this.use(file, nowNs)
      return undefined
    }
    const number = this.#free.pop()
    if (number === undefined) {
      closeSync(fd)
      return FULL
    }
    const probe = { source: SOURCE_NAME, name: file.path, purpose: PURPOSE, required: false }
    const { attachments, cipher, refused } = this.#attach(number, fd, places)
    const isAttached = attachments.length > 0 || !cipher.rests
    const status =
      refused === undefined ? attached(probe) : { ...failed(probe, messageOf(refused)), attached: isAttached }
    const users = new Set([file.pid])
    const keys = new Set<string>()
    const target = { number, identity, keys, attachments, cipher, status, users, usedNs: nowNs }
    const shortage = shortageIn(refused)
    if (shortage) {
      this.remove(target)
      return shortage
    }
    if (isAttached) this.#probe.since(number, readClocks().monotonicNs)
    this.#files.set(identity, target)
    this.#name(target, file.key)
    return undefined
  }

  #name(target: Target, key: string): void {
    this.#targets.set(key, target)
    target.keys.add(key)
    if (target.keys.size <= MAX_KEYS) return
    const [oldest = ''] = target.keys
    target.keys.delete(oldest)
    this.#targets.delete(oldest)
  }

  #attach(number: number, fd: number, places: readonly Place[]) {
    this.#probe.clear(number)
    const isCipher = ({ program }: Place) => program === 'tls_cipher'
    const others = places.filter((place) => !isCipher(place))
    const { attached: attachments, refused } = this.#probe.attach(number, fd, others)
    const cipher = new CipherProbe(this.#probe, number, fd, places.filter(isCipher))
    const why = cipher.wake()
    return { attachments, cipher, refused: refused[0] ?? why }
  }

  /** Each second: probes that are of no use rest, until one may be needed. */
  settle(): void {
    for (const { cipher } of this.#files.values()) cipher.settle()
  }

  /** Often: whether data without a connection came. */
  look(): void {
    let unlinked = 0
    for (const { number } of this.#files.values()) unlinked += this.#probe.unlinked(number)
    if (unlinked > this.#unlinked) for (const { cipher } of this.#files.values()) cipher.wake()
    this.#unlinked = unlinked
  }

  remove(target: Target): void {
    for (const attachment of target.attachments) attachment.detach()
    target.cipher.close()
    for (const key of target.keys) this.#targets.delete(key)
    this.#files.delete(target.identity)
    this.#free.push(target.number)
    if (this.#files.size === 0) this.#probe.rest()
  }

  close(): void {
    for (const { cipher } of this.#files.values()) cipher.close()
  }

  get size(): number {
    return this.#files.size
  }
}
