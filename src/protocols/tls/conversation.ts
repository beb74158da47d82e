/** TLS on one connection: its handshake as a row of `tls_events`. What follows is encrypted, and isn't looked at. */
import type { Outcome } from '../lib/columns'
import {
  type Conversation,
  ENCRYPTED,
  type Input,
  type Link,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import { Assembly } from './assembly'
import { Handshake } from './handshake'
import { RECORD } from './numbers'
import { Records } from './records'
import { appendHandshake } from './row'

/** Memory of what was read, beside the bytes of unfinished messages. */
const HANDSHAKE_BYTES = 4096
/** A handshake that lasts for so long is shown. */
const SHOWN_NS = 1e9

const LEAVE = { leave: ENCRYPTED } as const

/** One side's records, and the messages in them. */
class OneSide {
  readonly records: Records
  readonly messages: Assembly
  #level: number | undefined

  constructor(side: Side, handshake: Handshake, counts: () => void) {
    this.messages = new Assembly(handshake.isWanted, (type, body, timeNs) => {
      if (handshake.says(side, type, body, timeNs)) counts()
    })
    this.records = new Records({
      begins: (timeNs) => handshake.begins(side, timeNs),
      ends: (header, timeNs) => handshake.ends(side, header, timeNs),
      content: (type, bytes, start, end, timeNs) => {
        if (!handshake.isClear(side, type)) return
        if (type === RECORD.handshake) this.messages.take(bytes, start, end, timeNs)
        else for (let at = start; at < end; at++) this.#alert(handshake, side, bytes[at]!, timeNs)
      },
    })
  }

  /** An alert is two bytes, which may come one by one. */
  #alert(handshake: Handshake, side: Side, byte: number, timeNs: number): void {
    const level = this.#level
    this.#level = level === undefined ? byte : undefined
    if (level !== undefined) handshake.alert({ from: side, level, description: byte }, timeNs)
  }
}

export class TlsConversation implements Conversation {
  readonly isUndecided = false
  readonly #link: Link
  readonly #handshake = new Handshake()
  readonly #sides: Record<Side, OneSide>
  #isOver = false
  /** Hellos that were read, and whether the last step has read one. */
  #hellos = 0
  #hasNew = false

  constructor(link: Link) {
    this.#link = link
    const counts = () => {
      this.#hellos++
      this.#hasNew = true
    }
    this.#sides = {
      client: new OneSide('client', this.#handshake, counts),
      server: new OneSide('server', this.#handshake, counts),
    }
  }

  get held(): number {
    if (this.#isOver) return 0
    const { client, server } = this.#sides
    return client.messages.held + server.messages.held + (this.#hellos > 0 ? HANDSHAKE_BYTES : 0)
  }

  read(side: Side, input: Input): Read {
    const { records } = this.#sides[side]
    while (!this.#isOver) {
      const step = records.step(input)
      if (this.#handshake.progress !== 'goes-on')
        this.#ends(this.#handshake.isSettled ? 'complete' : this.#outcome('cut'))
      else if (step !== undefined) return step
      else if (this.#hasNew) {
        this.#hasNew = false
        return 'message'
      }
    }
    return LEAVE
  }

  /** Behind a hole the handshake isn't followed any more. */
  seek(_: Side, __: Uint8Array, from: number): number {
    return from
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const isNeeded = (type: number) => this.#handshake.isClear(side, type)
    if (!this.#isOver && this.#sides[side].records.pass(bytes, isNeeded, timeNs)) return true
    this.#ends(this.#outcome('cut'))
    return false
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
    if (!this.#isOver) this.#link.dropped(this.#hellos)
    this.#release()
  }

  /** `ended`: what it is if nothing more of it will be said, rather than seen. */
  #outcome(ended: Outcome): Outcome {
    return this.#link.goesOn ? this.#lasting : ended
  }

  get #lasting(): Outcome {
    return this.#handshake.isAnswered ? 'running' : 'waiting'
  }

  #ends(outcome: Outcome): void {
    if (this.#isOver) return
    const { client, lastNs } = this.#handshake
    if (client) appendHandshake(this.#link.sink, this.#link, this.#handshake, outcome, lastNs)
    else this.#link.dropped(this.#hellos)
    this.#release()
  }

  #release(): void {
    this.#isOver = true
    this.#hasNew = false
    this.#sides.client.messages.reset()
    this.#sides.server.messages.reset()
  }
}
