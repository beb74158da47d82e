/** Finds the files of TLS libraries that processes run, and keeps probes attached to them. */

import { messageOf } from '../../errors'
import { onlineCpus } from '../../kernel/cpus'
import type { ProbeStatus } from '../../kernel/kernel'
import { FileMappings } from '../../kernel/loader'
import { failed } from '../../kernel/probe'
import type { Entity } from '../../records/entities'
import type { LeftOut } from '../left-out'
import type { OpenSource, SourceContext } from '../source'
import { type Finding, inspect, type Passed } from './inspect'
import { codeOf, type MappedFile, mappedIn, nameOf, processIds } from './mapped'
import { SOURCE_NAME, type TlsProbe } from './probe'
import { Retries, shortageIn } from './shortage'
import { type Target, Targets } from './targets'
import { UnreadPrograms } from './unread-programs'

/** How often new mappings are taken, and how much work one look may do. */
const LOOK_NS = 100e6
const WORK_NS = 3e6
/** Files of which it is known that they have no such functions; after so long it is looked whether they are the same: inodes are used again. */
const MAX_KNOWN = 8192
const KNOWN_NS = 1e9
/** Files that wait to be looked into. */
const MAX_WAITING = 4096
/** Without a record of mappings all processes are looked at this often. */
const SCAN_NS = 5e9
/** How often it is checked whether CPUs came. */
const CPUS_NS = 5e9
/** How often it is checked that a file is still used, and how long one stays attached that is not. */
const CHECK_NS = 10e9
const LINGER_NS = 30e9
const SETTLE_NS = 1e9

interface Known extends Passed {
  /** -Infinity: it was wanting, and is to be tried again. */
  readonly atNs: number
}

/** What files are found by. */
export interface Looks {
  openMappings(): Pick<FileMappings, 'take' | 'close'>
  processIds(): number[]
  codeOf(pid: number): MappedFile[] | undefined
  inspect(file: MappedFile, known?: Passed): Generator<void, Finding>
}
const LOOKS: Looks = { openMappings: () => new FileMappings(), processIds, codeOf, inspect }

export class Libraries implements OpenSource {
  readonly #context: SourceContext
  readonly #programs: readonly ProbeStatus[]
  readonly #leftOut: LeftOut
  readonly #targets: Targets | undefined
  readonly #probe: TlsProbe | undefined
  readonly #unread: UnreadPrograms
  readonly #looks: Looks
  #mappings: ReturnType<Looks['openMappings']> | undefined
  #mappingStatus: ProbeStatus | undefined
  /** Files to be looked into, by key. */
  readonly #waiting = new Map<string, MappedFile>()
  readonly #known = new Map<string, Known>()
  /** Known ones that were mapped again too soon to be looked at, by key. */
  readonly #again = new Map<string, MappedFile>()
  readonly #retries = new Retries()
  #looking: { readonly file: MappedFile; readonly steps: Generator<void, Finding> } | undefined
  /** Processes whose mappings are still to be read. */
  #toScan: number[] = []
  /** The files that they were found to use, while a scan looks for users. */
  #found: Set<string> | undefined
  #cpus = ''
  #cpusNs = Number.NEGATIVE_INFINITY
  #lookedNs = Number.NEGATIVE_INFINITY
  #scannedNs = Number.NEGATIVE_INFINITY
  #checkedNs: number
  #settledNs = Number.NEGATIVE_INFINITY
  #probes: readonly ProbeStatus[] = []

