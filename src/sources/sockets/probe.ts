/** The loaded socket probe (`bpf/socket*.bpf.c`): its ring, verdicts and totals. */
import { RingSocketEvent } from '../../events/socket'
import {
  type Direction,
  GATE_DATAGRAMS,
  GATE_PORTS,
  GATE_WHOLE,
  type Gate,
  SENT,
  type Verdict,
} from '../../events/socket-event'
import { type CpuCounters, countersOfAllCpus } from '../../kernel/cpu-counters'
import { possibleCpus } from '../../kernel/cpus'
import type { Kernel, ProbeStatus } from '../../kernel/kernel'
import type { BpfRing, MappedArray } from '../../kernel/loader'
import type { ObjectSpec } from '../../kernel/object'
import { pidNamespace } from '../../kernel/probe'
import { CLASSIC_MAPS, IN_SOCKET_MAPS, SOCKET_MAPS } from '../socket-maps'
import type { SocketFeed, Uncaptured } from './feed'
import { type Hooks, openHooks } from './hooks'
import {
  type ReadTotals,
  type SocketObject,
  totalsByIterator,
  totalsInSockets,
  totalsInTable,
} from './totals'

export const SOURCE_NAME = 'socket_tracer'

/** Constants of `bpf/socket.h`; a test compares them. The bits of a verdict are those of its high word. */
export const SHARED = {
  VERDICT_SLOTS: 131_072,
  VERDICT_CAP_MAX: 0x1f_ffff,
  VERDICT_CAP_SHIFT: 4,
  VERDICT_FRAMES: 1 << 28,
  VERDICT_SHED: 1 << 29,
  VERDICT_COUNT: 1 << 30,
  VERDICT_SET: 1 << 31,
  GATE_WHOLE,
  GATE_PORTS,
  GATE_DATAGRAMS,
  EPOCH_DRAW: 256,
  SKIP_SLOTS: 16_384,
  SKIP_MAX: 0x4000_0000,
  IGNORED_MAX: 8,
  COUNTER_LOST_EVENTS: 0,
  COUNTER_LOST_BYTES: 1,
  COUNTER_UNIX_CALLS: 2,
  COUNTER_UNIX_BYTES: 3,
  COUNTER_COMPAT_CALLS: 4,
  COUNTER_UNREAD_BYTES: 5,
} as const
const TWO_32 = 2 ** 32

export interface SocketProbeOptions {
  /** Ring size; a power of two and a multiple of the page size. */
  readonly ringBytes: number
  /** Bytes of each call to capture at most while a socket's protocol isn't known. */
  readonly defaultCap: number
  /** Bytes of each direction of a connection that are captured whole before its verdict comes. */
  readonly freshBytes: number
  /** Whether the kernel may shed, see `Gate`; otherwise it sends everything that the ring has room for. */
  readonly isGated: boolean
  /** Never trace these processes: Nixie itself. */
  readonly ignorePids: readonly number[]
  /** The kinds of hooks to try, the best first; by default all, in the order that fits the kernel. */
  readonly hooks?: readonly Hooks[]
}

const capBits = (cap: number) => Math.min(cap, SHARED.VERDICT_CAP_MAX) << SHARED.VERDICT_CAP_SHIFT

function specFor(options: SocketProbeOptions): Omit<ObjectSpec<string>, 'files' | 'programs'> {
  return {
    source: SOURCE_NAME,
    shared: [...SOCKET_MAPS, ...IN_SOCKET_MAPS, ...CLASSIC_MAPS],
    knobs: () => {
      const ignored = new Uint32Array(SHARED.IGNORED_MAX)
      ignored.set(options.ignorePids.slice(0, SHARED.IGNORED_MAX))
      return {
        ignored_tgids: ignored,
        pid_namespace: pidNamespace(),
        default_cap: Uint32Array.of(options.defaultCap),
        fresh_bytes: Uint32Array.of(options.freshBytes),
        is_gated: Uint32Array.of(Number(options.isGated)),
        cpu_count: Uint32Array.of(possibleCpus()),
        ring_bytes: Uint32Array.of(options.ringBytes),
      }
    },
    maxEntries: { events: options.ringBytes, counters: countersOfAllCpus() },
  }
}

/** Loads as much as the kernel accepts; there is a feed only when data can be captured. */
export function openSocketProbe(
  kernel: Kernel,
  options: SocketProbeOptions,
): { probes: readonly ProbeStatus[]; feed: SocketProbe | undefined } {
  const { hooks, probes, object } = openHooks(kernel, specFor(options), options.hooks)
  return { probes, feed: object && new SocketProbe(object, hooks, kernel.clock, options.ringBytes) }
}

const TOTALS_BY: Readonly<Record<Hooks, (object: SocketObject) => ReadTotals>> = {
  typed: totalsInSockets,
  classic: totalsByIterator,
  exit: totalsInTable,
}

