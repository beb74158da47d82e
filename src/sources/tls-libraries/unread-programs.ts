/** Programs whose TLS isn't read, each with the reason, as rows of `probe_status`. */
import type { ProbeStatus } from '../../kernel/kernel'
import { failed } from '../../kernel/probe'
import { ROLE_SERVER } from '../../records/types'
import type { UnreadProcess, UnreadTls } from '../../streams/unread-tls'
import { type MappedFile, nameOf } from './mapped'
import { SOURCE_NAME } from './probe'
import { filesOf, type Why, whyUnread } from './why-unread'

/** Programs that are told at most. */
const MAX_TOLD = 32
/** Work of one look. */
const WORK_NS = 2e6

/** What is known of how processes are read. */
export interface Reading {
  /** Why nothing is read of any process. */
  readonly refused: string | undefined
  isLeftOut(pid: number): boolean
  /** The calls of a file's functions that were seen; undefined: it isn't probed. */
  callsOf(file: MappedFile): number | undefined
  /** Why a file with such functions isn't probed; undefined: it is, or has none. */
  refusalOf(file: MappedFile): string | undefined
}

interface Looking {
  readonly upid: string
  readonly steps: Generator<void, ProbeStatus | undefined>
}

export class UnreadPrograms {
  readonly #unread: UnreadTls
  readonly #reading: Reading
  /** By upid; undefined: nothing can be said of it. */
  readonly #told = new Map<string, ProbeStatus | undefined>()
  #looking: Looking | undefined

  constructor(unread: UnreadTls, reading: Reading) {
    this.#unread = unread
    this.#reading = reading
  }

  /** Programs with the same name and reason are one. */
  get statuses(): ProbeStatus[] {
    const found = new Map<string, ProbeStatus>()
    for (const status of this.#told.values())
      if (status && found.size < MAX_TOLD && !found.has(`${status.name}\n${status.error}`))
        found.set(`${status.name}\n${status.error}`, status)
    return [...found.values()]
  }

  /** A program is still to be looked at: `work` goes on with that. */
  get isLooking(): boolean {
    return this.#looking !== undefined
  }

  /** Finds programs that are new, and forgets those that are read by now; true when the statuses have changed. */
  tick(nowNs: number): boolean {
    const unread = this.#unread.list(nowNs)
    let hasChanged = false
    for (const [upid, status] of this.#told) {
      if (unread.has(upid)) continue
      this.#told.delete(upid)
      hasChanged ||= status !== undefined
    }
    if (this.#looking) return hasChanged
    for (const [upid, process] of unread)
      if (!this.#told.has(upid)) {
        this.#looking = { upid, steps: this.#statusOf(process) }
        break
      }
    return hasChanged
  }

  /** Looks for some milliseconds at a program; true when the statuses have changed. */
  work(): boolean {
    const deadline = Bun.nanoseconds() + WORK_NS
    while (this.#looking && Bun.nanoseconds() < deadline) {
      const { upid, steps } = this.#looking
      const step = steps.next()
      if (!step.done) continue
      this.#looking = undefined
      this.#told.set(upid, step.value)
      return step.value !== undefined
    }
    return false
  }

  *#statusOf({ pid, role, port }: UnreadProcess): Generator<void, ProbeStatus | undefined> {
    const program = nameOf(pid)
    const files = filesOf(pid)
    if (program === '' || files.length === 0) return undefined
    const { library, reason, hint } = yield* this.#whyOf(pid, files)
    const does = role === ROLE_SERVER ? `a server on port ${port}` : `a client of port ${port}`
    const purpose = `Data within TLS of this program${library && ` (${library})`}, such as process ${pid}, ${does}`
    const name = `TLS of ${program}`
    return failed({ source: SOURCE_NAME, name, purpose, required: false, unread: true }, reason, hint)
  }

  *#whyOf(pid: number, files: readonly MappedFile[]): Generator<void, Why> {
    const { refused } = this.#reading
    if (refused !== undefined)
      return { library: '', reason: refused, hint: 'The probes of tls_tracer say why.' }
    if (this.#reading.isLeftOut(pid)) return { library: '', reason: 'It is left out by --tls', hint: '' }
    const probed = files.find((file) => this.#reading.callsOf(file) !== undefined)
    const refusal = files.map((file) => this.#reading.refusalOf(file)).find((text) => text !== undefined)
    const why = yield* whyUnread(pid, files)
    if (refusal !== undefined) return { ...why, reason: refusal }
    const isWithin = why.isProbed && probed === files[0]
    if (!probed || (why.library !== '' && !isWithin)) return why
    const path = probed.path
    if (this.#reading.callsOf(probed) === 0)
      return {
        library: path,
        reason: `${path} is probed, but no call of its functions was seen`,
        hint: 'Restart the program. If that doesn’t help, its file may lie on a file system whose probes this kernel loses.',
      }
    return {
      library: path,
      reason: `Calls of ${path} are seen, but none that belongs to these connections`,
      hint: 'Connections older than Nixie are read from their next write on; else the program uses another library.',
    }
  }
}
