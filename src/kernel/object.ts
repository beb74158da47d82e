/** One BPF object as a source of rows uses it: declared, loaded as far as the kernel accepts it, attached. */
import { messageOf } from '../errors'
import type { ProbeStatus } from '../health/probe-status'
import { keysOf } from '../keys'
import { rootCgroup } from './cgroup'
import { CpuCounters } from './cpu-counters'
import { embedded } from './embedded'
import { BpfObject, BpfRing, MappedArray, type UprobeSpot } from './loader'
import { attached, failed, type ProbeName } from './probe'

export interface ProgramSpec {
  /** In words: what Nixie lacks without it. */
  readonly purpose: string
  /** The object is useless without it. Any other program that the kernel refuses costs only itself. */
  readonly required?: boolean
  /**
   * `section` (the default): attached where its section says. `iterator`: run once at the opening, and whenever it is asked.
   * `cgroup`: attached to the control group of all processes. `later`: only loaded; its source attaches it to places that
   * it finds, or runs it when needed.
   */
  readonly placement?: 'section' | 'iterator' | 'cgroup' | 'later'
}

export interface ObjectSpec<P extends string> {
  /** The source of rows that it belongs to. */
  readonly source: string
  /** The built object's file, by `process.arch`. */
  readonly files: Readonly<Record<string, string>>
  /** In the order in which they are attached. */
  readonly programs: Readonly<Record<P, ProgramSpec>>
  /** `const volatile` variables by name, set before loading. */
  readonly knobs?: () => Readonly<Record<string, Uint8Array | Uint32Array>>
  /** Entries of maps, or bytes of rings, where they differ from the file. */
  readonly maxEntries?: Readonly<Record<string, number>>
  /** Maps that it shares with the other open objects that name them here: the first object to open makes the map. */
  readonly shared?: readonly string[]
}

/** The part of a loaded object that is used; tests give their own. */
export type RawObject = Pick<
  BpfObject,
  | 'setKnob'
  | 'setMaxEntries'
  | 'setAutoload'
  | 'reuseMap'
  | 'load'
  | 'attach'
  | 'attachUprobe'
  | 'attachUprobes'
  | 'attachCpuClock'
  | 'attachCgroup'
  | 'detach'
  | 'iterate'
  | 'map'
  | 'missedRuns'
  | 'close'
>

/** What became of an object. */
export interface Opened<P extends string> {
  /** A status for each of its programs, in their order. */
  readonly probes: readonly ProbeStatus[]
  /** Undefined when nothing of it could be loaded, or a required program was refused. */
  readonly object: OpenObject<P> | undefined
  /** The required program that was refused. */
  readonly missing?: ProbeStatus
}

/** An attached program; `detach` may be called more than once. */
export interface Attachment {
  detach(): void
}

export interface UprobePlace {
  readonly path: string
  /** The offset in the file, not in memory. */
  readonly offset: number
  /** The process; by default every one that runs the file. */
  readonly pid?: number
  /** Attach at the function's return instead. */
  readonly atReturn?: boolean
}

const namesOf = <P extends string>(spec: ObjectSpec<P>) => keysOf(spec.programs)

function probeName<P extends string>(spec: ObjectSpec<P>, name: P): ProbeName {
  const { purpose, required = false } = spec.programs[name]
  return { source: spec.source, name, purpose, required }
}

/** An object of which nothing is loaded, for one reason. */
export function refusedObject<P extends string>(
  spec: ObjectSpec<P>,
  error: string,
  hint?: string,
): Opened<P> {
  const probes = namesOf(spec).map((name) => failed(probeName(spec, name), error, hint))
  return { probes, object: undefined }
}

export class OpenObject<P extends string> {
  readonly #raw: RawObject
  readonly #shared: readonly string[]
  readonly #among: Set<OpenObject<string>>
  readonly #opened: { close(): void }[] = []
  /** Watches these rings. */
  readonly ringMaps: number[] = []

  private constructor(raw: RawObject, shared: readonly string[], among: Set<OpenObject<string>>) {
    this.#raw = raw
    this.#shared = shared
    this.#among = among
    among.add(this)
  }

