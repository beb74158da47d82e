/** A Nixie that has one processor and 512 MiB, by its control group, and what it uses there. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Nixie } from './nixie'
import { type Scope, until } from './scope'

const MEMORY = 512 << 20
/** A second in /proc/PID/stat. */
const TICKS = 100
const GROUPS = '/sys/fs/cgroup'
const isV2 = existsSync(join(GROUPS, 'cgroup.controllers'))

/** Why there can be none here; '' when there can. */
export const noSmallMachine = (): string => {
  if (process.getuid!() !== 0) return 'needs root'
  if (!Bun.which('taskset')) return 'needs taskset'
  return isV2 || existsSync(join(GROUPS, 'memory')) ? '' : 'needs control groups'
}

export interface Used {
  readonly seconds: number
  /** Of one processor. */
  readonly processor: number
  /** The most that was resident at any look, MiB. */
  readonly residentMiB: number
  /** Given to the disk, as the kernel counts it. */
  readonly writtenBytes: number
}

export class SmallMachine {
  readonly nixie: Nixie
  readonly pid: number

  private constructor(nixie: Nixie) {
    this.nixie = nixie
    this.pid = nixie.pid
  }

  static async start(scope: Scope): Promise<SmallMachine> {
    const group = join(GROUPS, isV2 ? '' : 'memory', `nixie-small-${process.pid}`)
    mkdirSync(group)
    scope.defer(() => until('the group is empty', () => removed(group), 10_000))
    writeFileSync(join(group, isV2 ? 'memory.max' : 'memory.limit_in_bytes'), String(MEMORY))
    const enter = `echo $$ >${group}/cgroup.procs && exec taskset -c 0 "$@"`
    return new SmallMachine(await Nixie.start(scope, { under: ['sh', '-c', enter, 'sh'] }))
  }

  /** What it uses while `work` goes on. */
  async during(work: () => Promise<unknown>): Promise<Used> {
    const began = performance.now()
    const processor = this.#processorSeconds()
    const written = this.#written()
    let resident = 0
    const look = setInterval(() => {
      resident = Math.max(resident, this.#residentMiB())
    }, 500)
    try {
      await work()
    } finally {
      clearInterval(look)
    }
    const seconds = (performance.now() - began) / 1000
    return {
      seconds,
      processor: (this.#processorSeconds() - processor) / seconds,
      residentMiB: resident,
      writtenBytes: this.#written() - written,
    }
  }

  #processorSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  }

  #residentMiB(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024)
  }

  #written(): number {
    return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${this.pid}/io`, 'utf8'))?.[1])
  }
}

function removed(group: string): boolean {
  try {
    rmdirSync(group)
    return true
  } catch {
    return false
  }
}

/** Requests at a steady rate, each on a kept connection to a server of this process. @returns how many were answered */
export async function requests(perSecond: number, seconds: number): Promise<number> {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => new Response(`hello, ${new URL(request.url).pathname}`),
  })
  const began = performance.now()
  let answered = 0
  try {
    for (let asked = 0; asked < perSecond * seconds; asked++) {
      const due = began + (asked * 1000) / perSecond
      if (due > performance.now()) await Bun.sleep(due - performance.now())
      const answer = await fetch(`http://127.0.0.1:${server.port}/things/${asked % 100}?turn=${asked}`)
      await answer.text()
      answered++
    }
  } finally {
    await server.stop(true)
  }
  return answered
}
