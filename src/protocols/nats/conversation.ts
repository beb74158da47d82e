/** NATS on one connection: each message of both sides as a row of `nats_events`. */

import { objectIn } from '../../json'
import type { Outcome } from '../lib/columns'
import { Pairing } from '../lib/pairing'
import { redactUrl } from '../lib/redact'
import type { Pairs } from '../lib/take-pairs'
import type { Conversation, Input, Link, Read, Side } from '../protocol'
import { type Acknowledgement, answeredBy, type Command, VERBOSE_VERBS } from './acknowledgements'
import { bodyOf, type Kind, mayBeTail, type Setting } from './body'
import { Framing, type Listener, type Said } from './framing'
import type { ControlLine } from './lines'
import { boundary } from './recognise'
import { natsEvents } from './table'

/** Commands that wait for their +OK at most; with more of them it doesn't come. */
const MAX_WAITING = 1024
const WAIT_NS = 2e9
/** Memory of a command beside its texts. */
const COMMAND_BYTES = 200

type Reply = Omit<Acknowledgement, 'answer' | 'done'>

export class NatsConversation implements Conversation, Listener, Pairs<Command, Acknowledgement>, Setting {
  kind: Kind = 'client'
  isPinned = false
  readonly #link: Link
  readonly #client: Framing
  readonly #server: Framing
  /** The server answers each command; it does unless CONNECT says otherwise. `undefined`: CONNECT wasn't seen, and the answers will tell. */
  #isVerbose: boolean | undefined
  #pairing: Pairing<undefined>
  readonly #commands: Command[] = []
  readonly #answers: Acknowledgement[] = []
  /** The one of them whose payload is still coming. */
  #begun: Command | undefined
  #waitingBytes = 0

  constructor(link: Link) {
    this.#link = link
    this.#client = new Framing('client', this, link.isWhole)
    this.#server = new Framing('server', this, link.isWhole)
    this.#isVerbose = link.isWhole ? true : undefined
    this.#pairing = this.#newPairing()
  }

  get bodyLimit(): number {
    return this.#link.settings.bodyLimit
  }

  get held(): number {
    return this.#waitingBytes + this.#client.held + this.#server.held
  }

