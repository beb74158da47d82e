/** The socket probe (`bpf/socket.bpf.c`), loaded: its ring, verdicts and totals. */
import { readFileSync } from 'node:fs'
import arm64 from '../../dist/bpf/socket.arm64.bpf.o' with { type: 'file' }
import x64 from '../../dist/bpf/socket.x64.bpf.o' with { type: 'file' }
import { RingSocketEvent, TOTALS } from '../events/socket'
import type { SocketEvent, SocketTotals, Verdict } from '../events/socket-event'
import type { Clock } from './clock'
import type { KernelOptions, ProbeStatus, Uncaptured } from './kernel'
import { BpfObject, BpfRing, mapGet, mapSet, mapWalk } from './loader'
import { failed, pidNamespace, reason } from './probe'

/** Offsets in `struct connection` of `bpf/socket.h`; a test compares them with the BTF of the built object. */
export const CONNECTION = { id: 0, totals: 24, closed: 89, size: 96 } as const

/** Of `bpf/socket.h`, which a test holds them to. The bits of a verdict are those of its high word. */
export const SHARED = {
  VERDICT_SLOTS: 131_072,
  VERDICT_CAP_MAX: 0x3_ffff,
  VERDICT_CAP_SHIFT: 4,
  VERDICT_COUNT: 1 << 30,
  VERDICT_SET: 1 << 31,
  IGNORED_MAX: 8,
  COUNTER_LOST_EVENTS: 0,
  COUNTER_LOST_BYTES: 1,
  COUNTER_UNIX_CALLS: 2,
  COUNTER_UNIX_BYTES: 3,
  COUNTER_COMPAT_CALLS: 4,
  COUNTER_UNREAD_BYTES: 5,
} as const
const BATCH = 4096
const TWO_32 = 2 ** 32

/** Program → what it is for; the first one is the one that nothing works without. */
export const PROGRAMS = {
  sys_exit: 'Data that processes move over TCP and UDP',
  socket_state: 'Opening and closing of TCP connections, and which side opened them',
  find_listeners: 'Sides of connections older than Nixie',
} as const
export type ProgramName = keyof typeof PROGRAMS

/** Which programs to try together: fewer and fewer, since one that the kernel refuses spoils the whole load. */
const ATTEMPTS: readonly (readonly ProgramName[])[] = [
  ['sys_exit', 'socket_state', 'find_listeners'],
  ['sys_exit', 'socket_state'],
  ['sys_exit', 'find_listeners'],
  ['sys_exit'],
]

/** CPUs that there can ever be: `0-3` or `0,2-5` in sysfs. */
function possibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split(',')
  return Math.max(...ranges.map((range) => Number(range.split('-').at(-1)))) + 1
}

/** The object for this machine; undefined on an architecture that there is none for. */
function elf(): Uint8Array | undefined {
  const path = { x64, arm64 }[process.arch as string]
  return path === undefined ? undefined : new Uint8Array(readFileSync(path))
}

function loadObject(options: KernelOptions, programs: readonly ProgramName[], cpus: number): BpfObject {
  const bytes = elf()
  if (!bytes) throw new Error(`there is no probe for ${process.arch}`)
  const object = new BpfObject(bytes)
  try {
    const ignored = new Uint32Array(SHARED.IGNORED_MAX)
    ignored.set(options.ignorePids.slice(0, SHARED.IGNORED_MAX))
    object.setKnob('ignored_tgids', ignored)
    object.setKnob('pid_namespace', pidNamespace())
    object.setKnob('default_cap', Uint32Array.of(options.defaultCap))
    object.setKnob('cpu_count', Uint32Array.of(cpus))
    object.setMaxEntries('events', options.ringBytes)
    for (const name of Object.keys(PROGRAMS)) {
      object.setAutoload(name, programs.includes(name as ProgramName))
    }
    object.load()
    return object
  } catch (cause) {
    object.close()
    throw cause
  }
}

export class SocketProbe {
  readonly probes: readonly ProbeStatus[]
  readonly #object: BpfObject
  readonly #ring: BpfRing
  readonly #event: RingSocketEvent
  readonly #clock: Clock
  readonly #cpus: number
  readonly #maps: { connections: number; verdicts: number; counters: number }
  readonly #slot = new Uint32Array(1)
  readonly #word = new Uint32Array(2)
  readonly #keys = new Uint8Array(BATCH * 8)
  readonly #values = new Uint8Array(BATCH * CONNECTION.size)
  #handler: (event: SocketEvent) => void = () => {}

