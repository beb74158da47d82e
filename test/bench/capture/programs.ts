/** Runs and run times of a process's BPF programs, which the kernel counts while it is asked to. */
import { dlopen, ptr } from 'bun:ffi'
import { execFileSync } from 'node:child_process'
import { closeSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from '../../support/scope'

const libc = dlopen('libc.so.6', {
  syscall: { args: ['i64', 'i32', 'ptr', 'u32'], returns: 'i64' },
}).symbols
const SYS_BPF = process.arch === 'arm64' ? 280 : 321
const BPF_ENABLE_STATS = 32

/**
 * Has the kernel count runs and their time (Linux ≥ 5.8), as `kernel.bpf_stats_enabled` does, but for as long as this process
 * holds the descriptor: nothing is left on, however it ends.
 */
export function countRuns(scope: Scope): void {
  const type = new Uint32Array([0])
  const fd = Number(libc.syscall(SYS_BPF, BPF_ENABLE_STATS, ptr(type), type.byteLength))
  if (fd < 0) throw new Error('the kernel counts no runs of programs: it takes root, and Linux ≥ 5.8')
  scope.defer(() => closeSync(fd))
}

/** Of one program, since it was loaded. */
export interface Runs {
  readonly count: number
  readonly ns: number
  /** Runs that the kernel left out, as one was under way on this CPU. */
  readonly missed: number
}

/** By the program's id, of the programs that the process holds open. */
export function runsOf(pid: number): Map<number, Runs> {
  const found = new Map<number, Runs>()
  const dir = `/proc/${pid}/fdinfo`
  for (const fd of readdirSync(dir)) {
    const said = readFileSync(join(dir, fd), 'utf8')
    const number = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(said)?.[1] ?? Number.NaN)
    const [id, count] = [number('prog_id'), number('run_cnt')]
    // A link has an id, but no counts.
    if (id > 0 && count >= 0)
      found.set(id, { count, ns: number('run_time_ns'), missed: number('recursion_misses') || 0 })
  }
  if (found.size === 0) throw new Error(`process ${pid} holds no program open`)
  return found
}

/** The runs between two looks. */
export function runsBetween(
  before: ReadonlyMap<number, Runs>,
  after: ReadonlyMap<number, Runs>,
): Map<number, Runs> {
  return new Map(
    [...after].map(([id, { count, ns, missed }]) => {
      const was = before.get(id) ?? { count: 0, ns: 0, missed: 0 }
      return [id, { count: count - was.count, ns: ns - was.ns, missed: missed - was.missed }]
    }),
  )
}

export function total(runs: Iterable<Runs>): Runs {
  const sum = { count: 0, ns: 0, missed: 0 }
  for (const { count, ns, missed } of runs) {
    sum.count += count
    sum.ns += ns
    sum.missed += missed
  }
  return sum
}

interface Shown {
  readonly id: number
  readonly name?: string
}

/** All programs in the kernel, id → name; empty without bpftool. */
export function programNames(): Map<number, string> {
  if (!Bun.which('bpftool', { PATH: `${process.env.PATH}:/usr/sbin:/sbin` })) return new Map()
  const shown = JSON.parse(
    execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8', maxBuffer: 64 << 20 }),
  ) as Shown[]
  return new Map(shown.map(({ id, name }) => [id, name ?? String(id)]))
}
