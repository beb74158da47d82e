/** The streams of one connection (RFC 9113 §5): what both sides said on each, until it is a row. */
import type { Outcome } from '../lib/columns'
import { otherSide, type Side } from '../protocol'
import type { Message } from './message'

/** Streams that wait at most; with more of them nobody answers, or the answers aren't captured. */
const MAX_STREAMS = 4096
const MAX_CLOSED = 512
/** An exchange that lasts longer is shown while it runs: a response that streams, a request without an answer. */
const STREAMS_NS = 10e9
const UNANSWERED_NS = 30e9
/** How long the rest of a request may come after its response. */
const EARLY_NS = 1e9
/** How long frames of a stream may come after some were lost. */
const DOUBTFUL_NS = 30e9
/** A head has a frame and a field at least. */
const LEAST_HEAD = 10

/** What was seen of a stream. */
export interface Exchange {
  client: Message | undefined
  server: Message | undefined
  /** When frames of it may have been lost; undefined: none were. */
  doubtfulNs: number | undefined
  /** A row without its request was shown while it ran. */
  isShown: boolean
  held: number
}

/** Takes the exchanges. */
export interface Rows {
  row(exchange: Exchange, outcome: Outcome, timeNs: number): void
  /** Messages that make no row. */
  dropped(messages: number): void
  /** Exchanges that were left out on purpose. Negative: too many were counted. */
  passedOver(exchanges: number): void
}

export class Exchanges {
  /** Bytes of memory of all of them. */
  held = 0
  readonly #rows: Rows
  /** By stream, in the order in which they began. */
  readonly #open = new Map<number, Exchange>()
  /** Those that passing time will decide. */
  readonly #undecided = new Set<number>()
  /** The newest streams that were closed before both sides had ended: more frames of them may be on their way. */
  readonly #closed = new Set<number>()

  /** The newest stream that the client has begun (0: none), and its bytes before that, if known. */
  #newest = 0
  #newestAt: number | undefined
  /** Earlier streams were left out. Infinity: so are those that begin now. */
  #from = 0
  /** Exchanges that the kernel has counted since `newest` began; undefined where it hasn't told all. */
  #counted: number | undefined = 0

  constructor(rows: Rows) {
    this.#rows = rows
  }

  get isUndecided(): boolean {
    return this.#undecided.size > 0
  }

  has(stream: number): boolean {
    return this.#open.has(stream)
  }

  /** What this side says on the stream, if it hasn't ended. */
  message(side: Side, stream: number): Message | undefined {
    const message = this.#open.get(stream)?.[side]
    return message?.isEnded ? undefined : message
  }

  /** Whether a head of this side begins a message: the message may be there, or the stream closed. */
  mayBegin(side: Side, stream: number): boolean {
    const exchange = this.#open.get(stream)
    if (exchange) return exchange[side] === undefined
    const isLeftOut = this.#from > 0 && (stream < this.#from || stream % 2 === 0)
    return !isLeftOut && !this.#closed.has(stream)
  }

