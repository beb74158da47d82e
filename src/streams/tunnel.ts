/** A conversation within another one: its bytes come from there, and are read as those of a connection are. */
import type { Link, Opening, Protocol, Side, Sink, Tunnel } from '../protocols/protocol'
import { StreamInput } from './byte-stream'
import { Half } from './half'
import { Reader, type ReadResult } from './reader'
import type { SharedState } from './shared-state'

/** The protocol to which a connection is handed over by that name. */
export const protocolNamed = (name: string, protocols: readonly Protocol[]): Protocol | undefined =>
  protocols.find((protocol) => protocol.name === name || protocol.upgrades?.includes(name))

export class InnerTalk implements Tunnel {
  readonly #client = new Half(true)
  readonly #server = new Half(true)
  readonly #link: Link
  readonly #shared: SharedState
  /** Undefined: nothing more is read. */
  #reader: Reader | undefined

  constructor(protocol: Protocol, opening: Opening, link: Link, shared: SharedState) {
    this.#server.side = 'server'
    this.#link = link
    this.#shared = shared
    const conversation = protocol.open(link, opening)
    // Its reads are within those of the conversation that it is in.
    this.#reader = new Reader(conversation, [this.#client, this.#server], shared, new StreamInput())
  }

  get held(): number {
    if (!this.#reader) return 0
    return this.#client.bytes.length + this.#server.bytes.length + this.#reader.conversation.held
  }

  get isUndecided(): boolean {
    return this.#reader !== undefined && (this.#reader.isPending || this.#reader.conversation.isUndecided)
  }

  bytes(side: Side, bytes: Uint8Array, timeNs: number): void {
    this.#follow(this.#reader?.bytes(this.#half(side), bytes, timeNs))
  }

  missing(side: Side, bytes: number, timeNs: number): void {
    this.#follow(this.#reader?.missing(this.#half(side), bytes, timeNs))
  }

  unwanted(side: Side): number {
    return this.#reader ? this.#reader.unwanted(this.#half(side)) : Number.POSITIVE_INFINITY
  }

  settle(nowNs: number, final: boolean): void {
    if (this.#reader?.isPending) this.#follow(this.#reader.resume(nowNs))
    if (final) {
      for (const half of [this.#client, this.#server])
        this.#follow(this.#reader?.finish(half, nowNs, !this.#link.goesOn))
    }
    this.#reader?.conversation.settle(nowNs, final)
    if (final) this.#ends()
  }

  underWay(nowNs: number, sink: Sink): void {
    this.#reader?.conversation.underWay?.(nowNs, sink)
  }

  shed(): void {
    this.#reader?.conversation.shed()
    for (const half of [this.#client, this.#server]) this.#reader?.reset(half, this.#shared.nowNs)
  }

  #half(side: Side): Half {
    return side === 'client' ? this.#client : this.#server
  }

  /** What isn't of this protocol after all, or leaves it, isn't read any further. */
  #follow(outcome: ReadResult): void {
    if (outcome === undefined) return
    this.#reader?.conversation.settle(this.#shared.nowNs, true)
    this.#ends()
  }

  #ends(): void {
    this.#reader = undefined
    this.#client.drop()
    this.#server.drop()
  }
}
