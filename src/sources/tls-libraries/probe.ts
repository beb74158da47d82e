/** The programs for TLS libraries (`bpf/tls*.bpf.c`), and the table of files that they are attached to. */
import arm64 from '../../../dist/bpf/tls.arm64.bpf.o' with { type: 'file' }
import x64 from '../../../dist/bpf/tls.x64.bpf.o' with { type: 'file' }
import classicArm64 from '../../../dist/bpf/tls_classic.arm64.bpf.o' with { type: 'file' }
import classicX64 from '../../../dist/bpf/tls_classic.x64.bpf.o' with { type: 'file' }
import exitArm64 from '../../../dist/bpf/tls_exit.arm64.bpf.o' with { type: 'file' }
import exitX64 from '../../../dist/bpf/tls_exit.x64.bpf.o' with { type: 'file' }
import { countersOfAllCpus } from '../../kernel/cpu-counters'
import { possibleCpus } from '../../kernel/cpus'
import type { Kernel, Opened, ProbeStatus } from '../../kernel/kernel'
import type { MappedArray } from '../../kernel/loader'
import type { Attachment, ObjectSpec } from '../../kernel/object'
import { pidNamespace } from '../../kernel/probe'
import { CLASSIC_MAPS, IN_SOCKET_MAPS, SOCKET_MAPS } from '../socket-maps'
import type { Place } from './openssl'

export const SOURCE_NAME = 'tls_tracer'

/** Numbers of `bpf/tls.h`; a test compares them. */
export const TLS = { TARGETS: 256, TARGET_SHIFT: 8, SLOT_SHIFT: 16, FRAME_SHIFT: 40, LEFT_OUT: 8 } as const
/** Offsets in `struct tls_target`, in words. */
const SINCE = 0
const CALLS = 1
const TRANSFERS = 2
const UNLINKED = 3

const CALLS_OF = 'Data within TLS, as processes give it to their libraries'
const GO = 'Data within TLS of Go programs'
const RUST = 'Data within TLS of programs with rustls'
const PROGRAMS = {
  tls_leave: { purpose: CALLS_OF, placement: 'later', required: true },
  tls_enter: { purpose: CALLS_OF, placement: 'later', required: true },
  tls_around: { purpose: CALLS_OF, placement: 'later' },
  tls_forget: { purpose: 'Ends of TLS connections', placement: 'later', required: true },
  tls_sent: { purpose: 'Which connection data within TLS belongs to', placement: 'later', required: true },
  tls_received: {
    purpose: 'Which connection data within TLS belongs to',
    placement: 'later',
    required: true,
  },
  tls_cipher: { purpose: 'TLS of programs that move the ciphertext themselves', placement: 'later' },
  tls_rust_leave: { purpose: RUST, placement: 'later' },
  tls_rust_enter: { purpose: RUST, placement: 'later' },
  tls_rust_around: { purpose: RUST, placement: 'later' },
  tls_go_leave: { purpose: GO, placement: 'later' },
  tls_go_done: { purpose: GO, placement: 'later' },
  tls_go_enter: { purpose: GO, placement: 'later' },
  tls_go_sent: { purpose: GO, placement: 'later' },
  tls_go_received: { purpose: GO, placement: 'later' },
  tls_go_gone: { purpose: 'Ends of Go programs that have TLS', placement: 'later' },
} as const
type Program = keyof typeof PROGRAMS
/** In the order in which they are attached to a file. */
const IN_FILES = [
  'tls_around',
  'tls_forget',
  'tls_cipher',
  'tls_rust_around',
  'tls_go_leave',
  'tls_go_done',
  'tls_go_enter',
] as const satisfies readonly Place['program'][]
/** Programs at both ends of a function → those that are at one end each. */
const HALVES: Partial<Record<Program, readonly Program[]>> = {
  tls_around: ['tls_leave', 'tls_enter'],
  tls_rust_around: ['tls_rust_leave', 'tls_rust_enter'],
}
const LEAVES: ReadonlySet<Program> = new Set(['tls_leave', 'tls_rust_leave'])
const GO_HOOKS = ['tls_go_gone', 'tls_go_sent', 'tls_go_received'] as const satisfies readonly Program[]

/** Beside the hooks of sockets that keep their state in the socket, the classic ones, and those at the exit of calls: one finds its maps. */
const VARIANTS = [
  { files: { x64, arm64 }, shared: [...SOCKET_MAPS, ...IN_SOCKET_MAPS] },
  { files: { x64: classicX64, arm64: classicArm64 }, shared: [...SOCKET_MAPS, ...CLASSIC_MAPS] },
  { files: { x64: exitX64, arm64: exitArm64 }, shared: SOCKET_MAPS },
] as const

export interface TlsProbeOptions {
  readonly ringBytes: number
  readonly ignorePids: readonly number[]
  /** Names of processes whose data is not told. */
  readonly leftOut?: readonly string[]
}

const MAX_IGNORED = 8
/** Of a process's name, with its NUL. */
const COMM_BYTES = 16

function specFor(
  options: TlsProbeOptions,
  { files, shared }: Required<Pick<ObjectSpec<Program>, 'files' | 'shared'>>,
): ObjectSpec<Program> {
  return {
    source: SOURCE_NAME,
    files,
    programs: PROGRAMS,
    shared,
    knobs: () => {
      const ignored = new Uint32Array(MAX_IGNORED)
      ignored.set(options.ignorePids.slice(0, MAX_IGNORED))
      const leftOut = Buffer.alloc(TLS.LEFT_OUT * COMM_BYTES)
      for (const [i, name] of (options.leftOut ?? []).slice(0, TLS.LEFT_OUT).entries())
        leftOut.write(name, i * COMM_BYTES, COMM_BYTES - 1, 'latin1')
      return {
        left_out: leftOut,
        ignored_tgids: ignored,
        pid_namespace: pidNamespace(),
        cpu_count: Uint32Array.of(possibleCpus()),
        ring_bytes: Uint32Array.of(options.ringBytes),
      }
    },
    maxEntries: {
      events: options.ringBytes,
      counters: countersOfAllCpus(),
      tls_targets: TLS.TARGETS * possibleCpus(),
    },
  }
}

