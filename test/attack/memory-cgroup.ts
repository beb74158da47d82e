/** A control group of its own with a memory limit: version 2 where the machine has it for memory, else version 1. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Scope, until } from '../support/scope'

const MIB = 1 << 20

interface Files {
  readonly root: string
  readonly limit: string
  readonly peak: string
  /** Has a line `oom_kill N`. */
  readonly events: string
}

const V2: Files = {
  root: '/sys/fs/cgroup',
  limit: 'memory.max',
  peak: 'memory.peak',
  events: 'memory.events',
}
const V1: Files = {
  root: '/sys/fs/cgroup/memory',
  limit: 'memory.limit_in_bytes',
  peak: 'memory.max_usage_in_bytes',
  events: 'memory.oom_control',
}

function version(): Files {
  const controllers = join(V2.root, 'cgroup.subtree_control')
  if (existsSync(controllers)) {
    if (!readFileSync(controllers, 'utf8').includes('memory')) writeFileSync(controllers, '+memory')
    return V2
  }
  if (existsSync(join(V1.root, V1.limit))) return V1
  throw new Error(`no memory controller: neither in ${V2.root} nor ${V1.root}`)
}

export class MemoryCgroup {
  readonly #dir: string
  readonly #files: Files

  constructor(scope: Scope, bytes: number) {
    this.#files = version()
    this.#dir = join(this.#files.root, `nixie-attack-${process.pid}-${Date.now().toString(36)}`)
    mkdirSync(this.#dir)
    scope.defer(() => until('its processes have gone', () => this.#remove()))
    writeFileSync(join(this.#dir, this.#files.limit), String(bytes))
  }

  /** What a command runs under to be in it, from its first page on. */
  get under(): readonly string[] {
    return ['sh', '-c', `echo $$ >${this.#dir}/cgroup.procs && exec "$@"`, 'sh']
  }

  /** The most that it ever took, with the page cache. */
  get peakMiB(): number {
    return Number(this.#read(this.#files.peak)) / MIB
  }

  get oomKills(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.#read(this.#files.events))![1])
  }

  #read(name: string): string {
    return readFileSync(join(this.#dir, name), 'utf8')
  }

  #remove(): boolean {
    rmdirSync(this.#dir)
    return true
  }
}
