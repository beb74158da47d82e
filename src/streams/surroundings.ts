import type { Direction, Verdict } from '../events/socket-event'
import type { Counters } from '../health/counters'
import type { Protocol, ProtocolSettings, Sink } from '../protocols/protocol'
import type { ConnStats } from './conn-stats'
import type { End } from './end'
import type { Introductions } from './introductions'
import type { LateRows } from './late-rows'
import type { StreamLimits } from './limits'
import type { LocalPeers } from './local-peers'
import type { ShedCounts } from './shed-counts'
import type { WorkBudget } from './work'

/** What all sockets share. */
export interface Surroundings {
  readonly protocols: readonly Protocol[]
  readonly sink: Sink
  readonly introductions: Introductions
  readonly lateRows: LateRows
  /** Takes rows of what is under way, which later ones replace. */
  readonly liveSink: Sink
  readonly counters: Counters
  readonly settings: ProtocolSettings
  readonly limits: StreamLimits
  readonly peers: LocalPeers
  readonly shedCounts: ShedCounts
  /** Bytes that are searched in a second for the beginnings of messages. */
  readonly searches: WorkBudget
  /** The capture clock, as of the newest event or tick. */
  readonly nowNs: number
  /** What the kernel captures of a call before any verdict. */
  readonly defaultCap: number | undefined
  readonly isGated: boolean
  setVerdict(connId: number, verdict: Verdict): void
  leaveOut(connId: number, direction: Direction, until: number): void
  /** Counts an end that is over. */
  closed(end: End): void
  upidOf(pid: number, startTicks: number, comm: string): string
  /** Have `tick` look at this socket until it says that it needs no more looking at. */
  watch(socket: Followed): void
  /** Look at this socket again later: it speaks nothing that is known. */
  reprobeLater(socket: Reprobed): void
}

export interface Reprobed {
  reprobeNs: number
  backoffNs: number
  reprobe(): void
}

/** A socket, as `Streams` follows it. */
export interface Followed {
  readonly id: number
  watched: boolean
  lastNs: number
  /** Bytes of memory that wait here, as last added up in the common budget. */
  heldBytes: number
  /** It is among those that are asked to give some up. */
  isHolding: boolean
  readonly held: number
  /** True while there is something that time may decide. */
  tick(nowNs: number): boolean
  updateStats(stats: ConnStats): void
  underWay(nowNs: number): void
  shed(): void
  /** Nothing more is read here; bytes are counted. */
  giveUp(): void
}
