/** The identity probe (`bpf/identity.bpf.c`): tells of every exec, fork, rename and exit as it happens. */
import { release } from 'node:os'
import arm64 from '../../../dist/bpf/identity.arm64.bpf.o' with { type: 'file' }
import x64 from '../../../dist/bpf/identity.x64.bpf.o' with { type: 'file' }
import { decodeListening, type Listening, type ProcessEvent, RingProcessEvent } from '../../events/identity'
import { type CpuCounters, countersOfAllCpus } from '../../kernel/cpu-counters'
import { possibleCpus } from '../../kernel/cpus'
import type { Kernel, Opened, ProbeStatus } from '../../kernel/kernel'
import type { BpfRing } from '../../kernel/loader'
import type { ObjectSpec } from '../../kernel/object'
import { pidNamespace } from '../../kernel/probe'
import { skipsTyped } from '../../kernel/skipped-calls'

export const SOURCE_NAME = 'process_identity'

/** Constants of `bpf/identity.h`; a test compares them. */
export const IDENTITY = { IDENTITY_LOST: 0, IDENTITY_LIMITED: 1 } as const

const EXIT = 'When processes end: what was known of them is forgotten then'
const PROGRAMS = {
  process_exec: { purpose: 'Names of processes from their start on, however short they live' },
  process_fork: { purpose: 'Names of processes that are forked and run no other program' },
  process_rename: { purpose: 'Command names that processes give themselves' },
  read_listening: { purpose: 'Ports that tell programs of one name apart', placement: 'iterator' },
} as const satisfies ObjectSpec<string>['programs']
const WITH_TYPED = { ...PROGRAMS, process_exit: { purpose: EXIT } }
/** Processes that end together are what is skipped most; the classic form of the other events lacks what is read there. */
const WITH_CLASSIC = { ...PROGRAMS, process_exit_classic: { purpose: EXIT, required: true } }

/** Room for some 1,000 execs, or 9,000 other events. */
const RING_BYTES = 512 << 10
/** Events of all CPUs together in a second; a machine that builds software on all its cores has 2,000 to 10,000. */
const EVENTS_PER_SECOND = 16_000
const LEAST_PER_CPU = 1000

/** Events that one CPU sends in a second at most. */
export const eventsPerCpu = (cpus: number): number =>
  Math.max(LEAST_PER_CPU, Math.ceil(EVENTS_PER_SECOND / cpus))

const objectFor = (perCpu: number): Omit<ObjectSpec<string>, 'programs'> => ({
  source: SOURCE_NAME,
  files: { x64, arm64 },
  knobs: () => ({
    pid_namespace: pidNamespace(),
    events_per_second: Uint32Array.of(perCpu),
    ring_bytes: Uint32Array.of(RING_BYTES),
  }),
  maxEntries: { identities: RING_BYTES, counters: countersOfAllCpus() },
})

function openPrograms(kernel: Kernel, perCpu: number): Opened<string> {
  const spec = objectFor(perCpu)
  const classic = skipsTyped(release()) ? kernel.open({ ...spec, programs: WITH_CLASSIC }) : undefined
  return classic?.object ? classic : kernel.open({ ...spec, programs: WITH_TYPED })
}

/** What the kernel says about processes, as the source of rows sees it. */
export interface IdentityFeed {
  readonly probes: readonly ProbeStatus[]
  /** Whether the kernel tells what processes become. */
  readonly isTold: boolean
  /** Hands over at most `maxEvents` that wait; returns how many. The event object is reused. */
  drain(handler: (event: ProcessEvent) => void, maxEvents: number): number
  /** Who listens where on TCP. */
  listening(): Listening[]
  /** Events that found the ring full, or were more than one CPU may send, since the start. */
  lost(): number
  close(): void
}

export class IdentityProbe implements IdentityFeed {
  readonly probes: readonly ProbeStatus[]
  readonly #object: Opened<string>['object']
  readonly #ring: BpfRing | undefined
  readonly #event: RingProcessEvent | undefined
  readonly #counters: CpuCounters | undefined
  readonly #canList: boolean
  readonly isTold: boolean
  #handler: (event: RingProcessEvent) => void = () => {}

  /** Never throws: where the kernel refuses all programs, only /proc remains. */
  constructor(kernel: Kernel, perCpu?: number) {
    const { probes, object } = openPrograms(kernel, perCpu ?? eventsPerCpu(possibleCpus()))
    this.probes = probes
    this.#object = object
    const has = (program: string) => probes.some(({ name, attached }) => name === program && attached)
    this.#canList = has('read_listening')
    this.isTold = has('process_exec') && has('process_fork')
    this.#counters = object?.counters()
    this.#ring = object?.ring('identities', RING_BYTES)
    if (this.#ring) this.#event = new RingProcessEvent(this.#ring.data)
  }

  readonly #visit = (offset: number): void => this.#handler(this.#event!.at(offset))

  drain(handler: (event: RingProcessEvent) => void, maxEvents: number): number {
    this.#handler = handler
    return this.#ring?.drain(this.#visit, maxEvents) ?? 0
  }

  /** Which processes listen on which TCP ports, from a walk over all open files of the machine. */
  listening(): Listening[] {
    return this.#object && this.#canList ? decodeListening(this.#object.iterate('read_listening')) : []
  }

  lost(): number {
    const counted = (counter: number) => this.#counters?.sum(counter) ?? 0
    return counted(IDENTITY.IDENTITY_LOST) + counted(IDENTITY.IDENTITY_LIMITED)
  }

  close(): void {
    this.#object?.close()
  }
}
