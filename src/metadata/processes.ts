/** The capture side: gives processes their upids and remembers, for the store, who they were. */
import { type Listening, PROCESS_RENAME, type ProcessEvent } from '../events/identity'
import type { Entity, ProcessInfo } from '../records/entities'
import { agentId } from './agent-id'
import { ContainerNames } from './container-names'
import type { Described } from './describe'
import { nameOf } from './names'
import { sharedNames, tellApart } from './ports'
import { readProcess, startTicksOfPid } from './proc'
import { type Process, ProcessTable } from './process-table'
import { Sightings } from './sightings'

/** A living process is written again this often, so that it outlasts its records, and looked at again: titles change. */
const REFRESH_MS = 60_000
/** After its start, and after each change, a program has so long to write itself a title. */
const SETTLE_MS = 1000
/** Looks into /proc in a second, of some 0.1 ms each; the others wait for the next one. */
const MAX_LOOKS = 100
/** Names that are shared are looked into at most so often. */
const TELL_APART_MS = 5000

/** Of a process that a row names. */
interface Met {
  info: ProcessInfo
  /** The program's name, and the port that tells it from another one of that name; 0 for none. Once told, it stays. */
  program: string
  port: number
  readonly firstSeenMs: number
  usedMs: number
  writtenMs: number
  /** When to look into /proc again. */
  lookMs: number
  /** The store has yet to hear of what changed. */
  isFresh: boolean
}

/** What a `Met` takes beside its command line. */
const MET_BYTES = 800

type Known = Process & { readonly upid: string; met: Met | undefined }

export class Processes {
  readonly #table = new ProcessTable<Known>(
    (process) => ({ ...process, upid: this.#upid(process.pid, process.startTicks), met: undefined }),
    ({ met }) => met !== undefined,
  )
  readonly #sightings = new Sightings(this.#table)
  readonly #containers = new ContainerNames()
  readonly #host: string
  readonly #asid: number
  /** There are names that were not compared with the others yet. */
  #hasNewNames = false
  #toldApartMs = 0

  /** `nodeName`: what this machine is called. */
  constructor(nodeName: string, asid = agentId(nodeName)) {
    this.#host = nodeName
    this.#asid = asid
  }

  /** '' for a process that isn't known. */
  readonly #upid = (pid: number, startTicks: number): string =>
    pid === 0 || startTicks === 0 ? '' : `${this.#asid}:${pid}:${startTicks}`

  /** How many processes are known, and the bytes that they take, about. */
  get size(): { readonly processes: number; readonly bytes: number } {
    return { processes: this.#table.size, bytes: this.#table.bytes }
  }

  /** What the kernel tells of a process; it may come before or after the first call of `upidOf` for it. */
  take(event: ProcessEvent): void {
    const nowMs = Date.now()
    const process = this.#table.take(event, nowMs)
    if (!process?.met) return
    const { met } = process
    const lookMs = nowMs + SETTLE_MS
    met.isFresh = true
    if (event.kind === PROCESS_RENAME) {
      met.info = { ...met.info, comm: process.comm }
      // One that renames itself all the time is still looked at.
      met.lookMs = Math.min(met.lookMs, lookMs)
    } else {
      this.#become(met, this.#infoOf(process, this.#sightings.first(process)))
      met.lookMs = lookMs
    }
  }

  /**
   * `asid:pid:start_ticks`. `comm`: its command name, which is all that is left to say of one that is gone and that the
   * kernel did not tell of.
   */
  upidOf(pid: number, startTicks: number, comm = ''): string {
    const nowMs = Date.now()
    const process = this.#table.find(pid, startTicks) ?? this.#table.add(pid, startTicks, comm, nowMs)
    if (process.met) process.met.usedMs = nowMs
    else process.met = this.#meet(process, nowMs)
    return process.upid
  }

  /** The uid of the pod that a process is in; '' outside of pods. */
  podUidOf(pid: number, startTicks = startTicksOfPid(pid)): string {
    const met = this.#table.find(pid, startTicks)?.met
    return met ? met.info.podUid : (readProcess(pid, startTicks)?.owner.podUid ?? '')
  }

  /** Pod, or container outside of Kubernetes, as `pod_id` names it → one of its processes. */
  pods(): Map<string, number> {
    const pods = new Map<string, number>()
    for (const { pid, met, endedMs } of this.#table.values()) {
      if (!met || endedMs !== 0) continue
      const { podUid, containerId } = met.info
      if (podUid) pods.set(podUid, pid)
      else if (containerId) pods.set(nameOf(met.info), pid)
    }
    return pods
  }

  /** The machine's name, and whether any process is in a Kubernetes pod. */
  get host(): { readonly name: string; readonly kubernetes: boolean } {
    const kubernetes = this.#table.values().some(({ met }) => Boolean(met?.info.podUid))
    return { name: this.#host, kubernetes }
  }

  /** Nixie's own upid. */
  self(): string {
    return this.upidOf(process.pid, startTicksOfPid(process.pid))
  }

  #meet(process: Known, nowMs: number): Met {
    this.#hasNewNames = true
    const info = this.#infoOf(process, this.#sightings.first(process))
    return {
      info,
      program: info.name,
      port: 0,
      firstSeenMs: nowMs,
      usedMs: nowMs,
      writtenMs: nowMs,
      lookMs: nowMs + SETTLE_MS,
      isFresh: true,
    }
  }

  #infoOf(process: Known, { isWorker: _, ...described }: Described): ProcessInfo {
    this.#table.weigh(process, MET_BYTES + described.cmdline.length)
    return {
      upid: process.upid,
      pid: process.pid,
      parent: this.#upid(process.parentPid, process.parentStartTicks),
      host: this.#host,
      ...described,
      containerName: this.#containers.of(described.containerId, described.runtime),
    }
  }

  /** What the store should know by now: new processes, changed ones, and those in use that it has not heard of for a while. */
  takeChanges(nowMs: number): Entity<'process'>[] {
    const changes: Entity<'process'>[] = []
    let looks = 0
    for (const process of this.#table.values()) {
      const { met } = process
      if (!met) continue
      if (nowMs >= met.lookMs && process.endedMs === 0 && looks < MAX_LOOKS) {
        looks++
        this.#lookAgain(process, met, nowMs)
      }
      const isOld = nowMs - met.writtenMs >= REFRESH_MS
      if (isOld && !met.isFresh && met.usedMs <= met.writtenMs) this.#leave(process)
      else if (isOld || met.isFresh) changes.push(entityOf(process.upid, met, nowMs))
    }
    this.#table.sweep(nowMs)
    return changes
  }

  #leave(process: Known): void {
    process.met = undefined
    this.#table.weigh(process, 0)
  }