  /**
   * Loads the programs that the kernel accepts and attaches them. Never throws.
   *
   * @param among the open objects, whose maps may be shared; this one joins them until it is closed
   */
  static open<P extends string>(
    spec: ObjectSpec<P>,
    among: Set<OpenObject<string>>,
    make: (elf: Uint8Array) => RawObject = (elf) => new BpfObject(elf),
  ): Opened<P> {
    const load = (programs: readonly P[]) => loadObject(spec, programs, among, make)
    const { raw, refused } = loadWhatIsTaken(spec, load)
    const object = raw && new OpenObject<P>(raw, spec.shared ?? [], among)
    const probes = namesOf(spec).map((name): ProbeStatus => {
      const error = refused.get(name) ?? (object && place(object.#raw, spec, name))
      return error === undefined ? attached(probeName(spec, name)) : failed(probeName(spec, name), error)
    })
    const missing = probes.find((probe) => probe.required && !probe.attached)
    if (!missing) return { probes, object }
    object?.close()
    return { probes: probes.map((probe) => withoutRequired(probe, missing)), object: undefined, missing }
  }

  /** Whether other objects may use its map of this name. */
  shares(map: string): boolean {
    return this.#shared.includes(map)
  }

  /** A map's file descriptor; valid until `close`. */
  map(name: string): number {
    return this.#raw.map(name)
  }

  /** A ring buffer, read until `close`. */
  ring(map: string, bytes: number): BpfRing {
    const ring = new BpfRing(this.#raw.map(map), bytes)
    this.ringMaps.push(this.#raw.map(map))
    this.#opened.push(ring)
    return ring
  }

  /** An array in our own memory, until `close`. */
  array(map: string): MappedArray {
    const array = new MappedArray(this.#raw.map(map))
    this.#opened.push(array)
    return array
  }

  /** The counters of `bpf/lib/counters.bpf.h`. */
  counters(): CpuCounters {
    return new CpuCounters(this.array('counters'))
  }

  /** Runs an iterator to its end; its section may say that it runs over a map's values. Its output is valid until the next run. */
  iterate(program: P, map?: string): ArrayBuffer {
    return this.#raw.iterate(program, map)
  }

  /** Runs of its programs that the kernel skipped since it was opened: their events are lost. */
  missedRuns(): number {
    return this.#raw.missedRuns()
  }

  /** Attaches a program that was placed `later` where its section says. */
  attach(program: P): Attachment {
    return this.#attachment(this.#raw.attach(program))
  }

  attachUprobe(program: P, { path, offset, pid = -1, atReturn = false }: UprobePlace): Attachment {
    return this.#attachment(this.#raw.attachUprobe(program, path, offset, pid, atReturn))
  }

  /** Attaches at several places in a file, in every process that runs it: at the functions' return if `atReturn`. */
  attachUprobes(program: P, path: string, spots: readonly UprobeSpot[], atReturn = false): Attachment {
    return this.#attachment(this.#raw.attachUprobes(program, path, spots, atReturn))
  }

  /** Attaches to a clock that ticks so often on each CPU that is online now, while the CPU is busy. */
  attachCpuClock(program: P, hertz: number): Attachment {
    return this.#attachment(this.#raw.attachCpuClock(program, hertz))
  }

  #attachment(number: number): Attachment {
    let there = true
    return {
      detach: () => {
        // Attachment numbers are reused, and closing has detached everything.
        if (there && this.#among.has(this)) this.#raw.detach(number)
        there = false
      },
    }
  }

  close(): void {
    if (!this.#among.delete(this)) return
    for (const opened of this.#opened) opened.close()
    this.#raw.close()
  }
}

/** Attaches a program; returns what went wrong. */
function place<P extends string>(raw: RawObject, spec: ObjectSpec<P>, name: P): string | undefined {
  try {
    const { placement = 'section' } = spec.programs[name]
    if (placement === 'iterator') raw.iterate(name)
    if (placement === 'section') raw.attach(name)
    if (placement === 'cgroup') raw.attachCgroup(name, rootCgroup())
    return undefined
  } catch (cause) {
    return messageOf(cause)
  }
}

/** The probe of a program that loaded, in an object that is useless without another program. */
function withoutRequired(probe: ProbeStatus, missing: ProbeStatus): ProbeStatus {
  if (!probe.attached) return probe
  return failed(probe, `it is of no use without ${missing.name}`, missing.hint)
}

function loadObject<P extends string>(
  spec: ObjectSpec<P>,
  programs: readonly P[],
  among: ReadonlySet<OpenObject<string>>,
  make: (elf: Uint8Array) => RawObject,
): RawObject {
  const path = spec.files[process.arch]
  if (path === undefined) throw new Error(`there is no probe for ${process.arch}`)
  const raw = make(embedded(path))
  try {
    for (const [name, value] of Object.entries(spec.knobs?.() ?? {})) raw.setKnob(name, value)
    for (const [map, entries] of Object.entries(spec.maxEntries ?? {})) raw.setMaxEntries(map, entries)
    for (const map of spec.shared ?? []) {
      const maker = among.values().find((object) => object.shares(map))
      if (maker) raw.reuseMap(map, maker.map(map))
    }
    for (const name of namesOf(spec)) raw.setAutoload(name, programs.includes(name))
    raw.load()
    return raw
  } catch (cause) {
    raw.close()
    throw cause
  }
}

interface Loaded<P extends string> {
  readonly raw?: RawObject
  /** Program → the kernel's error. */
  readonly refused: ReadonlyMap<P, string>
}

/**
 * The kernel accepts the programs of an object together or not at all. When it refuses them, loading each one alone shows which ones it
 * refuses and why, and the others are loaded without those.
 */
function loadWhatIsTaken<P extends string>(
  spec: ObjectSpec<P>,
  load: (programs: readonly P[]) => RawObject,
): Loaded<P> {
  const names = namesOf(spec)
  const refused = new Map<P, string>()
  try {
    return { raw: load(names), refused }
  } catch (cause) {
    if (names.length === 1) return { refused: new Map([[names[0]!, messageOf(cause)]]) }
  }
  for (const name of names) {
    try {
      load([name]).close()
    } catch (cause) {
      refused.set(name, messageOf(cause))
    }
  }
  const taken = names.filter((name) => !refused.has(name))
  if (taken.length === 0 || names.some((name) => spec.programs[name].required && refused.has(name)))
    return { refused }
  try {
    return { raw: load(taken), refused }
  } catch (cause) {
    for (const name of taken) refused.set(name, messageOf(cause))
    return { refused }
  }
}
