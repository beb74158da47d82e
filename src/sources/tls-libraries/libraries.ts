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
import { type Target, Targets } from './targets'
import { UnreadPrograms } from './unread-programs'

/** How often new mappings are taken, and how much work one look may do. */
const LOOK_NS = 100e6
const WORK_NS = 3e6
/** Files of which it is known that they have no such functions; after so long it is looked whether they are the same: inodes are used again. */
const MAX_KNOWN = 8192
const KNOWN_NS = 5e9
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
  readonly atNs: number
}

export class Libraries implements OpenSource {
  readonly #context: SourceContext
  readonly #programs: readonly ProbeStatus[]
  readonly #leftOut: LeftOut
  readonly #targets: Targets | undefined
  readonly #probe: TlsProbe | undefined
  readonly #unread: UnreadPrograms
  #mappings: FileMappings | undefined
  #mappingStatus: ProbeStatus | undefined
  /** Files to be looked into, by key. */
  readonly #waiting = new Map<string, MappedFile>()
  readonly #known = new Map<string, Known>()
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
  ) {
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
      this.#mappings = new FileMappings()
    } catch (cause) {
      const name = 'mappings'
      const purpose = 'Files that processes begin to run; without it they are found some seconds later'
      this.#mappingStatus = failed({ source: SOURCE_NAME, name, purpose, required: false }, messageOf(cause))
    }
    this.#toScan = processIds()
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
    const unread = [...this.#known].flatMap(([key, { why }]) =>
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
      for (const record of this.#mappings?.take() ?? []) {
        if (record === 'lost') this.#scan(nowNs)
        const file = mappedIn(record)
        if (file) this.#meet(file, nowNs)
      }
      this.#targets.look()
    }
    if (this.isWaiting) this.#work(nowNs)
    return 0
  }

  #scan(nowNs: number): void {
    this.#scannedNs = nowNs
    if (this.#toScan.length === 0) this.#toScan = processIds()
  }

  #meet(file: MappedFile, nowNs: number): void {
    this.#found?.add(file.key)
    if (file.pid === process.pid || this.#isLeftOut(file.pid) || this.#targets!.use(file, nowNs)) return
    const known = this.#known.get(file.key)
    if (known && Math.abs(nowNs - known.atNs) < KNOWN_NS) return
    if (this.#waiting.size < MAX_WAITING || this.#waiting.has(file.key)) this.#waiting.set(file.key, file)
  }

  #isLeftOut(pid: number): boolean {
    const { names } = this.#leftOut
    return (names.length > 0 && names.includes(nameOf(pid))) || this.#leftOut.hasPodOf(pid)
  }

  #work(nowNs: number): void {
    const deadline = Bun.nanoseconds() + WORK_NS
    do {
      const pid = this.#toScan.pop()
      if (pid !== undefined) for (const file of codeOf(pid)) this.#meet(file, nowNs)
      else if (!this.#step(nowNs)) break
    } while (Bun.nanoseconds() < deadline)
    if (this.#toScan.length === 0 && this.#found) this.#endUnused(this.#found, nowNs)
  }

  /** One step of looking into a file; false when none waits. */
  #step(nowNs: number): boolean {
    if (!this.#looking) {
      const [next] = this.#waiting
      if (!next) return false
      this.#waiting.delete(next[0])
      this.#looking = { file: next[1], steps: inspect(next[1], this.#known.get(next[0])) }
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
    if ('places' in finding) this.#targets!.add(file, finding, nowNs)
    else {
      this.#known.set(file.key, { ...finding, atNs: nowNs })
      if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    }
    if ('places' in finding || finding.why !== before?.why) this.#told()
  }

  tick(nowNs: number): void {
    if (this.#unread.tick(nowNs)) this.#told()
    if (!this.#targets) return
    if (Math.abs(nowNs - this.#settledNs) >= SETTLE_NS) {
      this.#settledNs = nowNs
      this.#targets.settle()
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
    this.#toScan = processIds()
  }

  #isUnused({ users, keys, usedNs }: Target, nowNs: number): boolean {
    if (nowNs - usedNs < LINGER_NS) return false
    for (const pid of [...users].reverse()) {
      if (codeOf(pid).some(({ key }) => keys.has(key))) return false
      users.delete(pid)
    }
    return true
  }

  #endUnused(found: ReadonlySet<string>, nowNs: number): void {
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
