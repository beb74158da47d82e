/** Rows of `redis_events`. */
import type { Outcome } from '../lib/columns'
import type { Connection, Sink } from '../protocol'
import type { Value } from './replies'
import { redisEvents } from './table'
import type { Command, Response } from './types'

/** A command, and its answer where it has one. */
export function appendExchange(
  sink: Sink,
  connection: Connection,
  {
    command,
    response,
    outcome,
    timeNs,
  }: {
    readonly command: Command
    readonly response: Response | undefined
    readonly outcome: Outcome
    readonly timeNs: number
  },
): void {
  sink.append(redisEvents, {
    ...connection,
    time_: timeNs,
    req_cmd: command.name,
    req_args: command.args,
    resp: response?.text ?? '',
    latency: Math.max(0, timeNs - command.startNs),
    outcome,
    error: response?.isError ? errorIn(response.text) : '',
    req_size: command.size,
    resp_size: response?.size ?? 0,
  })
}

/** What a server pushes. */
export function appendPush(
  sink: Sink,
  connection: Connection,
  {
    name,
    text,
    value,
  }: {
    readonly name: string
    readonly text: string
    readonly value: Value
  },
): void {
  sink.append(redisEvents, {
    ...connection,
    time_: value.endNs,
    req_cmd: `PUSH ${name}`,
    req_args: '[]',
    resp: text,
    latency: 0,
    outcome: 'complete',
    error: '',
    req_size: 0,
    resp_size: value.size,
  })
}

const errorIn = (text: string): string => /^-([A-Z][A-Z0-9_]{0,31})\b/.exec(text)?.[1] ?? 'ERR'
