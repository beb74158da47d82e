/** The server's packets: its greeting, answers, and errors that nobody asked for. */
import type { Taken, Taker } from './channel'
import type { Dialogue } from './dialogue'
import { greetingIn } from './login'
import { COM } from './numbers'
import { EOF, EOF_SIZE, ERR } from './ok'
import { HEADER, MAX_PACKET, type Packet, type PacketInput } from './packets'
import { Response, SUCCESS } from './response'
import { lengthAt } from './starts'

/** Bytes of a packet that are kept: of rows only their beginnings count. */
const KEEP = 4 << 10

export class ServerSide implements Taker {
  readonly keep = KEEP
  /** The answer that is under way. */
  current: Response | undefined
  readonly #talk: Dialogue
  #isGreeted = false
  #mayTrail = false

  constructor(talk: Dialogue) {
    this.#talk = talk
  }

  accepts(seq: number, length: number, isMore: boolean): boolean {
    const { last, isCompressed } = this.#talk
    const { current } = this
    const isNext = last.server >= 0 && seq === ((last.server + 1) & 0xff)
    // A hole in what the client says takes its numbers away.
    const isBehindClient = last.client >= 0 ? seq === ((last.client + 1) & 0xff) : current !== undefined
    const isTurn = !isMore && (!current || current.takesFile || current.isLogin)
    const isOk = isNext || (isTurn && (isBehindClient || (!current && seq <= 1)))
    if (length === 0 && !isMore && !current) return false
    if (!isOk && !isCompressed) return false
    last.server = seq
    return true
  }

  take(packet: Packet): Taken {
    const first = packet.bytes[0] ?? -1
    if (this.current) return this.#goesOn(packet, this.current)
    if (packet.firstSeq === 0 && !this.#talk.isCompressed) return this.#unasked(packet, first)
    if (this.#mayTrail && first === EOF && packet.size === EOF_SIZE) {
      this.#mayTrail = false
      this.#talk.learnsEof(true)
      return 'more'
    }
    this.#mayTrail = false
    return this.#begins(packet)
  }

  passes(input: PacketInput): void {
    const { current } = this
    if (!current?.isOfMany) return
    const { bytes, end } = input
    const { last } = this.#talk
    const from = input.pos
    for (let at = from; ; input.pos = at) {
      if (at + HEADER >= end) break
      const length = lengthAt(bytes, at)
      const behind = at + HEADER + length
      if (length === 0 || length === MAX_PACKET || behind > end) break
      if (bytes[at + 3] !== ((last.server + 1) & 0xff) || !current.passes(bytes[at + HEADER]!)) break
      last.server = bytes[at + 3]!
      at = behind
    }
    if (input.pos > from) current.endNs = input.timeAt(input.pos - 1)
  }

  loses(timeNs: number): void {
    this.cut(timeNs, true)
    this.#talk.last.server = -1
    this.#mayTrail = false
    this.#talk.pairing.responseGap({ isBetween: false, timeNs })
    this.#talk.take(timeNs, false)
  }

  /** The answer that is under way ends here. */
  cut(timeNs: number, isLost = false): void {
    const { current } = this
    if (!current) return
    this.current = undefined
    current.isRunning = this.#talk.link.goesOn && !isLost
    current.isCut = !current.isRunning
    this.#ended(current, Math.max(current.endNs, isLost ? current.endNs : timeNs))
  }

  // ───────────────────────────────────────────────────────────────────────────

  #unasked(packet: Packet, first: number): Taken {
    if (first === ERR) {
      const answer = { seq: -1, hint: undefined, certainty: 'sure', done: true, endNs: packet.endNs } as const
      const response = new Response({ ...answer }, undefined, undefined)
      response.take(packet)
      this.#talk.fails(response, this.#isGreeted ? COM.SLEEP : COM.CONNECT, packet.endNs)
      return 'message'
    }
    const greeting = greetingIn(packet.bytes)
    if (!greeting) return 'invalid'
    this.#isGreeted = true
    this.#talk.begins(greeting.flags)
    return 'message'
  }

  #begins(packet: Packet): Taken {
    const { pairing, responses, hasEof } = this.#talk
    this.#isGreeted = true
    this.#talk.answersEarly()
    const answer = pairing.responseBegins(packet.startNs)
    const response = new Response(answer, answer.hint?.command, hasEof)
    responses.push(response)
    this.current = response
    return this.#goesOn(packet, response)
  }

  #goesOn(packet: Packet, current: Response): Taken {
    current.endNs = packet.endNs
    const taken = current.take(packet)
    if (taken === 'invalid') return 'invalid'
    if (!taken) return 'more'
    this.current = undefined
    this.#mayTrail = current.mayTrail
    this.#talk.learnsEof(current.hasEof)
    const isLogin = current.answer.hint?.command === COM.CONNECT && current.status === SUCCESS
    this.#ended(current, packet.endNs)
    if (isLogin) this.#talk.loggedIn()
    return 'message'
  }

  #ended(response: Response, timeNs: number): void {
    response.done = true
    response.endNs = timeNs
    this.#talk.pairing.responseEnds(response.answer, timeNs)
    this.#talk.take(timeNs, false)
  }
}