  private constructor(object: BpfObject, options: KernelOptions, clock: Clock, cpus: number) {
    this.#object = object
    this.#ring = new BpfRing(object.map('events'), options.ringBytes)
    this.#event = new RingSocketEvent(this.#ring.data, clock.base)
    this.#clock = clock
    this.#cpus = cpus
    this.#maps = {
      connections: object.map('connections'),
      verdicts: object.map('verdicts'),
      counters: object.map('counters'),
    }
    this.probes = this.#attach()
  }

  /** Loads as much as the kernel takes; the probes say what is missing when nothing could be loaded. */
  static open(options: KernelOptions, clock: Clock): SocketProbe | readonly ProbeStatus[] {
    const errors: string[] = []
    for (const programs of ATTEMPTS) {
      let object: BpfObject | undefined
      try {
        const cpus = possibleCpus()
        object = loadObject(options, programs, cpus)
        const probe = new SocketProbe(object, options, clock, cpus)
        return probe
      } catch (cause) {
        object?.close()
        errors.push(reason(cause))
        if (/EPERM/.test(reason(cause))) break
      }
    }
    return (Object.keys(PROGRAMS) as ProgramName[]).map((name) =>
      failed(name, PROGRAMS[name], errors.at(-1)!),
    )
  }

  #attach(): ProbeStatus[] {
    // State first, so that no connection opens between the two unseen; the listeners before any data.
    const order: readonly ProgramName[] = ['socket_state', 'find_listeners', 'sys_exit']
    return order.map((name) => {
      try {
        if (name === 'find_listeners') this.#object.iterate(name)
        else this.#object.attach(name)
        return { name, purpose: PROGRAMS[name], attached: true, error: '', hint: '' }
      } catch (cause) {
        return failed(name, PROGRAMS[name], reason(cause))
      }
    })
  }

  readonly #visit = (offset: number): void => this.#handler(this.#event.at(offset))

  drain(handler: (event: SocketEvent) => void, maxEvents: number): number {
    this.#event.correctionNs = this.#clock.correctionNs
    this.#handler = handler
    return this.#ring.drain(this.#visit, maxEvents)
  }

  setVerdict(connId: number, verdict: Verdict): void {
    const tag = Math.floor(connId / SHARED.VERDICT_SLOTS)
    const what =
      verdict.action === 'count'
        ? SHARED.VERDICT_COUNT
        : Math.min(verdict.cap, SHARED.VERDICT_CAP_MAX) << SHARED.VERDICT_CAP_SHIFT
    this.#slot[0] = connId % SHARED.VERDICT_SLOTS
    this.#word[0] = tag % TWO_32
    this.#word[1] = Math.floor(tag / TWO_32) | what | SHARED.VERDICT_SET
    mapSet(this.#maps.verdicts, this.#slot, this.#word)
  }

  totals(handler: (totals: SocketTotals) => void): void {
    const view = new DataView(this.#values.buffer)
    const u64 = (at: number) => view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)
    mapWalk(this.#maps.connections, this.#keys, this.#values, BATCH, (count) => {
      for (let i = 0; i < count; i++) {
        const at = i * CONNECTION.size
        // A closed one told its totals when it closed.
        if (this.#values[at + CONNECTION.closed] !== 0) continue
        handler({
          connId: u64(at + CONNECTION.id),
          bytesSent: u64(at + CONNECTION.totals + TOTALS.bytes_sent),
          bytesReceived: u64(at + CONNECTION.totals + TOTALS.bytes_received),
          lostEvents: u64(at + CONNECTION.totals + TOTALS.lost_events),
        })
      }
    })
  }

  #counter(counter: number): number {
    const values = new BigUint64Array(this.#cpus)
    if (!mapGet(this.#maps.counters, Uint32Array.of(counter), values)) return 0
    return Number(values.reduce((sum, value) => sum + value, 0n))
  }

  lost(): { events: number; bytes: number } {
    return {
      events: this.#counter(SHARED.COUNTER_LOST_EVENTS),
      bytes: this.#counter(SHARED.COUNTER_LOST_BYTES),
    }
  }

  uncaptured(): Uncaptured {
    return {
      unixCalls: this.#counter(SHARED.COUNTER_UNIX_CALLS),
      unixBytes: this.#counter(SHARED.COUNTER_UNIX_BYTES),
      compatCalls: this.#counter(SHARED.COUNTER_COMPAT_CALLS),
      unreadBytes: this.#counter(SHARED.COUNTER_UNREAD_BYTES),
    }
  }

  close(): void {
    this.#ring.close()
    this.#object.close()
  }
}
