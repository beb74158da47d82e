/** Programs of one name that have nothing to do with each other are told apart by the ports that they listen on. */
import type { Listening } from '../events/identity'

/** Bounds a chain of forks, and a circle that pids used again could make. */
const MAX_GENERATIONS = 32

export interface Named {
  readonly upid: string
  readonly parent: string
  readonly name: string
}

/** The oldest ancestor of the same name: all workers of one master are one. */
function masterOf<T extends Named>(process: T, ofName: ReadonlyMap<string, T>): T {
  let master = process
  for (let i = 0; i < MAX_GENERATIONS; i++) {
    const parent = ofName.get(master.parent)
    if (!parent || parent === master) break
    master = parent
  }
  return master
}

/** Groups of processes that share a name and have more than one master. */
export function sharedNames<T extends Named>(processes: Iterable<T>): Map<T, T[]>[] {
  const byName = new Map<string, Map<string, T>>()
  for (const process of processes) {
    const ofName = byName.get(process.name) ?? new Map<string, T>()
    byName.set(process.name, ofName.set(process.upid, process))
  }
  const shared: Map<T, T[]>[] = []
  for (const ofName of byName.values()) {
    if (ofName.size < 2) continue
    const masters = new Map<T, T[]>()
    for (const process of ofName.values()) {
      const master = masterOf(process, ofName)
      const members = masters.get(master)
      if (members) members.push(process)
      else masters.set(master, [process])
    }
    if (masters.size > 1) shared.push(masters)
  }
  return shared
}

/**
 * The port that each is to be told by; those that listen nowhere, or all on the same port, have none.
 *
 * @param upidOf as the processes' own
 */
export function tellApart<T extends Named>(
  shared: readonly ReadonlyMap<T, readonly T[]>[],
  listening: readonly Listening[],
  upidOf: (pid: number, startTicks: number) => string,
): Map<T, number> {
  const lowest = new Map<string, number>()
  for (const { pid, startTicks, port } of listening) {
    const upid = upidOf(pid, startTicks)
    lowest.set(upid, Math.min(port, lowest.get(upid) ?? port))
  }
  const told = new Map<T, number>()
  for (const masters of shared) {
    const ports = new Map<T, number>()
    for (const [master, members] of masters) {
      const port = Math.min(...members.map(({ upid }) => lowest.get(upid) ?? Number.POSITIVE_INFINITY))
      if (Number.isFinite(port)) ports.set(master, port)
    }
    if (new Set(ports.values()).size < 2) continue
    for (const [master, port] of ports) for (const member of masters.get(master)!) told.set(member, port)
  }
  return told
}
