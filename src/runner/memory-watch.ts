/**
 * Compares the memory that the process really has with the limit of its control group. Accounting is an estimate,
 * garbage is collected late, and a query that takes too much would end capture too. Without a limit there is nothing to
 * watch.
 */
import { readFileSync } from 'node:fs'
import { NixieError } from '../errors'

const PAGE = 4096
/** Between two looks at what the process has. */
const LOOK_MS = 20
/**
 * Parts of the limit: from the first one on garbage is collected between two queries, from the second one on at once, and
 * beyond the third the query ends.
 */
const CLEAR_AT = 0.4
const COLLECT_AT = 0.5
const END_AT = 0.66
/** Between two collections, each of which costs some ten milliseconds. */
const COLLECT_MS = 200
/** Collected memory goes back to the kernel a little later. */
const PATIENCE_MS = 300

/** Bytes that the control group of this process, or one around it, may have; undefined when none says. */
export function memoryLimit(root = ''): number | undefined {
  const limits = controlGroups(root).flatMap((path) => numberIn(path) ?? [])
  return limits.length === 0 ? undefined : Math.min(...limits)
}

/** The files of the group's limits and of those around it: cgroup v2, and the memory controller of v1. */
function controlGroups(root: string): string[] {
  const files: string[] = []
  for (const line of textOf(`${root}/proc/self/cgroup`).split('\n')) {
    const [, controllers, path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    const isV2 = controllers === ''
    if (!isV2 && !controllers?.split(',').includes('memory')) continue
    const base = `${root}/sys/fs/cgroup${isV2 ? '' : '/memory'}`
    const name = isV2 ? 'memory.max' : 'memory.limit_in_bytes'
    const parts = path.split('/').filter((part) => part !== '' && part !== '..')
    for (let depth = parts.length; depth >= 0; depth--)
      files.push([base, ...parts.slice(0, depth), name].join('/'))
  }
  return files
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** `max`, and v1's very large number, mean that there is no limit. */
function numberIn(path: string): number | undefined {
  const value = Number.parseInt(textOf(path), 10)
  return value > 0 && value < 2 ** 50 ? value : undefined
}

/** Bytes that are the process's own: not those of files, which the kernel can drop. */
function ownBytes(): number {
  const [, resident, shared] = textOf('/proc/self/statm').split(' ')
  return (Number(resident) - Number(shared)) * PAGE
}

export interface MemoryWatchOptions {
  readonly limitBytes?: number | undefined
  readonly own?: () => number
  readonly collect?: () => void
}

export class MemoryWatch {
  readonly #limit: number | undefined
  readonly #own: () => number
  readonly #collect: () => void
  #lookedAt = Number.NEGATIVE_INFINITY
  #collectedAt = Number.NEGATIVE_INFINITY

  constructor({
    limitBytes = memoryLimit(),
    own = ownBytes,
    collect = () => Bun.gc(true),
  }: MemoryWatchOptions = {}) {
    this.#limit = limitBytes
    this.#own = own
    this.#collect = collect
  }

  /** Throws `limit_exceeded` when the process is about to have more than it may. Cheap enough to be asked often. */
  check(): void {
    if (this.#limit === undefined) return
    const now = performance.now()
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    const own = this.#own()
    if (own < this.#limit * COLLECT_AT) return
    if (now - this.#collectedAt > COLLECT_MS) {
      this.#collect()
      this.#collectedAt = performance.now()
    }
    if (own >= this.#limit * END_AT && !this.#falls(this.#limit * END_AT)) throw this.#tooMuch(this.#limit)
  }

  /** Collects after a query. The runtime collects late, so this query's garbage would add to the next one's memory. */
  clear(): void {
    if (this.#limit !== undefined && this.#own() >= this.#limit * CLEAR_AT) this.#collect()
  }

  #falls(below: number): boolean {
    const until = performance.now() + PATIENCE_MS
    while (this.#own() >= below) {
      if (performance.now() > until) return false
      Bun.sleepSync(10)
    }
    return true
  }

  #tooMuch(limit: number): NixieError {
    return new NixieError(
      'limit_exceeded',
      `Nixie has nearly all of the ${Math.round(limit / 2 ** 20)} MiB of memory that it may have`,
      'Try again in a moment, or ask for less: a shorter time range, fewer columns.',
    )
  }
}