export class SocketProbe implements SocketFeed {
  readonly #object: SocketObject
  readonly #ring: BpfRing
  readonly #event: RingSocketEvent
  readonly #clock: Kernel['clock']
  readonly #ringBytes: number
  readonly #counters: CpuCounters
  readonly #arrays: Readonly<Record<'verdicts' | 'plain_verdicts' | 'skips' | 'gates' | 'sheds', MappedArray>>
  readonly #word = new Uint32Array(2)
  readonly #skip = new Uint32Array(4)
  /** `struct gate`: seed, epoch. */
  readonly #gate = new Uint32Array(2)
  /** For each port, the value that the kernel has. */
  readonly #shed = new Uint16Array(GATE_PORTS)
  readonly #shedWord = new Uint32Array(1)
  /** Hands over the totals of every socket that the kernel knows. */
  readonly totals: ReadTotals
  #handler: (event: RingSocketEvent) => void = () => {}

  constructor(object: SocketObject, hooks: Hooks, clock: Kernel['clock'], ringBytes: number) {
    this.#object = object
    this.#ring = object.ring('events', ringBytes)
    this.#event = new RingSocketEvent(this.#ring.data, clock.base)
    this.#clock = clock
    this.#ringBytes = ringBytes
    this.totals = TOTALS_BY[hooks](object)
    this.#counters = object.counters()
    this.#arrays = {
      verdicts: object.array('verdicts'),
      plain_verdicts: object.array('plain_verdicts'),
      skips: object.array('skips'),
      gates: object.array('gates'),
      sheds: object.array('sheds'),
    }
  }

  readonly #visit = (offset: number): void => this.#handler(this.#event.at(offset))

  drain(handler: (event: RingSocketEvent) => void, maxEvents: number, maxBytes?: number): number {
    this.#event.correctionNs = this.#clock.correctionNs
    this.#handler = handler
    return this.#ring.drain(this.#visit, maxEvents, maxBytes)
  }

  fill(): number {
    return this.#ring.waiting / this.#ringBytes
  }

  setVerdict(connId: number, verdict: Verdict): void {
    this.#setVerdict('verdicts', connId, verdict)
  }

  setPlainVerdict(connId: number, verdict: Verdict): void {
    this.#setVerdict('plain_verdicts', connId, verdict)
  }

  #setVerdict(array: 'verdicts' | 'plain_verdicts', connId: number, verdict: Verdict): void {
    const tag = Math.floor(connId / SHARED.VERDICT_SLOTS)
    const what =
      verdict.action === 'count'
        ? SHARED.VERDICT_COUNT | capBits(verdict.peek ?? 0)
        : capBits(verdict.cap) |
          (verdict.isShed ? SHARED.VERDICT_SHED : 0) |
          (verdict.isFramed ? SHARED.VERDICT_FRAMES : 0)
    this.#word[0] = tag % TWO_32
    this.#word[1] = Math.floor(tag / TWO_32) | what | SHARED.VERDICT_SET
    this.#arrays[array].set(connId % SHARED.VERDICT_SLOTS, this.#word)
  }

  leaveOut(connId: number, direction: Direction, until: number): void {
    const slot = connId % SHARED.SKIP_SLOTS
    const tag = Math.floor(connId / SHARED.SKIP_SLOTS) % TWO_32
    const word = direction === SENT ? 2 : 0
    // The other direction's word stays if it belongs to this connection.
    this.#arrays.skips.get(slot, this.#skip)
    if (this.#skip[2 - word] !== tag) this.#skip.fill(0)
    this.#skip[word] = tag
    this.#skip[word + 1] = until
    this.#arrays.skips.set(slot, this.#skip)
  }

  setGate({ shed }: Gate): void {
    let isLess = false
    for (let port = 0; port < GATE_PORTS; port++) {
      const now = shed[port]!
      if (now === this.#shed[port]) continue
      isLess ||= now < this.#shed[port]!
      this.#shed[port] = now
      this.#shedWord[0] = now
      this.#arrays.sheds.set(port, this.#shedWord)
    }
    if (isLess) this.#gate[1]!++
    this.#arrays.gates.set(0, this.#gate)
  }

  drawAnew(): void {
    this.#gate[0] = Math.random() * TWO_32
    this.#gate[1] = (Math.floor(this.#gate[1]! / SHARED.EPOCH_DRAW) + 1) * SHARED.EPOCH_DRAW
    this.#arrays.gates.set(0, this.#gate)
  }

  lost(): { events: number; bytes: number } {
    return {
      events: this.#counters.sum(SHARED.COUNTER_LOST_EVENTS),
      bytes: this.#counters.sum(SHARED.COUNTER_LOST_BYTES),
    }
  }

  uncaptured(): Uncaptured {
    return {
      unixCalls: this.#counters.sum(SHARED.COUNTER_UNIX_CALLS),
      unixBytes: this.#counters.sum(SHARED.COUNTER_UNIX_BYTES),
      compatCalls: this.#counters.sum(SHARED.COUNTER_COMPAT_CALLS),
      unreadBytes: this.#counters.sum(SHARED.COUNTER_UNREAD_BYTES),
    }
  }

  close(): void {
    this.#object.close()
  }
}
