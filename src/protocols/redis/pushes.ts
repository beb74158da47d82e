/** What a server says that answers no command, and the answers of subscriptions, of which one command has several. */
import type { Answer, Pairing } from '../lib/pairing'
import { redactText } from '../lib/redact'
import type { Link } from '../protocol'
import { divide } from './names'
import type { Value } from './replies'
import { appendPush } from './rows'
import { redactMonitored } from './secrets'
import { isConfirmation, isMessage, mayFollowSubscription, Subscriptions } from './subscriptions'
import { MAX_CHANNELS } from './texts'
import type { Command, Response } from './types'

/** A line of MONITOR: time, database and address, command. */
const MONITORED = /^\d{9,11}\.\d{6} \[-?\d+ [^\]]*\] "/
/** Of the commands that wait the answer belongs to one of so many: answers come in order. */
const MAX_AHEAD = 16
const KIND = /^[A-Za-z_-]{1,32}$/

interface Confirming {
  readonly command: Command
  readonly response: Response
  /** How many are still to come. */
  answers: number
  /** Those that came, as JSON. */
  texts: string
  omitted: number
  readonly isSingle: boolean
}

export class Pushes {
  readonly #link: Link
  readonly #pairing: Pairing<undefined>
  readonly #commands: readonly Command[]
  readonly #subscriptions: Subscriptions
  /** RESP3: what is pushed shows it. */
  #isMarked = false
  /** A subscription of which some answers came, and more are to come. */
  #confirming: Confirming | undefined

  /** `commands`: those that wait. */
  constructor(link: Link, pairing: Pairing<undefined>, commands: readonly Command[], isWhole: boolean) {
    this.#link = link
    this.#pairing = pairing
    this.#commands = commands
    this.#subscriptions = new Subscriptions(isWhole)
  }

  /** Something wasn't seen. */
  forget(): void {
    this.#subscriptions.forget()
    this.#confirming = undefined
  }

  /** The connection is as a new one. */
  reset(): void {
    this.#subscriptions.reset()
    this.#isMarked = false
  }

  isPushed(kind: string, count: number): boolean {
    if (this.#isMarked) return false
    const [next] = this.#commands
    const isMode = next === undefined || mayFollowSubscription(next.name)
    if (count === 3 && isConfirmation(kind)) return isMode || this.#waiting(kind) !== undefined
    return isMessage(kind, count) && (this.#subscriptions.isSubscribed ?? isMode)
  }

  isPushedLine(text: string): boolean {
    return MONITORED.test(text)
  }

  /** Takes what is pushed; the answer of which it is a part, if it is one. `respond` begins an answer. */
  pushed(value: Value, respond: (answer: Answer<undefined>) => Response): Response | undefined {
    this.#isMarked ||= value.isMarked
    const [kind = '', channel = '', total = ''] = value.firsts
    if (value.isHoled) return this.#unknown()
    if (!isConfirmation(kind)) {
      this.#append(kind, value)
      return undefined
    }
    const response = this.#confirms(kind, channel, total, value, respond)
    this.#subscriptions.confirmed(kind, Number(total))
    // Its command wasn't seen.
    return response ?? this.#unknown()
  }

  /** It may be the answer of a subscription. */
  #unknown(): undefined {
    this.#link.dropped(1)
    this.#pairing.responseGap()
  }

  /** No further answer of a subscription comes. */
  endConfirming(): Response | undefined {
    const confirming = this.#confirming
    this.#confirming = undefined
    if (!confirming) return undefined
    const { response, texts, omitted, isSingle } = confirming
    const more = omitted > 0 ? `,"… ${omitted} more"` : ''
    response.text = isSingle ? texts : `[${texts}${more}]`
    response.done = true
    this.#pairing.responseEnds(response.answer, response.endNs)
    return response
  }

  #confirms(
    kind: string,
    channel: string,
    total: string,
    value: Value,
    respond: (answer: Answer<undefined>) => Response,
  ): Response | undefined {
    if (this.#confirming && !isFor(this.#confirming.command, kind, channel)) this.endConfirming()
    if (!this.#confirming) {
      const command = this.#waiting(kind, channel)
      if (!command) return undefined
      const answers =
        command.answers ?? this.#subscriptions.answersTo(command.name) ?? Number.POSITIVE_INFINITY
      const response = respond(this.#pairing.responseNames(command, value.startNs))
      this.#confirming = { command, response, answers, texts: '', omitted: 0, isSingle: answers === 1 }
    }
    const confirming = this.#confirming
    const { response } = confirming
    response.size += value.size
    response.endNs = value.endNs
    if (confirming.texts.length > this.#link.settings.bodyLimit) confirming.omitted++
    else confirming.texts += confirming.texts === '' ? value.text : `,${value.text}`
    confirming.answers--
    const isLast = confirming.answers === Number.POSITIVE_INFINITY && total === '0'
    if (confirming.answers <= 0 || isLast) this.endConfirming()
    return response
  }

  /** The command that such an answer may belong to: one of the first that wait. */
  #waiting(kind: string, channel?: string): Command | undefined {
    const most = Math.min(this.#commands.length, MAX_AHEAD)
    for (let i = 0; i < most; i++) if (isFor(this.#commands[i]!, kind, channel)) return this.#commands[i]
    return undefined
  }

  #append(kind: string, value: Value): void {
    const { connection, sink, settings } = this.#link
    const isLine = value.firsts.length === 0 && MONITORED.test(value.text)
    const other = KIND.test(kind) ? kind.toUpperCase() : 'DATA'
    const name = isLine ? 'MONITOR' : isMessage(kind) ? 'PUB' : other
    appendPush(sink, connection, {
      name,
      text: settings.redact ? safe(value.text, isLine) : value.text,
      value,
    })
  }
}

function isFor(command: Command, kind: string, channel: string | undefined): boolean {
  const { name, channels, done } = command
  if (!done || name.length !== kind.length || name !== kind.toUpperCase()) return false
  return (
    channel === undefined ||
    channels.length === 0 ||
    channels.length >= MAX_CHANNELS ||
    channels.includes(channel)
  )
}

const safe = (text: string, isLine: boolean): string =>
  redactText(
    isLine ? redactMonitored(text, ([name = '', ...args]) => divide(name.toUpperCase(), args)) : text,
  )
