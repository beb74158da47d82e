/** What a process is, from all that is known of it: what the kernel told, what /proc shows, whose child it is. */
import type { ProcessParts } from '../events/identity'
import { ownerOfPaths } from './cgroup'
import { argumentsOf } from './command/words'
import { type Described, describe, type Sight } from './describe'
import { readProcess, startTicksOfPid } from './proc'
import type { Process, ProcessTable } from './process-table'

/** Workers of workers: nobody has more. */
const MAX_GENERATIONS = 4
/** A look at a parent is good for so long. */
const FORGET_MS = 5000

function toldSight(process: Process, parts: ProcessParts): Sight {
  return {
    comm: process.comm,
    args: argumentsOf(parts.args),
    exe: parts.exe,
    owner: ownerOfPaths(parts.cgroups),
    parentPid: process.parentPid,
  }
}

export class Sightings<P extends Process> {
  readonly #table: ProcessTable<P>
  /** All forks of a program share its parts. */
  readonly #told = new WeakMap<ProcessParts, Described>()

  readonly #looks = new WeakMap<P, { readonly seen: Described | undefined; readonly atMs: number }>()

  constructor(table: ProcessTable<P>) {
    this.#table = table
  }

  /** What the kernel told, without a look into /proc when that is enough; what is left to say of one that is gone is its comm. */
  first(process: P): Described {
    return (
      this.#toldOf(process) ??
      this.look(process) ??
      this.#ofParent(process) ??
      describe({ comm: process.comm, args: [], exe: '', owner: ownerOfPaths([]), parentPid: 0 })
    )
  }

  /** What /proc shows by now: a program may have written itself a title. Undefined when it is gone. */
  look(process: P): Described | undefined {
    const seen = readProcess(process.pid, process.startTicks)
    if (!seen) return undefined
    if (process.parentPid === 0 && seen.parentPid !== 0) {
      process.parentPid = seen.parentPid
      process.parentStartTicks = Math.max(0, startTicksOfPid(seen.parentPid))
    }
    // It ends: its memory is gone, and all that is left to see is its name.
    if (seen.args.length === 0 && seen.exe === '') return undefined
    const described = describe(seen)
    return described.isWorker ? { ...described, name: this.#nameOfMaster(process, described) } : described
  }

  #toldOf(process: Process): Described | undefined {
    const { parts, comm, cgroups } = process
    if (!parts) return undefined
    let told = this.#told.get(parts)
    if (!told) {
      told = describe(toldSight(process, parts))
      this.#told.set(parts, told)
    }
    return { ...told, comm, ...(cgroups && ownerOfPaths(cgroups)) }
  }

  /** Of a server that is older than Nixie and forks for each request, each child asks. */
  #ofParent({ parentPid, parentStartTicks, comm }: Process): Described | undefined {
    if (parentPid === 0) return undefined
    const nowMs = Date.now()
    const parent =
      this.#table.find(parentPid, parentStartTicks) ??
      this.#table.add(parentPid, parentStartTicks, comm, nowMs)
    const known = this.#looks.get(parent)
    if (known && Math.abs(nowMs - known.atMs) < FORGET_MS) return known.seen && { ...known.seen, comm }
    const seen = this.look(parent)
    this.#looks.set(parent, { seen, atMs: nowMs })
    return seen && { ...seen, comm }
  }

  /** A title such as `nginx: worker process` says less than the command did: the process's own, or its master's. */
  #nameOfMaster(process: Process, worker: Described, generation = 0): string {
    const told = this.#toldOf(process)
    if (told && !told.isWorker) return told.name
    const { parentPid, parentStartTicks } = process
    const seen = parentPid === 0 ? undefined : readProcess(parentPid, parentStartTicks)
    const parent = seen && describe(seen)
    if (!parent || parent.exe !== worker.exe || parent.comm !== worker.comm) return worker.name
    const known = this.#table.find(parentPid, parentStartTicks)
    if (!parent.isWorker || !known || generation >= MAX_GENERATIONS) return parent.name
    return this.#nameOfMaster(known, parent, generation + 1)
  }
}