  /** The client begins this stream, if it is a new one. `passed`: its bytes before, modulo 2^32, if known. */
  asks(stream: number, passed: number | undefined): void {
    if (stream <= this.#newest || stream % 2 === 0) return
    if (this.#from === Number.POSITIVE_INFINITY) this.#comesBack(stream, passed)
    this.#newest = stream
    this.#newestAt = passed
  }

  /**
   * A client counts its streams: how many it began meanwhile is known. It may leave out numbers, so that there are
   * no more than its bytes have room for.
   */
  #comesBack(stream: number, passed: number | undefined): void {
    const before = this.#newestAt
    const counted = this.#counted
    this.#from = stream
    this.#counted = 0
    if (this.#newest === 0 || counted === undefined || passed === undefined || before === undefined) return
    const most = Math.floor(((passed - before) >>> 0) / LEAST_HEAD)
    this.#rows.passedOver(Math.min((stream - this.#newest) / 2 - 1, most) - counted)
  }

  /** All was left out for a while, or is from now on. `counted`: see `Conversation.passOver`. */
  passOver(counted: number | undefined): void {
    this.#counted = counted === undefined || this.#counted === undefined ? undefined : this.#counted + counted
    this.#from = Number.POSITIVE_INFINITY
    let waiting = 0
    for (const [stream, exchange] of this.#open) {
      const { client, server, isShown } = exchange
      if (server && (client || isShown)) this.#close(stream, exchange, false, server.endNs)
      else {
        if (client) waiting++
        this.#remember(stream)
        this.#remove(stream, exchange)
      }
    }
    this.#rows.passedOver(waiting)
  }

  begins(side: Side, stream: number, message: Message): void {
    const exchange = this.#open.get(stream) ?? this.#new(stream)
    exchange[side] = message
    const { client, server } = exchange
    if (client && server) server.asked = client.asked
    // The head may be among the frames that were lost, and these are the trailers.
    if (exchange.doubtfulNs !== undefined && !message.head.isNamed) message.mayBeCut()
    if (side === 'server') this.#isSure(stream, exchange)
    this.recount(stream)
  }

  /** The memory of the exchange has changed. */
  recount(stream: number): void {
    const exchange = this.#open.get(stream)
    if (!exchange) return
    const held = (exchange.client?.held ?? 0) + (exchange.server?.held ?? 0)
    this.held += held - exchange.held
    exchange.held = held
  }

  /** Nothing more is said by this side. True when it had begun. */
  ends(side: Side, stream: number, timeNs: number): boolean {
    const exchange = this.#open.get(stream)
    const message = exchange?.[side]
    if (!exchange || !message || message.isEnded) return false
    message.ends(timeNs)
    const other = exchange[otherSide(side)]
    // Of a request that has lost bytes the end may be among them.
    if (other && (other.isEnded || (side === 'server' && (other.isCut || other.mayHaveEnded)))) {
      this.#row(stream, exchange)
      return true
    }
    this.recount(stream)
    if (side === 'server') this.#undecided.add(stream)
    return true
  }

  /** The stream was given up. `isOrderly`: the server needs no more of the request that it has answered (§8.1). */
  resets(stream: number, isOrderly: boolean, timeNs: number): void {
    const exchange = this.#open.get(stream)
    if (!exchange) return
    if (isOrderly && exchange.server?.isEnded && exchange.client) exchange.client.isEnded = true
    this.#close(stream, exchange, false, timeNs)
  }

  /** Frames of this side were lost, of whichever stream. */
  loses(side: Side, timeNs: number): void {
    for (const [stream, exchange] of this.#open) {
      const message = exchange[side]
      if (message?.isEnded) continue
      message?.mayBeCut()
      exchange.doubtfulNs = timeNs
      this.#undecided.add(stream)
      if (side === 'client' && exchange.server?.isEnded)
        this.#close(stream, exchange, false, exchange.server.endNs)
    }
  }

  /** Whether this side has begun and not ended a message on this stream, and on no other. */
  isAlone(side: Side, stream: number): boolean {
    if (!this.message(side, stream)) return false
    for (const [other, exchange] of this.#open)
      if (other !== stream && exchange[side]?.isEnded === false) return false
    return true
  }

  /** Content of this side was lost, of whichever message. */
  mayBeCut(side: Side): void {
    for (const exchange of this.#open.values())
      if (exchange[side]?.isEnded === false) exchange[side].mayBeCut()
  }

  settle(nowNs: number): void {
    for (const stream of this.#undecided) {
      const exchange = this.#open.get(stream)!
      const { server, doubtfulNs } = exchange
      const isEarly = server?.isEnded && nowNs - server.endNs > EARLY_NS
      const newestNs = Math.max(doubtfulNs ?? Number.POSITIVE_INFINITY, server?.endNs ?? 0)
      if (isEarly || nowNs - newestNs > DOUBTFUL_NS)
        this.#close(stream, exchange, false, server?.endNs ?? nowNs)
    }
  }

  /** The connection ends, or nobody looks any longer at one that `goesOn`. */
  finish(nowNs: number, goesOn: boolean): void {
    for (const [stream, exchange] of this.#open) this.#close(stream, exchange, goesOn, nowNs)
  }

  /** Rows of the exchanges that have not ended for a while. */
  underWay(nowNs: number, show: Rows['row']): void {
    for (const exchange of this.#open.values()) {
      const { client, server, doubtfulNs } = exchange
      const ageNs = nowNs - (client ?? server)!.startNs
      if (ageNs < STREAMS_NS) continue
      if (server && !server.isEnded) {
        exchange.isShown ||= !client
        show(exchange, 'running', nowNs)
      } else if (client && !server && doubtfulNs === undefined && ageNs >= UNANSWERED_NS)
        show(exchange, 'waiting', nowNs)
    }
  }

  /** Gives up everything. */
  clear(): void {
    for (const [stream, exchange] of this.#open) this.#drop(stream, exchange)
  }

  #new(stream: number): Exchange {
    const exchange: Exchange = {
      client: undefined,
      server: undefined,
      doubtfulNs: undefined,
      isShown: false,
      held: 0,
    }
    this.#open.set(stream, exchange)
    if (this.#open.size > MAX_STREAMS) this.#dropOldest()
    return exchange
  }

  #dropOldest(): void {
    for (const [stream, exchange] of this.#open) {
      this.#drop(stream, exchange)
      return
    }
  }

  /** The response that may have been lost has come. */
  #isSure(stream: number, exchange: Exchange): void {
    exchange.doubtfulNs = undefined
    this.#undecided.delete(stream)
  }

  /** Nothing more is expected on this stream. */
  #close(stream: number, exchange: Exchange, goesOn: boolean, timeNs: number): void {
    const { client, server, doubtfulNs, isShown } = exchange
    this.#remember(stream)
    if (client ? server === undefined && doubtfulNs !== undefined : !isShown) this.#drop(stream, exchange)
    else if (server) this.#row(stream, exchange, goesOn)
    else this.#emit(stream, exchange, goesOn ? 'waiting' : 'unanswered', timeNs)
  }

  #remember(stream: number): void {
    this.#closed.add(stream)
    if (this.#closed.size <= MAX_CLOSED) return
    for (const oldest of this.#closed) {
      this.#closed.delete(oldest)
      return
    }
  }

  #row(stream: number, exchange: Exchange, goesOn = false): void {
    const { client, server } = exchange
    const isCut = !client || client.isCut || server!.isCut
    const isWhole = (client?.isEnded || client?.mayHaveEnded) && server!.isEnded
    const outcome = goesOn && !isWhole ? 'running' : 'cut'
    this.#emit(stream, exchange, isWhole && !isCut ? 'complete' : outcome, server!.endNs)
  }

  #emit(stream: number, exchange: Exchange, outcome: Outcome, timeNs: number): void {
    const { client, server } = exchange
    if (client && !client.isEnded) client.ends(client.endNs)
    if (server && !server.isEnded) server.ends(server.endNs)
    this.#remove(stream, exchange)
    this.#rows.row(exchange, outcome, timeNs)
  }

  #drop(stream: number, exchange: Exchange): void {
    this.#remove(stream, exchange)
    this.#rows.dropped((exchange.client ? 1 : 0) + (exchange.server ? 1 : 0))
  }

  #remove(stream: number, { held }: Exchange): void {
    this.#open.delete(stream)
    this.#undecided.delete(stream)
    this.held -= held
  }
}