  read(side: Side, input: Input): Read {
    return this.#framing(side).read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framing(side)
    if (framing.pass(bytes, timeNs)) return true
    if (this.#link.goesOn) framing.cut()
    else if (!framing.isIdle) this.#link.dropped(1)
    framing.reset()
    if (side === 'client') this.#forget()
    this.#unsure(side)
    return false
  }

  unwanted(side: Side): number {
    return this.#framing(side).unwanted
  }

  get unsure(): number {
    // Answers leave in order: the later ones wait for the first.
    return this.#answers[0]?.answer.certainty === 'tentative' ? this.#answers.length : 0
  }

  get isUndecided(): boolean {
    return this.#commands.length + this.#answers.length > 0
  }

  settle(nowNs: number, final: boolean): void {
    if (final) {
      // A message that the connection's end cuts was sent as far as it was seen; commands are no longer answered.
      this.#forget()
      this.#client.cut()
      this.#server.cut()
    }
    this.#take(nowNs, final)
    if (final) return
    const isLate = ({ done, timeNs }: Command) => done && nowNs - timeNs > WAIT_NS
    let late = 0
    while (late < this.#commands.length && isLate(this.#commands[late]!)) late++
    if (late > 0) this.#giveUp(late)
  }

  shed(): void {
    this.#forget()
    for (const command of this.#commands.splice(0)) this.unanswered(command)
    for (const framing of [this.#client, this.#server]) {
      if (!framing.isIdle) this.#link.dropped(1)
      framing.reset()
    }
    this.#unsure('client')
    this.#unsure('server')
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  begins(side: Side, line: ControlLine, timeNs: number): void {
    if (this.#isAnswered(side, line)) this.#begun = this.#asks(line, timeNs)
  }

  says(side: Side, said: Said): void {
    const { line, timeNs } = said
    if (said.isFirst && mayBeTail(said, this.kind)) {
      this.#forget()
      this.#link.dropped(1)
      return
    }
    this.#learn(said)
    if (line.verb === '+OK') {
      this.#acknowledged({ error: '', body: '', sender: side, timeNs })
      return
    }
    const isServers = line.verb === 'HMSG' && side === 'client' && this.kind === 'client'
    // Clients receive HMSG and don't send it.
    const setting: Setting = isServers ? { kind: 'route', isPinned: false } : this
    const body = bodyOf(said, setting, this.#link.settings)
    if (said.isCut) {
      this.#emit(line.verb, body, '', side, timeNs, this.#link.goesOn ? 'running' : 'cut')
      return
    }
    if (line.verb === '-ERR') this.#failed({ error: line.rest, body, sender: side, timeNs })
    else if (this.#isAnswered(side, line)) this.#waits(said, body)
    else this.#emit(line.verb, body, '', side, timeNs)
  }

  /** Learns from a message what kind of connection this is. */
  #learn({ line: { verb, rest } }: Said): void {
    if (verb === 'RS+' || verb === 'RS-' || verb === 'RMSG') this.#betweenServers('route')
    else if (verb === 'LS+' || verb === 'LS-' || verb === 'LMSG') this.#betweenServers('leaf')
    else if (verb === 'INFO') {
      const info = objectIn(rest)
      if (info?.route_account) this.isPinned = true
      if (info && ('route_pool_size' in info || 'gateway' in info)) this.#betweenServers('route')
    } else if (verb === 'CONNECT') {
      const options = objectIn(rest)
      if (!options) return
      this.#isVerbose = options.verbose !== false
      if ('lnoc' in options || 'gateway' in options) this.#betweenServers('route')
      else if ('server_id' in options || 'remote_account' in options) this.#betweenServers('leaf')
    }
  }

  #betweenServers(kind: Kind): void {
    if (this.kind !== 'route') this.kind = kind
    this.#isVerbose = false
  }

  // ── Answers of a verbose server ────────────────────────────────────────────

  #isAnswered(side: Side, { verb }: ControlLine): boolean {
    return this.#isVerbose !== false && side === 'client' && VERBOSE_VERBS.has(verb)
  }

  /** A command is counted when it begins: after a hole in it, its rest may be seen after its answer. */
  #asks({ verb, parts }: ControlLine, timeNs: number): Command {
    const seq = this.#pairing.requestBegins(undefined, timeNs)
    const command: Command = { seq, done: false, verb, subject: parts[0] ?? '', body: '', timeNs }
    this.#pairing.requestEnds(command, timeNs)
    this.#commands.push(command)
    this.#waitingBytes += COMMAND_BYTES
    return command
  }

  #waits({ line, timeNs }: Said, body: string): void {
    const command = this.#begun ?? this.#asks(line, timeNs)
    this.#begun = undefined
    command.done = true
    command.body = body
    command.timeNs = timeNs
    this.#waitingBytes += 2 * body.length
    if (this.#answers.length > 0) this.#take(timeNs, false)
    if (this.#commands.length > MAX_WAITING) this.#giveUp(MAX_WAITING / 2)
  }

  /** The command whose payload is still coming is lost; its answer will belong to no row. */
  #forget(): void {
    const command = this.#begun
    if (!command) return
    this.#begun = undefined
    const at = this.#commands.indexOf(command)
    if (at < 0) return
    this.#commands.splice(at, 1)
    this.#left(command)
  }

  /** `named`: the command that the error itself names. */
  #acknowledged(said: Reply, named?: Command): void {
    // A server that sends +OK answers each command.
    if (!named) this.#isVerbose = true
    const { timeNs } = said
    const answer = named ? this.#pairing.responseNames(named, timeNs) : this.#pairing.responseBegins(timeNs)
    this.#pairing.responseEnds(answer, timeNs)
    this.#answers.push({ ...said, answer, done: true })
    this.#take(timeNs, false)
  }

  /** An error answers a command when it can be about no other; else it makes a row of its own. */
  #failed(said: Reply): void {
    const isNext = (command: Command) => this.#pairing.isNext(command)
    const command = said.sender === 'server' ? answeredBy(said.error, this.#commands, isNext) : undefined
    if (command) this.#acknowledged(said, command)
    else this.#error(said)
  }

  #take(nowNs: number, final: boolean): void {
    this.#pairing.take(this.#commands, this.#answers, nowNs, final, this)
  }

  /** The first `count` commands no longer wait: the server isn't verbose after all, or slow. */
  #giveUp(count: number): void {
    const isQuiet = this.#isVerbose === undefined
    if (isQuiet) this.#forget()
    for (const command of this.#commands.splice(0, isQuiet ? this.#commands.length : count))
      this.unanswered(command)
    if (!isQuiet) return
    this.#isVerbose = false
    this.#pairing = this.#newPairing()
  }

  #newPairing(): Pairing<undefined> {
    const link = this.#link
    return new Pairing<undefined>(link.isWhole, link)
  }

  pair(command: Command, { error, timeNs }: Acknowledgement): void {
    this.#left(command)
    const resp = error === '' ? '+OK' : this.#shown(error)
    this.#emit(command.verb, command.body, resp, 'client', Math.max(timeNs, command.timeNs))
  }

  unanswered(command: Command): void {
    const isWaiting = this.#link.goesOn && this.#isVerbose === true
    this.#emitAlone(command, isWaiting ? 'waiting' : 'complete')
  }

  /** Makes the row of a command whatever became of its answer; also that of an error. */
  drop(message: Command | Acknowledgement): void {
    if ('verb' in message) this.#emitAlone(message, 'complete')
    else if (message.error !== '') this.#error(message)
    else this.#link.dropped(1)
  }

  #emitAlone(command: Command, outcome: Outcome): void {
    this.#left(command)
    if (command.done) this.#emit(command.verb, command.body, '', 'client', command.timeNs, outcome)
    else this.#link.dropped(1)
  }

  #left({ body }: Command): void {
    this.#waitingBytes -= COMMAND_BYTES + 2 * body.length
  }

  /** Commands or answers were lost. */
  #unsure(side: Side): void {
    if (side === 'client') this.#pairing.requestGap()
    else this.#pairing.responseGap()
  }

  // ───────────────────────────────────────────────────────────────────────────

  #framing(side: Side): Framing {
    return side === 'client' ? this.#client : this.#server
  }

  #error({ error, body, sender, timeNs }: Reply): void {
    this.#emit('-ERR', body, this.#shown(error), sender, timeNs)
  }

  #shown(error: string): string {
    return `-ERR ${this.#link.settings.redact ? redactUrl(error) : error}`
  }

  #emit(
    cmd: string,
    body: string,
    resp: string,
    sender: Side,
    timeNs: number,
    outcome: Outcome = 'complete',
  ): void {
    const { connection, sink } = this.#link
    sink.append(natsEvents, {
      ...connection,
      time_: timeNs,
      cmd,
      body,
      resp,
      sender,
      outcome,
    })
  }
}
