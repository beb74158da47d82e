/** A command and its answer, and their row in `memcached_events`. */
import type { Outcome } from '../lib/columns'
import { REDACTED, redactText } from '../lib/redact'
import { isSecretKey } from '../lib/secret-keys'
import type { Connection, Sink } from '../protocol'
import { memcachedEvents } from './table'

export type Form = 'text' | 'meta' | 'binary'

export interface Asked {
  readonly form: Form
  readonly cmd: string
  readonly keys: readonly string[]
  /** How many keys there are beside those. */
  readonly moreKeys: number
  readonly args: string
  /** Keys are looked up: the answer tells which were found. */
  readonly isLookup: boolean
  readonly isQuiet: boolean
  readonly startNs: number
  body: string
  size: number
  /** The value is a secret. */
  isSecret: boolean
}

export interface Answered {
  line: string
  /** Values by their keys, as far as there was room. */
  values: readonly (readonly [string, string])[]
  /** How many there were. */
  hits: number
  size: number
  isStatistics: boolean
}

export const NO_ANSWER: Answered = { line: '', values: [], hits: 0, size: 0, isStatistics: false }

export interface Exchange {
  readonly asked: Asked
  readonly answered: Answered | undefined
  readonly outcome: Outcome
  readonly timeNs: number
}

/** Most arguments and answers: numbers, or one word in capitals. */
const PLAIN = /^[\d -]*$|^[A-Z_]{2,10}$/

export function appendRow(
  sink: Sink,
  connection: Connection,
  redact: boolean,
  { asked, answered, outcome, timeNs }: Exchange,
): void {
  const { keys, moreKeys } = asked
  const safe = redact ? redactText : (text: string) => text
  const isSecret = redact && (asked.isSecret || keys.some(isSecretKey))
  const body = (text: string) => (text === '' ? '' : isSecret ? REDACTED : safe(text))
  const isOne = keys.length + moreKeys <= 1
  sink.append(memcachedEvents, {
    ...connection,
    time_: timeNs,
    form: asked.form,
    cmd: asked.cmd,
    key: safe(
      isOne ? (keys[0] ?? '') : JSON.stringify(moreKeys > 0 ? [...keys, `… ${moreKeys} more`] : keys),
    ),
    keys: keys.length + moreKeys,
    hits: asked.isLookup && answered ? answered.hits : -1,
    args: PLAIN.test(asked.args) ? asked.args : safe(asked.args),
    req_body: body(asked.body),
    req_size: asked.size,
    resp: answered === undefined || PLAIN.test(answered.line) ? (answered?.line ?? '') : safe(answered.line),
    resp_body: answered ? body(valuesText(answered, isOne)) : '',
    resp_size: answered?.size ?? 0,
    quiet: asked.isQuiet,
    latency: Math.max(0, timeNs - asked.startNs),
    outcome,
  })
}

function valuesText({ values, hits, isStatistics }: Answered, isOne: boolean): string {
  if (values.length === 0) return ''
  if (isOne && !isStatistics && hits <= 1) return values[0]![1]
  const more = hits > values.length ? [['…', `${hits - values.length} more`]] : []
  return JSON.stringify(Object.fromEntries([...values, ...more]))
}
