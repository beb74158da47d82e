/** A request with its response as a row of `http_events`. */

import type { Connection, Sink } from '../../protocol'
import type { Outcome } from '../columns'
import type { SeenRequest, SeenResponse } from './seen'
import { httpEvents } from './table'

export interface Exchange {
  readonly major: number
  readonly minor: number
  readonly request: SeenRequest | undefined
  /** There is one of them at least. */
  readonly response: SeenResponse | undefined
  readonly outcome: Outcome
  readonly timeNs: number
}

export function appendRow(sink: Sink, connection: Connection, exchange: Exchange): void {
  const { major, minor, request, response, outcome, timeNs } = exchange
  sink.append(httpEvents, {
    ...connection,
    time_: timeNs,
    major_version: major,
    minor_version: minor,
    content_type: response?.contentType ?? 0,
    req_headers: request?.headers ?? '{}',
    req_method: request?.method ?? '',
    req_path: request?.path ?? '',
    req_body: request?.body ?? '',
    req_body_size: request?.bodySize ?? 0,
    resp_headers: response?.headers ?? '{}',
    resp_status: response?.status ?? 0,
    resp_message: response?.reason ?? '',
    resp_body: response?.body ?? '',
    resp_body_size: response?.bodySize ?? 0,
    latency: timeNs - (request ?? response)!.startNs,
    outcome,
    req_messages: request?.messages ?? 0,
    resp_messages: response?.messages ?? 0,
    req_facts: request?.facts ?? '',
    resp_facts: response?.facts ?? '',
    first_body_latency: firstBodyLatency(exchange),
  })
}

/** -1 where it isn't known. */
function firstBodyLatency({ request, response }: Exchange): number {
  if (!request || !response || response.contentNs < 0) return -1
  return Math.max(0, response.contentNs - request.startNs)
}
