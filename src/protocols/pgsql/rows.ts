/** Rows of `pgsql_events`. */

import { bodyText } from '../lib/body-text'
import { utf8 } from '../lib/bytes'
import type { Outcome } from '../lib/columns'
import type { Link, Sink } from '../protocol'
import { reportOf } from './fields'
import type { Message } from './framing'
import { int32, SERVER } from './letters'
import { type Request, reqOf } from './requests'
import { redactCopied } from './secrets'
import { pgsqlEvents } from './table'
import { safeText } from './texts'

/** Kinds whose success has no row: what they do shows in the Execute behind them. */
const QUIET: ReadonlySet<string> = new Set(['Bind', 'Describe', 'Close', 'Sync'])

export const hasRow = ({ kind, error, isShown }: Request): boolean =>
  !isShown && (error !== '' || !QUIET.has(kind))

export function appendRequest(
  { connection, settings }: Link,
  sink: Sink,
  request: Request,
  outcome: Outcome,
  endNs: number,
): void {
  const { kind, text, copies, rows, counted, error, data, startNs, req, portal } = request
  const isCopy = data !== undefined || copies !== 'no'
  const safe = (said: string): string => {
    if (!settings.redact || said === '') return said
    return safeText(isCopy ? redactCopied(portal?.statement.sql.text ?? req, said) : said, true)
  }
  sink.append(pgsqlEvents, {
    ...connection,
    time_: endNs,
    req_cmd: kind,
    req: reqOf(request),
    resp: safe(text),
    latency: Math.max(0, endNs - startNs),
    resp_rows: rows > 0 ? rows : counted,
    error_code: error,
    req_data: data ? safe(bodyText(data.bytes, data.length)) : '',
    outcome,
  })
}

interface Said {
  readonly req_cmd: string
  readonly req?: string
  readonly resp?: string
  readonly error?: string
}

/** What nobody answers, or nobody asked for. */
function appendSaid(link: Link, { req_cmd, req = '', resp = '', error = '' }: Said, timeNs: number): void {
  link.sink.append(pgsqlEvents, {
    ...link.connection,
    time_: timeNs,
    req_cmd,
    req,
    resp: safeText(resp, link.settings.redact),
    latency: 0,
    resp_rows: 0,
    error_code: error,
    req_data: '',
    outcome: 'complete',
  })
}

/** The key behind the number of the process is a secret. */
export function appendCancel(link: Link, { bytes, from, to, endNs }: Message): void {
  const req = from + 8 <= to ? `process ${int32(bytes, from + 4)}` : ''
  appendSaid(link, { req_cmd: 'CancelRequest', req }, endNs)
}

/** A process, a channel and what was told on it. */
export function appendNotification(link: Link, { bytes, from, to, endNs }: Message): void {
  const start = Math.min(from + 4, to)
  const [channel = '', payload = ''] = utf8(bytes, start, to).split('\0')
  appendSaid(link, { req_cmd: 'NotificationResponse', resp: `${channel}: ${payload}` }, endNs)
}

export function appendReport(link: Link, { letter, bytes, from, to, endNs }: Message): void {
  const { code, text } = reportOf(bytes, from, to, link.settings.redact)
  const isError = letter === SERVER.error
  const req_cmd = isError ? 'ErrorResponse' : 'NoticeResponse'
  appendSaid(link, { req_cmd, resp: text, error: isError ? code : '' }, endNs)
}
