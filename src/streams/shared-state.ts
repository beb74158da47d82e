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

/** Objects and settings that all sockets share. */
export interface SharedState {
  readonly protocols: readonly Protocol[]
  readonly sink: Sink
  readonly introductions: Introductions
  readonly lateRows: LateRows
  /** Takes rows of running exchanges, which later ones replace. */
  readonly liveSink: Sink
  readonly counters: Counters
  readonly settings: ProtocolSettings
  readonly limits: StreamLimits
  readonly peers: LocalPeers
  readonly shedCounts: ShedCounts
  /** Bytes that may be searched for the beginnings of messages in a second. */
  readonly searches: WorkBudget
  /** The capture clock, as of the newest event or tick. */
  readonly nowNs: number
  /** Bytes of a call that the kernel captures before any verdict. */
  readonly defaultCap: number
  readonly isGated: boolean
  setVerdict(connId: number, verdict: Verdict): void
  /** The same for the data within the connection's TLS. */
  setPlainVerdict(connId: number, verdict: Verdict): void
  leaveOut(connId: number, direction: Direction, until: number): void
  /** Counts an end that has closed. */
  closed(end: End): void
  upidOf(pid: number, startTicks: number, comm: string): string
  /** Lets `tick` look at this socket until the socket no longer needs it. */
  watch(socket: Followed): void
  /** Look at this socket again later: its protocol isn't known. */
  retryLater(socket: Retried): void
}

export interface Retried {
  retryNs: number
  backoffNs: number
  retry(): void
}

/** A socket that `Streams` follows. */
export interface Followed {
  readonly id: number
  watched: boolean
  lastNs: number
  /** Bytes of memory that wait here, as last added up in the common budget. */
  heldBytes: number
  /** It is in the list of those that may have to give up bytes. */
  isHolding: boolean
  readonly held: number
  /** Answers that wait until it is sure which request each belongs to. */
  readonly unsure: number
  /** True while passing time may decide something. */
  tick(nowNs: number): boolean
  updateStats(stats: ConnStats): void
  underWay(nowNs: number): void
  shed(): void
  /** Nothing more is read here; bytes are only counted. */
  giveUp(): void
}