  #lookAgain(process: Known, met: Met, nowMs: number): void {
    met.lookMs = nowMs + REFRESH_MS
    // By now it listens where it is going to.
    this.#hasNewNames = true
    const seen = this.#sightings.look(process)
    if (!seen) return
    const before = met.info
    this.#become(met, this.#infoOf(process, seen))
    met.isFresh ||= !Bun.deepEquals(before, met.info)
  }

  #become(met: Met, info: ProcessInfo): void {
    if (info.name !== met.program) {
      met.port = 0
      this.#hasNewNames = true
    }
    met.program = info.name
    met.info = { ...info, name: nameWith(info.name, met.port) }
  }

  /**
   * Programs of one name that are on their own (no container or unit names them) are told apart by the ports that they listen
   * on. `listening` is asked only when there are such.
   */
  tellApart(listening: () => readonly Listening[], nowMs: number): void {
    if (!this.#hasNewNames || Math.abs(nowMs - this.#toldApartMs) < TELL_APART_MS) return
    this.#hasNewNames = false
    this.#toldApartMs = nowMs
    const alone = [...this.#table.values()].flatMap(({ met, endedMs }) =>
      met && endedMs === 0 && !met.info.containerId && !met.info.podUid && !met.info.unit
        ? [{ upid: met.info.upid, parent: met.info.parent, name: met.program, met }]
        : [],
    )
    const shared = sharedNames(alone)
    if (shared.length === 0) return
    for (const [{ met }, port] of tellApart(shared, listening(), this.#upid)) {
      if (met.port !== 0) continue
      met.port = port
      met.info = { ...met.info, name: nameWith(met.program, port) }
      met.isFresh = true
    }
  }
}

const nameWith = (program: string, port: number): string => (port === 0 ? program : `${program} :${port}`)

function entityOf(upid: string, met: Met, nowMs: number): Entity<'process'> {
  met.isFresh = false
  met.writtenMs = nowMs
  return {
    kind: 'process',
    key: upid,
    value: met.info,
    firstSeenMs: met.firstSeenMs,
    lastSeenMs: nowMs,
  }
}
