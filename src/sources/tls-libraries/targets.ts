/** The files with functions of TLS libraries: each is attached once, as long as a process uses it. */
import { messageOf } from '../../errors'
import type { ProbeStatus } from '../../kernel/kernel'
import { readClocks } from '../../kernel/libc'
import type { Attachment } from '../../kernel/object'
import { attached, failed } from '../../kernel/probe'
import type { Inspected } from './inspect'
import type { MappedFile } from './mapped'
import { type Hits, SOURCE_NAME, TLS, type TlsProbe } from './probe'

/** Processes of a file that are remembered: one that lives is enough. */
const MAX_USERS = 8

export interface Target {
  readonly number: number
  readonly key: string
  /** As its first process saw it. */
  readonly path: string
  readonly attachments: readonly Attachment[]
  readonly status: ProbeStatus
  /** Processes that run it, the newest last. */
  readonly users: Set<number>
  /** When a process last mapped it, by the capture clock. */
  usedNs: number
}

const PURPOSE = 'Data within TLS of the programs that use this file'

export class Targets {
  readonly #probe: TlsProbe
  readonly #targets = new Map<string, Target>()
  readonly #free: number[] = Array.from({ length: TLS.TARGETS }, (_, i) => TLS.TARGETS - 1 - i)

  constructor(probe: TlsProbe) {
    this.#probe = probe
  }

  get statuses(): ProbeStatus[] {
    return [...this.#targets.values()].map(({ status }) => status)
  }

  values(): Iterable<Target> {
    return this.#targets.values()
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
    target.users.delete(pid)
    target.users.add(pid)
    if (target.users.size > MAX_USERS) target.users.delete(target.users.values().next().value!)
    return true
  }

  add(file: MappedFile, { path, places }: Inspected, nowNs: number): void {
    const name = file.path
    const probe = { source: SOURCE_NAME, name, purpose: PURPOSE, required: false }
    const number = this.#free.pop()
    let status = failed(
      probe,
      `${TLS.TARGETS} files are attached already`,
      'Its programs’ TLS is counted only.',
    )
    let attachments: readonly Attachment[] = []
    if (number !== undefined) {
      const { attached: links, refused } = this.#probe.attach(number, path, places)
      attachments = links
      const error = refused.length === 0 ? undefined : messageOf(refused[0])
      if (links.length > 0) this.#probe.since(number, readClocks().monotonicNs)
      status = error === undefined ? attached(probe) : { ...failed(probe, error), attached: links.length > 0 }
    }
    const users = new Set([file.pid])
    this.#targets.set(file.key, {
      number: number ?? -1,
      key: file.key,
      path: name,
      attachments,
      status,
      users,
      usedNs: nowNs,
    })
  }

  remove(target: Target): void {
    for (const attachment of target.attachments) attachment.detach()
    this.#targets.delete(target.key)
    if (target.number >= 0) this.#free.push(target.number)
    if (this.#targets.size === 0) this.#probe.rest()
  }

  get size(): number {
    return this.#targets.size
  }
}
