/** Redis on one connection: commands with their answers, paired in order, and what is pushed, as rows of `redis_events`. */

import type { Outcome } from '../lib/columns'
import { Pairing } from '../lib/pairing'
import type { Pairs } from '../lib/take-pairs'
import type { Conversation, Input, Leave, Link, Read, Side, Sink } from '../protocol'
import { type CommandListener, Commands, type Said } from './commands'
import { STRING } from './lines'
import { divide } from './names'
import { Pushes } from './pushes'
import { boundary } from './recognise'
import { Replies, type ReplyListener, type Value } from './replies'
import { appendExchange } from './rows'
import { beginsReplication, commandText, isReplication, isSilenced, responseText } from './texts'
import type { Command, Response } from './types'

/** Commands of one connection that wait at most; with more of them nobody answers, or the answers aren't captured. */
const MAX_WAITING = 8192
/** A command without an answer, or with one that is still coming, is shown after this time. */
const LASTS_NS = 10e9
/** Commands that are looked at for that. */
const MAX_SHOWN = 64
/** A client that doesn't wait for answers: behind such a silence a server says no rest of an earlier one. */
const PAUSE_NS = 100e6
/** Memory of a command or an answer beside its texts. */
const MESSAGE_BYTES = 300
/** The value of `held` of a message that waits no longer. */
const GONE = -1
/** What follows is a copy of all data, then the commands of other clients. */
const REPLICATION: Leave = { leave: 'replication of Redis' }

