/** One side's bytes, as packets of the command phase: in the clear, or as contents of the compressed protocol. */
import type { DecodeBudget } from '../lib/decode-budget'
import { invalid, type Leave, type Read, type Side } from '../protocol'
import { Compressed, type Inner } from './compressed'
import { type Packet, type PacketInput, type PacketRules, Packets } from './packets'
import { answerAt, commandAt } from './starts'

/** 'message': a message has ended with the packet; 'more': none has. */
export type Taken = 'message' | 'more' | 'invalid' | Leave

export interface Taker extends PacketRules {
  take(packet: Packet): Taken
  /** Passes over whole packets of which only the number counts: most are rows. */
  passes?(input: PacketInput): void
  /** Bytes were lost, and with them the place within the packets; `unfinished`: the packet that was under way. */
  loses(timeNs: number, unfinished: Packet | undefined): void
}

export class Channel implements Inner {
  readonly #side: Side
  readonly #taker: Taker
  readonly #packets: Packets
  #compressed: Compressed | undefined
  /** Within contents the place is lost: the next content may begin with a message. */
  #isLost = false
  #isAtBegin = false
  #messages = 0

  constructor(side: Side, taker: Taker) {
    this.#side = side
    this.#taker = taker
    this.#packets = new Packets(taker)
  }

  get held(): number {
    return this.#packets.held + (this.#compressed?.held ?? 0)
  }

  get isCompressed(): boolean {
    return this.#compressed !== undefined
  }

  get unwanted(): number {
    return this.#compressed ? 0 : this.#packets.unwanted
  }

  get unfinished(): Packet | undefined {
    return this.#packets.unfinished
  }

  /** From here on packets come compressed. */
  compresses(budget: DecodeBudget): void {
    this.#packets.reset()
    this.#compressed = new Compressed(this, budget)
  }

  read(input: PacketInput): Read {
    if (!this.#compressed) return this.#plain(input)
    const before = this.#messages
    const { pos } = input
    while (input.pos < input.end && this.#messages === before)
      if (!this.#compressed.read(input)) return none('no content of compressed MySQL', pos, input)
    return this.#messages > before ? 'message' : 'need-more'
  }

  /** `bytes` are missing. True when a packet goes on, or ends, right behind them. */
  gap(bytes: number, timeNs: number): boolean {
    if (this.#compressed) {
      if (this.#compressed.pass(bytes, timeNs)) return true
      this.#compressed.reset()
      this.#isLost = true
    } else if (this.#packets.pass(bytes, timeNs)) return true
    this.#lose(timeNs)
    return false
  }

  reset(): void {
    this.#packets.reset()
    this.#compressed?.reset()
    this.#isLost = this.isCompressed
  }

  // ── Contents of the compressed protocol ────────────────────────────────────

  begins(): void {
    this.#isAtBegin = true
  }

  bytes(input: PacketInput): void {
    if (this.#isLost) {
      const start = this.#side === 'client' ? commandAt : answerAt
      const view = input.bytes.subarray(0, input.end)
      if (!this.#isAtBegin || start(view, input.pos) === 'no') return
      this.#isLost = false
    }
    if (input.pos < input.end) this.#isAtBegin = false
    for (let read = this.#plain(input); read !== 'need-more'; read = this.#plain(input)) {
      if (read === 'message') this.#messages++
      else {
        this.#loseWithin(input.timeAt(input.end - 1))
        return
      }
    }
  }

  missing(bytes: number, timeNs: number): void {
    this.#isAtBegin = false
    if (this.#isLost) return
    if (!this.#packets.pass(bytes, timeNs)) this.#loseWithin(timeNs)
    // It may have ended right there.
    else this.bytes({ bytes: NOTHING, pos: 0, end: 0, timeAt: () => timeNs })
  }

  #loseWithin(timeNs: number): void {
    this.#isLost = true
    this.#lose(timeNs)
  }

  // ───────────────────────────────────────────────────────────────────────────

  #lose(timeNs: number): void {
    this.#taker.loses(timeNs, this.#packets.unfinished)
    this.#packets.reset()
  }

  #plain(input: PacketInput): Read {
    for (;;) {
      if (this.#packets.isIdle) this.#taker.passes?.(input)
      const { pos } = input
      const packet = this.#packets.next(input)
      if (packet === undefined) return 'need-more'
      if (packet === 'invalid') return invalid('no packet of MySQL')
      const taken = this.#taker.take(packet)
      if (taken === 'invalid') return none('no message of MySQL', pos, input)
      if (taken !== 'more') return taken
    }
  }
}

/** What was read since `pos` is none. */
const none = (reason: string, pos: number, input: PacketInput): Read =>
  invalid(reason, input.pos > pos ? 0 : 1)

const NOTHING = new Uint8Array(0)
