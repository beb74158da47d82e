import type { Connection, Sink } from '../protocol'
import type { HttpState } from './parse'
import { httpEvents } from './table'
import type { HttpMessage, HttpRequest, HttpResponse } from './types'

/** Pairs by order (see `lib/pairing.ts`) and emits rows; a request without an answer makes none. */
export function stitch(
  requests: HttpMessage[],
  responses: HttpMessage[],
  connection: Connection,
  state: HttpState,
  sink: Sink,
  nowNs: number,
  final: boolean,
): number {
  return state.pairing.take(
    requests as HttpRequest[],
    responses as HttpResponse[],
    nowNs,
    final,
    (request, response) => emit(request, response, connection, sink),
  )
}

function emit(request: HttpRequest, response: HttpResponse, connection: Connection, sink: Sink): void {
  sink.append(httpEvents, {
    time_: response.endNs,
    upid: connection.upid,
    remote_addr: connection.remote_addr,
    remote_port: connection.remote_port,
    local_addr: connection.local_addr,
    local_port: connection.local_port,
    trace_role: connection.trace_role,
    encrypted: connection.encrypted,
    major_version: 1,
    minor_version: response.minor,
    content_type: response.contentType,
    req_headers: request.headers,
    req_method: request.method,
    req_path: request.path,
    req_body: request.body,
    req_body_size: request.bodySize,
    resp_headers: response.headers,
    resp_status: response.status,
    resp_message: response.reason,
    resp_body: response.body,
    resp_body_size: response.bodySize,
    latency: response.endNs - request.startNs,
    outcome: 'complete',
    remote_upid: '',
  })
}
