/** The capture side: gives processes their upids and remembers, for the store, who they were. */
import { readFileSync } from 'node:fs'
import type { Entity } from '../store/store'
import { agentId } from './agent-id'
import type { ProcessInfo } from './metadata'
import { nameOf } from './names'
import { readProcess, startTicksOf } from './proc'

/** A living process is written again this often, so that it outlasts its records. */
const REFRESH_MS = 60_000
const MAX_PROCESSES = 65_536

interface Known {
  readonly upid: string
  readonly pid: number
  readonly startTicks: number
  entity: Entity
  usedMs: number
  writtenMs: number
  /** exec changes the name under the same upid: read again once, after the first second. */
  settled: boolean
}

export class Processes {
  readonly #known = new Map<number, Known>()
  readonly #host: string
  readonly #asid: number
  #fresh: Entity[] = []

  /** `nodeName`: what this machine is called. */
  constructor(nodeName: string, asid = agentId(nodeName)) {
    this.#host = nodeName
    this.#asid = asid
  }

  /**
   * `asid:pid:start_ticks`; the first call for a process reads /proc while it is likely still there. `comm`: its command
   * name, which is all that is left to say of one that is gone by then.
   */
  upidOf(pid: number, startTicks: number, comm = ''): string {
    const known = this.#known.get(pid)
    if (known && known.startTicks === startTicks) {
      known.usedMs = Date.now()
      return known.upid
    }
    return this.#meet(pid, startTicks, comm)
  }

  /** Pod, or container outside of Kubernetes, as `pod_id` names it → one of its processes. */
  pods(): Map<string, number> {
    const pods = new Map<string, number>()
    for (const { pid, entity } of this.#known.values()) {
      const { podUid, containerId } = entity.value as Partial<ProcessInfo>
      if (podUid) pods.set(podUid, pid)
      else if (containerId) pods.set(nameOf(entity.value), pid)
    }
    return pods
  }

  /** The machine's name, and whether any process is in a Kubernetes pod. */
  get host(): { readonly name: string; readonly kubernetes: boolean } {
    const kubernetes = this.#known.values().some(({ entity }) => Boolean(entity.value.podUid))
    return { name: this.#host, kubernetes }
  }

  /** Nixie's own upid. */
  self(): string {
    return this.upidOf(process.pid, startTicksOf(readFileSync('/proc/self/stat', 'utf8')))
  }

  #meet(pid: number, startTicks: number, comm: string): string {
    const nowMs = Date.now()
    const upid = `${this.#asid}:${pid}:${startTicks}`
    if (this.#known.size >= MAX_PROCESSES) this.#known.clear()
    const unread =
      comm === '' ? { upid, pid, host: this.#host } : { upid, pid, comm, cmdline: comm, host: this.#host }
    const entity = this.#read(upid, pid, startTicks, nowMs, unread)
    this.#known.set(pid, { upid, pid, startTicks, entity, usedMs: nowMs, writtenMs: nowMs, settled: false })
    this.#fresh.push(entity)
    return upid
  }

  /** What /proc says by now, or `before`, what was known. */
  #read(
    upid: string,
    pid: number,
    startTicks: number,
    nowMs: number,
    before: Entity['value'],
    firstSeenMs = nowMs,
  ): Entity {
    const info = readProcess(pid, startTicks, upid, this.#host)
    const value = info ?? before
    return {
      kind: 'process',
      key: upid,
      value: { ...value },
      firstSeenMs,
      lastSeenMs: nowMs,
    }
  }

  /** What the store should know by now: new processes, and those in use that it has not heard of for a while. */
  takeChanges(nowMs: number): Entity[] {
    const changes = this.#fresh
    this.#fresh = []
    for (const known of this.#known.values()) {
      const age = nowMs - known.writtenMs
      if (!known.settled && age >= 1000) {
        known.settled = true
        const { value, firstSeenMs } = known.entity
        const again = this.#read(known.upid, known.pid, known.startTicks, nowMs, value, firstSeenMs)
        if (!Bun.deepEquals(again.value, known.entity.value)) {
          known.entity = again
          changes.push(again)
        }
      } else if (age >= REFRESH_MS) {
        if (known.usedMs <= known.writtenMs) {
          this.#known.delete(known.pid)
          continue
        }
        known.entity = { ...known.entity, lastSeenMs: nowMs }
        known.writtenMs = nowMs
        changes.push(known.entity)
      }
    }
    return changes
  }
}
