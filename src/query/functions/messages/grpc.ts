/**
 * Procedure calls over HTTP: what heads, trailers and, where these aren't fields of HTTP, the end of the content say.
 *
 *     gRPC      grpc-timeout, grpc-encoding, grpc-status, grpc-message: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 *     gRPC-Web  the same; trailers are the last message: …/PROTOCOL-WEB.md
 *     Connect   connect-timeout-ms, connect-content-encoding, Content-Encoding; errors are JSON: https://connectrpc.com/docs/protocol
 */
import { objectIn } from '../../../json'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { type Headers, headersOf } from './headers'

const MAX_NAME = 256
/** Characters of an end of content that are looked at. */
const MAX_END = 4096

type Kind = 'grpc' | 'grpc-web' | 'connect'

const HINTS = /grpc|connect/i

/** What streams of Connect have in front of the names, and unary calls haven't. */
const TYPES: readonly (readonly [RegExp, Kind])[] = [
  [/^application\/grpc-web(?:-text)?\b/i, 'grpc-web'],
  [/^application\/grpc\b/i, 'grpc'],
  [/^application\/connect\+/i, 'connect'],
]

function kindOf(path: string, asked: Headers, said: Headers): Kind | undefined {
  const type = asked.get('content-type') ?? said.get('content-type') ?? ''
  const known = TYPES.find(([pattern]) => pattern.test(type))?.[1]
  if (known) return known
  return asked.has('connect-protocol-version') || /[?&]connect=v1(?:&|$)/.test(path.slice(0, MAX_END))
    ? 'connect'
    : undefined
}

interface Status {
  /** doc/statuscodes.md of gRPC; -1 where it isn't known. */
  readonly status: number
  readonly message: string
}
const UNKNOWN: Status = { status: -1, message: '' }
const OK: Status = { status: 0, message: '' }

/** In the order of their numbers, from 1 on, as Connect names them. */
const CODES =
  'canceled unknown invalid_argument deadline_exceeded not_found already_exists permission_denied resource_exhausted failed_precondition aborted out_of_range unimplemented internal unavailable data_loss unauthenticated'.split(
    ' ',
  )

function statusIn(fields: Headers): Status | undefined {
  const code = /^\d{1,3}$/.exec(fields.get('grpc-status') ?? '')
  return code ? { status: Number(code[0]), message: decoded(fields.get('grpc-message') ?? '') } : undefined
}

/** Percent-encoded UTF-8; what is no such code stays. */
function decoded(text: string): string {
  const kept = text.slice(0, MAX_NAME)
  try {
    return decodeURIComponent(kept)
  } catch {
    return kept
  }
}

/** Trailers of gRPC-Web: lines at the end of the content. */
function webStatus(body: string): Status | undefined {
  const end = body.slice(-MAX_END)
  const lines = [...end.matchAll(/^(grpc-(?:status|message)):[ \t]*([^\r\n]{0,1024})\r?$/gim)]
  return statusIn(new Map(lines.map(([, name = '', value = '']) => [name.toLowerCase(), value])))
}

function connectStatus(asked: Headers, httpStatus: number, body: string): Status {
  const isStream = /^application\/connect\+/i.test(asked.get('content-type') ?? '')
  if (!isStream) return httpStatus === 200 ? OK : httpStatus > 0 ? (connectError(body) ?? UNKNOWN) : UNKNOWN
  // The last message is an object, with the error if there was one.
  const last = objectIn(body.slice(-MAX_END).split('\n').at(-1) ?? '')
  if (!last) return UNKNOWN
  return last.error === undefined ? OK : (connectError(JSON.stringify(last.error)) ?? UNKNOWN)
}

function connectError(text: string): Status | undefined {
  const { code, message } = objectIn(text) ?? {}
  const status = typeof code === 'string' ? CODES.indexOf(code) + 1 : 0
  if (status === 0) return undefined
  return { status, message: typeof message === 'string' ? message.slice(0, MAX_NAME) : '' }
}

const UNITS: Readonly<Record<string, number>> = { H: 3600e9, M: 60e9, S: 1e9, m: 1e6, u: 1e3, n: 1 }

/** In nanoseconds, 104 days at most; -1 where there is none. */
function deadlineOf(fields: Headers): number {
  const grpc = /^(\d{1,8})([HMSmun])$/.exec(fields.get('grpc-timeout') ?? '')
  const connect = /^\d{1,10}$/.exec(fields.get('connect-timeout-ms') ?? '')
  if (!grpc && !connect) return -1
  const ns = grpc ? Number(grpc[1]) * UNITS[grpc[2]!]! : Number(connect![0]) * 1e6
  return Math.min(ns, Number.MAX_SAFE_INTEGER)
}

/** Of messages, or of all; '' where they are as they are. */
function codingOf(fields: Headers): string {
  const coding =
    fields.get('grpc-encoding') ??
    fields.get('connect-content-encoding') ??
    fields.get('content-encoding') ??
    ''
  return coding === 'identity' ? '' : coding.slice(0, MAX_NAME)
}

function callOf(
  path: string,
  requestHeaders: string,
  httpStatus: number,
  responseHeaders: string,
  body: string,
) {
  // What isn't one is left as cheaply as possible.
  if (!HINTS.test(requestHeaders) && !HINTS.test(responseHeaders) && !path.includes('connect=v1'))
    return undefined
  const asked = headersOf(requestHeaders)
  const said = headersOf(responseHeaders)
  const kind = kindOf(path, asked, said)
  if (!kind) return undefined
  const [place = ''] = path.slice(0, MAX_END).split('?', 1)
  const [method = '', service = ''] = place.split('/').reverse()
  const status =
    kind === 'connect'
      ? connectStatus(asked, httpStatus, body)
      : (statusIn(said) ?? (kind === 'grpc-web' ? webStatus(body) : undefined) ?? UNKNOWN)
  return {
    kind,
    service: service.slice(0, MAX_NAME),
    method: method.slice(0, MAX_NAME),
    ...status,
    deadline: deadlineOf(asked),
    req_coding: codingOf(asked),
    resp_coding: codingOf(said),
  }
}

export const GRPC: readonly FunctionSpec[] = [
  {
    name: 'grpc_call',
    description:
      'What a request and its answer say of a procedure call, as a JSON object: kind (grpc, grpc-web, connect), service, method, status (a number of gRPC; -1 where it isn’t known), message, deadline (nanoseconds that the client gives it; -1: none), req_coding and resp_coding (gzip, zstd, …; empty: none). ' +
      'Empty for other requests.',
    unit: none,
    overloads: [
      scalar(
        'req_path:STRING req_headers:STRING resp_status:INT64 resp_headers:STRING resp_body:STRING -> STRING',
        (_, path: string, asked: string, status: number | bigint, said: string, body: string) => {
          const call = callOf(path, asked, Number(status), said, body)
          return call ? JSON.stringify(call) : ''
        },
      ),
    ],
  },
]