  /** @param leftOut processes for which alone no file is probed */
  constructor(
    programs: readonly ProbeStatus[],
    probe: TlsProbe | undefined,
    leftOut: LeftOut,
    context: SourceContext,
    looks = LOOKS,
  ) {
    this.#looks = looks
    this.#leftOut = leftOut
    this.#context = context
    this.#programs = programs.map((program) => ({ ...program, required: false }))
    this.#probe = probe
    this.#targets = probe && new Targets(probe)
    const targets = this.#targets
    this.#unread = new UnreadPrograms(context.unread, {
      refused: probe ? undefined : 'Nothing within TLS can be read here',
      isLeftOut: (pid) => this.#isLeftOut(pid),
      callsOf: (file) => targets?.callsOf(file),
      refusalOf: ({ key }) => this.#known.get(key)?.why,
    })
    this.#checkedNs = context.kernel.now()
    if (probe) this.#follow()
    this.#told()
  }

  get probes(): readonly ProbeStatus[] {
    return this.#probes
  }

  get isWaiting(): boolean {
    const isLooking = this.#looking !== undefined || this.#unread.isLooking
    return isLooking || this.#waiting.size > 0 || this.#toScan.length > 0
  }

  #follow(): void {
    this.#cpus = onlineCpus()
    this.#mappingStatus = undefined
    try {
      this.#mappings = this.#looks.openMappings()
    } catch (cause) {
      if (shortageIn(cause)) this.#retries.refused(this.#context.kernel.now())
      const name = 'mappings'
      const purpose = 'Files that processes begin to run; without it they are found some seconds later'
      this.#mappingStatus = failed({ source: SOURCE_NAME, name, purpose, required: false }, messageOf(cause))
    }
    this.#toScan = this.#looks.processIds()
  }

  /** The kernel ends what it tells of a CPU when that goes, and tells nothing of one that comes. */
  #followCpus(): void {
    const cpus = onlineCpus()
    if (!this.#mappings || cpus === '' || cpus === this.#cpus) return
    this.#mappings.close()
    this.#mappings = undefined
    this.#follow()
    this.#told()
  }

  #told(): void {
    const unread = [...this.#known].flatMap(([key, { why, shortage }]) =>
      why === undefined
        ? []
        : [
            failed(
              {
                source: SOURCE_NAME,
                name: key,
                purpose: 'Data within TLS of the programs that use this file',
                required: false,
              },
              why,
              shortage,
            ),
          ],
    )
    const mappings = this.#mappingStatus ? [this.#mappingStatus] : []
    this.#probes = [
      ...this.#programs,
      ...mappings,
      ...(this.#targets?.statuses ?? []),
      ...unread,
      ...this.#unread.statuses,
    ]
  }

  /** Looks for new files, and works for some milliseconds on those that it has found. */
  drain(): number {
    const nowNs = this.#context.kernel.now()
    if (this.#unread.isLooking && this.#unread.work()) this.#told()
    if (!this.#targets) return 0
    if (Math.abs(nowNs - this.#lookedNs) >= LOOK_NS) {
      this.#lookedNs = nowNs
      this.#take(nowNs)
      this.#targets.look()
    }
    if (this.isWaiting) this.#work(nowNs)
    return 0
  }

  /** Takes what processes have mapped since. */
  #take(nowNs: number): void {
    for (const record of this.#mappings?.take() ?? []) {
      if (record === 'lost') this.#scan(nowNs)
      const file = mappedIn(record)
      if (file) this.#meet(file, nowNs)
    }
  }

  #scan(nowNs: number): void {
    this.#scannedNs = nowNs
    if (this.#toScan.length === 0) this.#toScan = this.#looks.processIds()
  }

  #meet(file: MappedFile, nowNs: number): void {
    this.#found?.add(file.key)
    if (file.pid === process.pid || this.#isLeftOut(file.pid) || this.#targets!.use(file, nowNs)) return
    const known = this.#known.get(file.key)
    const isNew = known && Math.abs(nowNs - known.atNs) < KNOWN_NS
    const queue = isNew ? this.#again : this.#waiting
    if (queue.size < MAX_WAITING || queue.has(file.key)) queue.set(file.key, file)
  }

  /** Another file may have got the inode of one that was known. */
  #meetAgain(nowNs: number): void {
    for (const [key, file] of this.#again) {
      const known = this.#known.get(key)
      if (known && Math.abs(nowNs - known.atNs) < KNOWN_NS) continue
      this.#again.delete(key)
      this.#meet(file, nowNs)
    }
  }

  #isLeftOut(pid: number): boolean {
    const { names } = this.#leftOut
    return (names.length > 0 && names.includes(nameOf(pid))) || this.#leftOut.hasPodOf(pid)
  }

  #work(nowNs: number): void {
    const deadline = Bun.nanoseconds() + WORK_NS
    do {
      const pid = this.#toScan.pop()
      if (pid !== undefined) this.#lookAt(pid, nowNs)
      else if (!this.#step(nowNs)) break
    } while (Bun.nanoseconds() < deadline)
    if (this.#toScan.length === 0 && this.#found) this.#endUnused(this.#found, nowNs)
  }

  #lookAt(pid: number, nowNs: number): void {
    const files = this.#looks.codeOf(pid)
    for (const file of files ?? []) this.#meet(file, nowNs)
    if (files) return
    // Which files are unused can't be said then.
    this.#found = undefined
    this.#retries.refused(nowNs)
  }

  /** One step of looking into a file; false when none waits. */
  #step(nowNs: number): boolean {
    if (!this.#looking) {
      const [next] = this.#waiting
      if (!next) return false
      this.#waiting.delete(next[0])
      const known = this.#known.get(next[0])
      this.#looking = { file: next[1], steps: this.#looks.inspect(next[1], known) }
    }
    const { file, steps } = this.#looking
    const step = steps.next()
    if (step.done) {
      this.#looking = undefined
      this.#learn(file, step.value, nowNs)
    }
    return true
  }

  #learn(file: MappedFile, finding: Finding, nowNs: number): void {
    const before = this.#known.get(file.key)
    this.#known.delete(file.key)
    if (!('places' in finding)) this.#pass(file, finding, nowNs)
    else {
      const lack = this.#targets!.add(file, finding, nowNs)
      if (lack) this.#pass(file, { identity: undefined, why: lack.why, shortage: lack.hint }, nowNs)
    }
    if ('places' in finding || finding.why !== before?.why) this.#told()
  }

  #pass(file: MappedFile, passed: Passed, nowNs: number): void {
    if (passed.shortage !== undefined) this.#retries.refused(nowNs)
    this.#known.set(file.key, { ...passed, atNs: nowNs })
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
  }

  /** What was refused for lack of something is tried again, whichever processes use it by now. */
  #retry(nowNs: number): void {
    if (this.#retries.isDue(nowNs)) {
      for (const [key, known] of this.#known)
        if (known.shortage !== undefined) this.#known.set(key, { ...known, atNs: Number.NEGATIVE_INFINITY })
      if (!this.#mappings) this.#follow()
      this.#scan(nowNs)
      this.#told()
    } else if (!this.isWaiting && this.#retries.end()) {
      const gone = [...this.#known].filter(([, { atNs }]) => atNs === Number.NEGATIVE_INFINITY)
      for (const [key] of gone) this.#known.delete(key)
      if (gone.length > 0) this.#told()
    }
  }

  tick(nowNs: number): void {
    if (this.#unread.tick(nowNs)) this.#told()
    if (!this.#targets) return
    if (Math.abs(nowNs - this.#settledNs) >= SETTLE_NS) {
      this.#settledNs = nowNs
      this.#targets.settle()
      this.#meetAgain(nowNs)
      this.#retry(nowNs)
    }
    if (Math.abs(nowNs - this.#cpusNs) >= CPUS_NS) {
      this.#cpusNs = nowNs
      this.#followCpus()
    }
    const sinceScan = Math.abs(nowNs - this.#scannedNs)
    if (!this.#mappings && sinceScan >= SCAN_NS) this.#scan(nowNs)
    if (Math.abs(nowNs - this.#checkedNs) < CHECK_NS || this.#found) return
    this.#checkedNs = nowNs
    const lost = [...this.#targets.values()].filter((target) => this.#isUnused(target, nowNs))
    // A process may have it from its parent, without a mapping of its own: all are asked.
    if (lost.length === 0) return
    this.#found = new Set()
    this.#toScan = this.#looks.processIds()
  }

  #isUnused({ users, keys, usedNs }: Target, nowNs: number): boolean {
    if (nowNs - usedNs < LINGER_NS) return false
    for (const pid of [...users].reverse()) {
      if (this.#looks.codeOf(pid)?.some(({ key }) => keys.has(key)) ?? true) return false
      users.delete(pid)
    }
    return true
  }

  #endUnused(found: ReadonlySet<string>, nowNs: number): void {
    // A process that began after the others were listed has told its mappings, before it does anything with them.
    this.#take(nowNs)
    if (this.#toScan.length > 0) return
    this.#found = undefined
    for (const target of [...this.#targets!.values()])
      if (found.isDisjointFrom(target.keys) && nowNs - target.usedNs >= LINGER_NS)
        this.#targets!.remove(target)
    this.#told()
  }

  /** Files of pods whose namespace wasn't known were passed over. */
  learn(entities: readonly Entity[]): void {
    if (this.#leftOut.learn(entities)) this.#scan(this.#context.kernel.now())
  }

  close(): void {
    this.#mappings?.close()
    this.#targets?.close()
    this.#probe?.close()
  }
}
