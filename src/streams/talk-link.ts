/** The `Link` of a conversation to its connection. There are many of them: no closures, and no part is made before it is used. */
import type { Counters } from '../health/counters'
import type {
  Connection,
  Link,
  Opening,
  ProtocolSettings,
  Sink,
  Transport,
  Tunnel,
} from '../protocols/protocol'
import { ROLE_SERVER } from '../records/types'
import type { End } from './end'
import type { FirstRows } from './first-rows'
import type { SharedState } from './shared-state'
import { InnerTalk, protocolNamed } from './tunnel'

export class TalkLink implements Link {
  readonly transport: Transport
  isWhole: boolean
  isAtTurn = false
  unreadNs = -1
  asleepNs = -1
  goesOn = false
  restingNs: number | undefined
  /** Takes the rows of a client's end, as another end may have them too. */
  firstRows: FirstRows | undefined
  /** Takes the last rows of a client that closed before any answer. */
  lastRows: Sink | undefined
  readonly #end: End
  readonly #shared: SharedState
  /** Losses of all connections when this one was first seen. */
  #lossesBefore: number
  #sink: Sink | undefined

  constructor(end: End, transport: Transport, isWhole: boolean, shared: SharedState) {
    this.transport = transport
    this.isWhole = isWhole
    this.#end = end
    this.#shared = shared
    this.#lossesBefore = lossesIn(shared.counters)
  }

  get settings(): ProtocolSettings {
    return this.#shared.settings
  }

  get connection(): Connection {
    return this.#end.connection
  }

  get sink(): Sink {
    return this.lastRows ?? this.firstRows ?? this.#introduced()
  }

  get isAtServer(): boolean {
    return this.#end.role === ROLE_SERVER
  }

  get losses(): number {
    return lossesIn(this.#shared.counters) - this.#lossesBefore
  }

  /** Bytes of this connection were given up. */
  loses(): void {
    this.#lossesBefore--
  }

  dropped(messages: number): void {
    this.#shared.counters.unpairedFrames += messages
  }

  lacksFields(): void {
    this.#shared.counters.partialHeads++
  }

  passedOver(requests: number): void {
    this.#shared.shedCounts.add(this.#end, requests)
  }

  setRemote(address: string, port: number): void {
    this.#end.setRemote(address, port)
  }

  tunnel(name: string, opening: Opening): Tunnel | undefined {
    const protocol = protocolNamed(name, this.#shared.protocols)
    return protocol && new InnerTalk(protocol, opening, this, this.#shared)
  }

  #introduced(): Sink {
    const shared = this.#shared
    this.#sink ??= shared.introductions.sinkFor(this.#end, () => shared.nowNs)
    return this.#sink
  }
}

const lossesIn = ({ ringLostEvents, restedConnections }: Counters): number =>
  ringLostEvents + restedConnections
