import type { Verdict } from '../events/socket-event'
import type { Counters } from '../health/counters'
import type { Protocol, ProtocolSettings, Sink } from '../protocols/protocol'
import type { StreamLimits } from './limits'
import type { LocalPeers } from './local-peers'
import type { TracedSocket } from './socket'

/** What all sockets share. */
export interface Surroundings {
  readonly protocols: readonly Protocol[]
  readonly sink: Sink
  readonly counters: Counters
  readonly settings: ProtocolSettings
  readonly limits: StreamLimits
  readonly peers: LocalPeers
  /** What the kernel captures of a call before any verdict. */
  readonly defaultCap: number | undefined
  setVerdict(connId: number, verdict: Verdict): void
  upidOf(pid: number, startTicks: number, comm: string): string
  /** Have `tick` look at this socket until it says that it needs no more looking at. */
  watch(socket: TracedSocket): void
  /** Look at this socket again later: it speaks nothing that is known. */
  reprobeLater(socket: TracedSocket): void
}
