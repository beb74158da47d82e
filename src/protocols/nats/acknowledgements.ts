/** The answer of a verbose server to each command of a client: +OK, or -ERR. (nats-server, server/client.go) */
import type { Answer } from '../lib/pairing'
import type { Side } from '../protocol'
import type { Verb } from './lines'

/** PING is answered by PONG, and PONG by nothing. */
export const VERBOSE_VERBS: ReadonlySet<Verb> = new Set<Verb>(['CONNECT', 'PUB', 'HPUB', 'SUB', 'UNSUB'])

/** A command that waits for its answer. */
export interface Command {
  readonly seq: number
  readonly verb: Verb
  readonly subject: string
  /** Its payload has arrived completely. */
  done: boolean
  body: string
  timeNs: number
}

export interface Acknowledgement {
  readonly answer: Answer<undefined>
  readonly done: boolean
  /** The text of -ERR, in its quotes; empty for +OK. */
  readonly error: string
  /** The body of the row that it makes when it answers no command. */
  readonly body: string
  readonly sender: Side
  readonly timeNs: number
}

interface Kind {
  readonly error: RegExp
  readonly verb: RegExp
  /** The error names the command's subject in double quotes. */
  readonly names?: true
}

/** Errors that a server sends in place of a +OK, and for which verbs. Others come at any time, or before a +OK. */
const IN_PLACE: readonly Kind[] = [
  { error: /^'Authorization Violation'/i, verb: /^CONNECT$/ },
  { error: /^'Permissions Violation for Publish to/i, verb: /^H?PUB$/, names: true },
  { error: /^'Permissions Violation for Publish with Reply/i, verb: /^H?PUB$/ },
  { error: /^'Permissions Violation for Subscription to/i, verb: /^SUB$/, names: true },
  { error: /^'Maximum Payload Violation/i, verb: /^H?PUB$/ },
  { error: /^'Maximum Subscriptions Exceeded/i, verb: /^SUB$/ },
  { error: /^'Invalid Subject'/i, verb: /^SUB$/ },
]

/**
 * The waiting command that the error answers, or undefined: the next in turn (`isNext`), or the only one with the
 * verb and subject that it names.
 */
export function answeredBy(
  error: string,
  waiting: readonly Command[],
  isNext: (command: Command) => boolean,
): Command | undefined {
  const kind = IN_PLACE.find((each) => each.error.test(error))
  if (!kind) return undefined
  const subject = kind.names ? /"([^"]*)"/.exec(error)?.[1] : undefined
  let only: Command | undefined
  for (const command of waiting) {
    if (!kind.verb.test(command.verb) || (kind.names && command.subject !== subject)) continue
    if (isNext(command)) return command
    if (only || !kind.names) return undefined
    only = command
  }
  return only
}
