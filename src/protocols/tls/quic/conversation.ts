/**
 * The handshake of QUIC between two ends (RFC 9001 §4, RFC 9369): a row of `tls_events` of what its Initial packets say, which anybody can
 * decrypt. All that follows is encrypted, and isn't looked at.
 */

import type { Outcome } from '../../lib/columns'
import {
  type Conversation,
  ENCRYPTED,
  type Input,
  invalid,
  type Leave,
  type Link,
  type Read,
  type Side,
  type Sink,
} from '../../protocol'
import { Cursor } from '../cursor'
import { Handshake } from '../handshake'
import { appendHandshake } from '../row'
import { readFrames } from './frames'
import { type InitialKeys, initialKeys, opened } from './keys'
import { type LongPacket, packetAt } from './packets'
import { Pieces } from './pieces'
import { LEAST_ID } from './recognise'

const LEAVE: Leave = { leave: ENCRYPTED }
/** Packets of a datagram, and Initial packets of a connection, that are looked at. */
const MAX_PACKETS = 16
const MAX_OPENED = 64
/** Keys of a connection: of its first id, and of those behind a Retry. */
const MAX_KEYS = 3
/** Of a message of the handshake. */
const HEADER_BYTES = 4
const HANDSHAKE_BYTES = 4096
const SHOWN_NS = 1e9
const FATAL = 2

export class QuicConversation implements Conversation {
  readonly isUndecided = false
  readonly #link: Link
  readonly #handshake = new Handshake()
  readonly #pieces: Record<Side, Pieces> = { client: new Pieces(), server: new Pieces() }
  #keys: InitialKeys | undefined
  /** Bytes of the messages that were read. */
  readonly #passed: Record<Side, number> = { client: 0, server: 0 }
  #keysMade = 0
  #opened = 0
  #isOver = false

  constructor(link: Link) {
    this.#link = link
  }

  get held(): number {
    if (this.#isOver) return 0
    return HANDSHAKE_BYTES + this.#pieces.client.held + this.#pieces.server.held
  }

  read(side: Side, input: Input): Read {
    const { client } = this.#handshake
    const timeNs = input.timeAt(input.pos)
    const at = new Cursor(input.bytes, input.pos, input.end)
    input.pos = input.end
    let packet = packetAt(at)
    for (let i = 0; packet && i < MAX_PACKETS && !this.#isOver; i++, packet = packetAt(at))
      this.#packet(side, packet, timeNs)
    if (this.#isOver) return LEAVE
    if (!this.#keys) return invalid('no Initial packet of QUIC')
    return this.#handshake.client && !client ? 'message' : 'need-more'
  }

  seek(): number {
    return -1
  }

  /** Each datagram stands for itself. */
  gap(_: Side, bytes: number): boolean {
    return Number.isFinite(bytes)
  }

  settle(_: number, final: boolean): void {
    if (final) this.#ends(this.#outcome(this.#handshake.isAnswered ? 'cut' : 'unanswered'))
  }

  underWay(nowNs: number, sink: Sink): void {
    const { client, startNs } = this.#handshake
    if (client && !this.#isOver && nowNs - startNs >= SHOWN_NS)
      appendHandshake(sink, this.#link, this.#handshake, this.#lasting, nowNs)
  }

  shed(): void {
    if (this.#handshake.client && !this.#isOver) this.#link.dropped(1)
    this.#release()
  }

  #packet(side: Side, packet: LongPacket, timeNs: number): void {
    if (packet.type === 'initial') this.#initial(side, packet, timeNs)
    // The client has the server's Finished, or is about to.
    else if (packet.type === 'handshake' && side === 'client' && this.#handshake.server) {
      this.#handshake.lastNs = timeNs
      this.#ends('complete')
    }
  }

  #initial(side: Side, packet: LongPacket, timeNs: number): void {
    if (++this.#opened > MAX_OPENED) {
      this.#ends(this.#outcome('cut'))
      return
    }
    const content = this.#contentOf(side, packet)
    if (!content) return
    this.#handshake.begins(side, timeNs)
    readFrames(content, {
      crypto: (offset, bytes) => this.#pieces[side].add(offset, bytes),
      closes: (alert) => this.#closes(side, alert, timeNs),
    })
    this.#says(side, timeNs)
  }

  /** Behind a Retry the client's packets have other keys. */
  #contentOf(side: Side, packet: LongPacket): Uint8Array | undefined {
    const { decodeBudget } = this.#link.settings
    if (!decodeBudget.begin()) return undefined
    const content = this.#keys && opened(packet, this.#keys[side])
    decodeBudget.charge()
    if (content || side === 'server' || this.#handshake.server) return content
    if (packet.destination.length < LEAST_ID || this.#keysMade >= MAX_KEYS) return undefined
    this.#keysMade++
    const keys = initialKeys(packet.version, packet.destination)
    const found = opened(packet, keys.client)
    decodeBudget.charge()
    if (found) this.#keys = keys
    return found
  }

  /** Reads the messages that are whole by now. */
  #says(side: Side, timeNs: number): void {
    const { whole } = this.#pieces[side]
    while (!this.#isOver) {
      const message = new Cursor(whole, this.#passed[side])
      const type = message.number(1)
      const body = message.vector(3)
      if (message.isShort) return
      this.#passed[side] += HEADER_BYTES + body.end
      this.#handshake.says(side, type, body.bytes, timeNs)
      if (this.#handshake.progress === 'failed') this.#ends(this.#outcome('cut'))
    }
  }

  #closes(side: Side, alert: number | undefined, timeNs: number): void {
    if (alert !== undefined) this.#handshake.alert({ from: side, level: FATAL, description: alert }, timeNs)
    this.#handshake.lastNs = timeNs
    this.#ends(this.#handshake.isAnswered ? 'complete' : 'cut')
  }

  #outcome(ended: Outcome): Outcome {
    return this.#link.goesOn ? this.#lasting : ended
  }

  get #lasting(): Outcome {
    return this.#handshake.isAnswered ? 'running' : 'waiting'
  }

  #ends(outcome: Outcome): void {
    if (this.#isOver) return
    if (this.#handshake.client)
      appendHandshake(this.#link.sink, this.#link, this.#handshake, outcome, this.#handshake.lastNs)
    this.#release()
  }

  #release(): void {
    this.#isOver = true
    this.#pieces.client.reset()
    this.#pieces.server.reset()
  }
}
