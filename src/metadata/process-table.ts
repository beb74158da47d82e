/** Every process that the kernel told of, so that one is known before, and after, anyone can look into /proc. */
import {
  PROCESS_EXEC,
  PROCESS_EXIT,
  PROCESS_FORK,
  type ProcessEvent,
  type ProcessParts,
} from '../events/identity'

/** What is known of a process by itself: no more than the kernel tells, and as bytes. */
export interface Process {
  readonly pid: number
  readonly startTicks: number
  /** 0 when unknown. */
  parentPid: number
  parentStartTicks: number
  comm: string
  /** Of its last exec, or its parent's; undefined for one that is older than Nixie. */
  parts: ProcessParts | undefined
  /** Its own cgroups where they aren't those of `parts`. */
  cgroups: readonly string[] | undefined
  /** Epoch milliseconds of what was last heard of it, and of its end; 0 while it lives. */
  heardMs: number
  endedMs: number
  /** Bytes of what is kept of it beside this. */
  otherBytes: number
}

/** What each costs beside its parts. */
const RECORD_BYTES = 300
/** Some 30,000 processes, half of them in rows. */
const MAX_BYTES = 32 << 20
/** Rows of an ended one may still come, from a ring that was not drained for long. */
const KEPT_MS = 60_000

export class ProcessTable<P extends Process> {
  readonly #byPid = new Map<number, P>()
  readonly #make: (process: Process) => P
  readonly #isWanted: (process: P) => boolean
  #bytes = 0

  /** `isWanted`: whether a living process stays although nothing was heard of it for long. */
  constructor(make: (process: Process) => P, isWanted: (process: P) => boolean) {
    this.#make = make
    this.#isWanted = isWanted
  }

  get size(): number {
    return this.#byPid.size
  }

  /** Bytes that they take, about. */
  get bytes(): number {
    return this.#bytes
  }

  values(): MapIterator<P> {
    return this.#byPid.values()
  }

  find(pid: number, startTicks: number): P | undefined {
    const process = this.#byPid.get(pid)
    return process?.startTicks === startTicks ? process : undefined
  }

  add(pid: number, startTicks: number, comm: string, nowMs: number): P {
    const process = this.#make({
      pid,
      startTicks,
      comm,
      parentPid: 0,
      parentStartTicks: 0,
      parts: undefined,
      cgroups: undefined,
      heardMs: nowMs,
      endedMs: 0,
      otherBytes: 0,
    })
    const before = this.#byPid.get(pid)
    if (before) this.#forget(before)
    this.#byPid.set(pid, process)
    this.#bytes += sizeOf(process)
    if (this.#bytes > MAX_BYTES) this.#makeRoom()
    return process
  }

  /** Says how much is kept of a process beside what is here. */
  weigh(process: P, otherBytes: number): void {
    if (this.#byPid.get(process.pid) !== process) return
    this.#bytes += otherBytes - process.otherBytes
    process.otherBytes = otherBytes
    if (this.#bytes > MAX_BYTES) this.#makeRoom()
  }

  /** Takes what the kernel tells; returns whom it is about when there is something new to be said of it. */
  take(event: ProcessEvent, nowMs: number): P | undefined {
    const known = this.find(event.pid, event.startTicks)
    if (event.kind === PROCESS_EXIT) {
      if (known) known.heardMs = known.endedMs = nowMs
      return undefined
    }
    const process = known ?? this.add(event.pid, event.startTicks, event.comm, nowMs)
    this.#bytes -= sizeOf(process)
    process.comm = event.comm
    process.heardMs = nowMs
    if (event.kind === PROCESS_EXEC || event.kind === PROCESS_FORK) {
      process.parentPid = event.parentPid
      process.parentStartTicks = event.parentStartTicks
      if (event.kind === PROCESS_EXEC) becomes(process, event.parts())
      else resembles(process, this.find(event.parentPid, event.parentStartTicks), event.parts())
    }
    this.#bytes += sizeOf(process)
    return process
  }

  /** Forgets those that are gone, and those that nobody asked for and nothing was heard of. */
  sweep(nowMs: number): void {
    for (const process of this.#byPid.values()) {
      const isGone = process.endedMs !== 0 && nowMs - process.endedMs >= KEPT_MS
      if (isGone || (!this.#isWanted(process) && nowMs - process.heardMs >= KEPT_MS)) this.#forget(process)
    }
  }

  #forget(process: P): void {
    if (this.#byPid.get(process.pid) === process) this.#byPid.delete(process.pid)
    this.#bytes -= sizeOf(process)
  }

  /** The oldest first: ended ones, then those that nobody asked for, then any. A tenth at once, as each look costs. */
  #makeRoom(): void {
    const room = MAX_BYTES * 0.9
    const passes = [
      (process: P) => process.endedMs !== 0,
      (process: P) => !this.#isWanted(process),
      () => true,
    ]
    for (const may of passes) {
      for (const process of this.#byPid.values()) {
        if (this.#bytes <= room) return
        if (may(process)) this.#forget(process)
      }
    }
  }
}

const sizeOf = ({ parts, cgroups, otherBytes }: Process): number =>
  RECORD_BYTES + otherBytes + (parts?.byteLength ?? 0) + (cgroups ? 300 : 0)

function becomes(process: Process, parts: ProcessParts | undefined): void {
  process.parts = parts
  process.cgroups = undefined
}

function resembles(process: Process, parent: Process | undefined, own: ProcessParts | undefined): void {
  process.parts = parent?.parts
  process.cgroups = own ? own.cgroups : parent?.cgroups
}