/** Loads the programs beside those of the sockets, which must be open; attaches none. */
export function openTlsProbe(
  kernel: Kernel,
  options: TlsProbeOptions,
): { probes: readonly ProbeStatus[]; probe: TlsProbe | undefined } {
  let probes: readonly ProbeStatus[] = []
  for (const variant of VARIANTS) {
    const opened: Opened<Program> = kernel.open(specFor(options, variant))
    // Before Linux 6.13 two programs do what each of these does.
    const isWhole = opened.probes.some(({ name, attached }) => name === 'tls_around' && attached)
    probes = opened.probes.filter(({ name }) => !(name in HALVES) || isWhole)
    if (opened.object) return { probes, probe: new TlsProbe(opened.object, isWhole) }
  }
  return { probes, probe: undefined }
}

/** Calls of a file's functions, and those that moved data, or whose ciphertext was remembered. */
export interface Hits {
  readonly calls: number
  readonly transfers: number
}

export class TlsProbe {
  readonly #object: NonNullable<Opened<Program>['object']>
  readonly #isWhole: boolean
  readonly #targets: MappedArray
  readonly #target = new BigUint64Array(4)
  /** The hooks of sockets, while there is a file. */
  #sockets: readonly Attachment[] = []
  /** Those of Go programs, and how many of their files there are. */
  #goHooks: readonly Attachment[] = []
  #goFiles = 0

  /** @param isWhole a program that sees both ends of a function could be loaded */
  constructor(object: NonNullable<Opened<Program>['object']>, isWhole: boolean) {
    this.#object = object
    this.#isWhole = isWhole
    this.#targets = object.array('tls_targets')
  }

  /**
   * Attaches to a file; what is refused costs nothing else.
   *
   * @param target below `TLS.TARGETS`, used by no other file
   * @param fd a descriptor of the file
   */
  attach(
    target: number,
    fd: number,
    places: readonly Place[],
  ): { attached: Attachment[]; refused: unknown[] } {
    const attached: Attachment[] = []
    const refused: unknown[] = []
    try {
      if (this.#sockets.length === 0) this.#sockets = this.#attachAll(['tls_sent', 'tls_received'])
    } catch (cause) {
      return { attached, refused: [cause] }
    }
    for (const name of IN_FILES) {
      const spots = places
        .filter((place) => place.program === name)
        .map(({ kind, offset, frame = 0, slot = 0 }) => ({
          offset,
          cookie:
            kind + target * 2 ** TLS.TARGET_SHIFT + slot * 2 ** TLS.SLOT_SHIFT + frame * 2 ** TLS.FRAME_SHIFT,
        }))
      if (spots.length === 0) continue
      try {
        if (name === 'tls_go_enter') attached.push(this.#followGo())
        for (const program of this.#programsFor(name))
          attached.push(
            this.#object.attachUprobes(program, `/proc/self/fd/${fd}`, spots, LEAVES.has(program)),
          )
      } catch (cause) {
        refused.push(cause)
      }
    }
    return { attached, refused }
  }

  /** All, or none and an error. */
  #attachAll(programs: readonly Program[]): Attachment[] {
    const all: Attachment[] = []
    try {
      for (const program of programs) all.push(this.#object.attach(program))
    } catch (cause) {
      for (const attachment of all) attachment.detach()
      throw cause
    }
    return all
  }

  /** Looks at the sockets of Go programs, for as long as there is a file of one. */
  #followGo(): Attachment {
    if (this.#goFiles === 0) this.#goHooks = this.#attachAll(GO_HOOKS)
    this.#goFiles++
    let there = true
    return {
      detach: () => {
        if (!there) return
        there = false
        if (--this.#goFiles > 0) return
        for (const hook of this.#goHooks) hook.detach()
        this.#goHooks = []
      },
    }
  }

  /** Where there are two, the returns come first: a thread may be in a call whose entry is not seen. */
  #programsFor(name: Place['program']): readonly Program[] {
    return (this.#isWhole ? undefined : HALVES[name]) ?? [name]
  }

  /** The number belongs to another file from here on. */
  clear(target: number): void {
    this.#target.fill(0n)
    for (let cpu = 0; cpu < possibleCpus(); cpu++) this.#targets.set(cpu * TLS.TARGETS + target, this.#target)
  }

  /** All calls of the file's functions are seen since this time (CLOCK_MONOTONIC). */
  since(target: number, monotonicNs: bigint): void {
    this.#targets.get(target, this.#target)
    this.#target[SINCE] = monotonicNs
    this.#targets.set(target, this.#target)
  }

  hits(target: number): Hits {
    let [calls, transfers] = [0, 0]
    for (let cpu = 0; cpu < possibleCpus(); cpu++) {
      this.#targets.get(cpu * TLS.TARGETS + target, this.#target)
      calls += Number(this.#target[CALLS])
      transfers += Number(this.#target[TRANSFERS])
    }
    return { calls, transfers }
  }

  /** Calls that moved data of which it was not known to which connection it belongs. */
  unlinked(target: number): number {
    this.#targets.get(target, this.#target)
    return Number(this.#target[UNLINKED])
  }

  /** No file is left: sockets are no longer looked at. */
  rest(): void {
    for (const attachment of this.#sockets) attachment.detach()
    this.#sockets = []
  }

  close(): void {
    this.#object.close()
  }
}