export class RedisConversation
  implements Conversation, CommandListener, ReplyListener, Pairs<Command, Response>
{
  readonly #link: Link
  readonly #pairing: Pairing<undefined>
  readonly #pushes: Pushes
  readonly #client = new Commands(this)
  readonly #server = new Replies(this)
  readonly #commands: Command[] = []
  readonly #responses: Response[] = []
  /** The command, and the answer, that are still coming. */
  #asking: Command | undefined
  #answering: Response | undefined
  #leave: Leave | undefined
  /** The answer decides whether what the client says next is still a command (PSYNC). */
  #isParked = false
  #waitingBytes = 0
  /** The client wants no answers: to nothing, or not to the next command (CLIENT REPLY). */
  #isSilent = false
  #isSkipped = false
  /**
   * A value may be a part of an answer of which the beginning wasn't seen, unless it began at this time or later: infinite where the
   * next command will tell.
   */
  #sureFromNs: number
  /** When the server last said something. */
  #serverNs = -1
  #isPassedOver = false

  constructor(link: Link) {
    const isSure = link.isWhole || link.isAtTurn === true
    this.#link = link
    this.#pairing = new Pairing<undefined>(isSure, link)
    this.#sureFromNs = isSure ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    this.#pushes = new Pushes(link, this.#pairing, this.#commands, link.isWhole)
  }

  get bodyLimit(): number {
    return this.#link.settings.bodyLimit
  }

  get redact(): boolean {
    return this.#link.settings.redact
  }

  get held(): number {
    return this.#waitingBytes + this.#client.held + this.#server.held
  }

  read(side: Side, input: Input): Read {
    if (this.#leave) return this.#leave
    if (side === 'client') return this.#isParked ? 'need-more' : this.#client.read(input)
    if (input.end > input.pos) this.#serverNs = input.timeAt(input.end - 1)
    return this.#replicates(input) ?? this.#server.read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    const at = boundary(side, bytes, from)
    if (side === 'client' && at !== from) this.#pairing.asksUnknown()
    return at
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    if (side === 'client') {
      if (this.#client.pass(bytes, timeNs)) return true
      this.#lostCommands(timeNs)
    } else {
      this.#serverNs = Math.max(this.#serverNs, timeNs)
      if (this.#server.pass(bytes, timeNs)) return true
      this.#lostReplies(timeNs)
    }
    this.#take(timeNs, false)
    return false
  }

  passOver(timeNs: number, begins: boolean): void {
    this.#isParked = false
    this.#forgetAsking()
    this.#client.reset()
    this.#cut()
    this.#pushes.forget()
    this.#isSkipped = false
    const isSure = begins && !this.#pairing.isPipelined
    this.#pairing.passOver(timeNs, begins)
    this.#sureFromNs = isSure ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    this.#isPassedOver = true
    this.#take(timeNs, true)
    this.#isPassedOver = false
  }

  unwanted(side: Side): number {
    return side === 'client' ? this.#client.unwanted : this.#server.unwanted
  }

  get unsure(): number {
    // Answers leave in order: the later ones wait for the first.
    return this.#responses[0]?.answer.certainty === 'tentative' ? this.#responses.length : 0
  }

  get isUndecided(): boolean {
    return this.#responses.length > 0
  }

  settle(nowNs: number, final: boolean): void {
    if (final) {
      this.#forgetAsking()
      this.#client.reset()
      this.#cut()
    }
    this.#take(nowNs, final)
  }

  underWay(nowNs: number, sink: Sink): void {
    const [response] = this.#responses
    for (const command of this.#commands.slice(0, MAX_SHOWN)) {
      if (nowNs - command.startNs < LASTS_NS) return
      if (response?.answer.seq === command.seq) this.#emit(command, response, 'running', nowNs, sink)
      else if (this.#pairing.isUnanswered(command)) this.#emit(command, undefined, 'waiting', nowNs, sink)
    }
  }

  shed(): void {
    this.#isParked = false
    this.#link.dropped(this.#commands.length + this.#responses.length)
    for (const message of [...this.#commands, ...this.#responses]) message.held = GONE
    this.#commands.length = 0
    this.#responses.length = 0
    this.#waitingBytes = 0
    this.#asking = undefined
    this.#answering = undefined
    this.#client.reset()
    this.#server.reset()
    this.#pushes.forget()
    this.#pairing.forget()
    this.#sureFromNs = Number.POSITIVE_INFINITY
  }

  // ── Commands ───────────────────────────────────────────────────────────────

  commandBegins(name: string, startNs: number): void {
    // CLIENT REPLY decides whether it has an answer itself.
    if (name !== 'CLIENT') this.#asking = this.#asks(name, startNs)
  }

  commandEnds(said: Said): void {
    const { name, args } = divide(said.name, said.args)
    if (said.isHoled && said.name === 'CLIENT') {
      // It may decide whether there are answers.
      this.#lostCommands(said.endNs)
      this.#link.dropped(1)
      return
    }
    const silenced = isSilenced(name, args)
    if (silenced === 'ON') this.#isSilent = false
    const command = this.#asking ?? this.#asks(said.name, said.startNs, silenced)
    this.#asking = undefined
    if (silenced === 'OFF') this.#isSilent = true
    this.#isSkipped = silenced === 'SKIP' && !this.#isSilent
    Object.assign(command, commandText(name, args, said.omitted, this.redact))
    command.size = said.size
    command.done = true
    this.#holds(command, 2 * command.args.length)
    if (command.seq < 0) {
      this.#left(command)
      this.#emit(command, undefined, 'complete', said.endNs, this.#link.sink)
      return
    }
    this.#isParked = isReplication(name)
    this.#pairing.requestEnds(command, said.endNs)
    if (this.#responses.length > 0) this.#take(said.endNs, false)
  }

  #asks(name: string, startNs: number, silenced?: string): Command {
    if (name === 'RESET') this.#isSilent = false
    const pauseNs = this.#pairing.isPipelined ? PAUSE_NS : 0
    if (this.#sureFromNs === Number.POSITIVE_INFINITY && startNs > this.#serverNs + pauseNs)
      this.#sureFromNs = startNs
    const isSilent = this.#isSilent || this.#isSkipped || silenced === 'OFF' || silenced === 'SKIP'
    const command: Command = {
      seq: isSilent ? -1 : this.#pairing.requestBegins(undefined, startNs),
      done: false,
      name,
      args: '[]',
      channels: [],
      answers: undefined,
      isSecretReply: false,
      size: 0,
      startNs,
      held: 0,
    }
    this.#holds(command, MESSAGE_BYTES)
    if (isSilent) return command
    this.#commands.push(command)
    if (this.#commands.length > MAX_WAITING)
      for (const oldest of this.#commands.splice(0, MAX_WAITING / 2)) {
        this.#left(oldest)
        this.#link.dropped(1)
      }
    return command
  }

  /** The command that is still coming is lost; its answer will belong to no row. */
  #forgetAsking(): void {
    const command = this.#asking
    this.#asking = undefined
    if (!command) {
      if (!this.#client.isIdle) this.#link.dropped(1)
      return
    }
    const at = this.#commands.indexOf(command)
    if (at >= 0) this.#commands.splice(at, 1)
    this.#left(command)
    this.#link.dropped(1)
  }

  #lostCommands(timeNs: number): void {
    this.#forgetAsking()
    this.#client.reset()
    this.#isSkipped = false
    this.#pairing.requestGap({ bytes: Number.POSITIVE_INFINITY, isBetween: false, timeNs })
  }

  // ── Answers ────────────────────────────────────────────────────────────────

  isPushed(kind: string, count: number): boolean {
    return this.#pushes.isPushed(kind, count)
  }

  isPushedLine(text: string): boolean {
    return this.#pushes.isPushedLine(text)
  }

  answerBegins(startNs: number): void {
    if (startNs < this.#sureFromNs) return
    const confirmed = this.#pushes.endConfirming()
    if (confirmed) this.#answered(confirmed)
    // An error in place of silence, or the end of it wasn't seen.
    if (this.#isSilent && this.#commands.length === 0) this.#isSilent = false
    this.#answering = this.#responds(this.#pairing.responseBegins(startNs))
  }

  valueEnds(value: Value): void {
    if (value.isPush) {
      this.#pushed(value)
      return
    }
    const response = this.#answering
    this.#answering = undefined
    if (!response) {
      this.#link.dropped(1)
      return
    }
    this.#fill(response, value)
    this.#pairing.responseEnds(response.answer, value.endNs)
    this.#answered(response)
  }

  #responds(answer: Response['answer']): Response {
    const response: Response = {
      answer,
      done: false,
      isCut: false,
      isRunning: false,
      isError: false,
      text: '',
      size: 0,
      endNs: 0,
      held: 0,
    }
    this.#responses.push(response)
    this.#holds(response, MESSAGE_BYTES)
    return response
  }

  #fill(response: Response, { text, size, endNs, isError }: Value): void {
    response.text = text
    response.size = size
    response.endNs = endNs
    response.isError = isError
    response.done = true
    this.#holds(response, 2 * text.length)
  }

  #answered(response: Response): void {
    this.#take(response.endNs, false)
  }

  /** Nothing that is pushed is within an answer. */
  #pushed(value: Value): void {
    this.#sureFromNs = Math.min(this.#sureFromNs, value.startNs)
    const response = this.#pushes.pushed(value, (answer) => this.#responds(answer))
    if (response?.done) this.#answered(response)
  }

  /** The answer that is still coming ends here, as far as it is seen. */
  #cut(): void {
    const value = this.#server.cut
    const response = this.#answering
    this.#answering = undefined
    this.#server.reset()
    this.#pushes.endConfirming()
    if (!value) return
    if (!response) {
      this.#link.dropped(1)
      return
    }
    this.#fill(response, value)
    if (this.#link.goesOn) response.isRunning = true
    else response.isCut = true
    this.#pairing.responseEnds(response.answer, value.endNs)
  }

  #lostReplies(timeNs: number): void {
    this.#cut()
    this.#isParked = false
    this.#pushes.forget()
    this.#sureFromNs = Number.POSITIVE_INFINITY
    this.#pairing.responseGap({ isBetween: false, timeNs })
  }

  /** An old replica is sent the copy of the data at once, without a line before it. */
  #replicates(input: Input): Read | undefined {
    const [command] = this.#commands
    if (command?.name !== 'SYNC' || !this.#server.isIdle) return undefined
    if (input.bytes[input.pos] !== STRING || input.pos === input.end) return undefined
    const startNs = input.timeAt(input.pos)
    this.answerBegins(startNs)
    const nothing = {
      isPush: false,
      isMarked: false,
      isHoled: false,
      isError: false,
      firsts: [],
      text: '',
      size: 0,
      startNs,
      endNs: startNs,
    }
    this.valueEnds(nothing)
    this.#leave = REPLICATION
    return REPLICATION
  }

  // ── What becomes of them ───────────────────────────────────────────────────

  pair(command: Command, response: Response): void {
    this.#left(command)
    this.#left(response)
    if (isReplication(command.name)) {
      this.#isParked = false
      if (beginsReplication(response.text)) this.#leave = REPLICATION
    }
    if (command.name === 'RESET' && !response.isError) this.#pushes.reset()
    const ended = response.isRunning ? 'running' : 'complete'
    this.#emit(command, response, response.isCut ? 'cut' : ended, response.endNs, this.#link.sink)
  }

  unanswered(command: Command, nowNs: number): void {
    this.#left(command)
    this.#emit(command, undefined, this.#link.goesOn ? 'waiting' : 'unanswered', nowNs, this.#link.sink)
  }

  drop(message: Command | Response): void {
    this.#left(message)
    if ('name' in message && isReplication(message.name)) this.#isParked = false
    // A command that is cut here was counted with what cuts it.
    if (this.#isPassedOver && !('answer' in message) && message.done) this.#link.passedOver(1)
    else this.#link.dropped(1)
  }

  #take(nowNs: number, final: boolean): void {
    if (this.#responses.length === 0 && !final) return
    this.#pairing.take(this.#commands, this.#responses, nowNs, final, this)
  }

  #holds(message: Command | Response, bytes: number): void {
    if (message.held < 0) return
    message.held += bytes
    this.#waitingBytes += bytes
  }

  #left(message: Command | Response): void {
    if (message.held > 0) this.#waitingBytes -= message.held
    message.held = GONE
  }

  #emit(
    command: Command,
    response: Response | undefined,
    outcome: Outcome,
    timeNs: number,
    sink: Sink,
  ): void {
    const text = response ? responseText(command, response, this.redact) : ''
    const shown = response && { ...response, text }
    appendExchange(sink, this.#link.connection, { command, response: shown, outcome, timeNs })
  }
}
