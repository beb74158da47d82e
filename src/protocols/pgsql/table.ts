import { defineTable, extra, int, string } from '../../records/table'
import { encrypted, keyword, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const pgsqlEvents = defineTable(
  'pgsql_events',
  'PostgreSQL requests with their answers: statements, what prepares them, logins, calls of functions, cancels; and what the server says unasked',
  {
    ...seenAt,
    encrypted,
    req_cmd: keyword(
      'Kind of message: Query, Parse, Execute, StartupMessage, FunctionCall, CancelRequest; Bind, Describe, Close and Sync where they failed; ' +
        'NotificationResponse, NoticeResponse and ErrorResponse where the server says them unasked',
    ),
    req: string(
      'Statement or arguments; of Execute (and of a Bind that failed): query=[statement] params=[values]. ' +
        'A statement that was prepared unseen is <unknown statement NAME>',
    ),
    resp: string(
      'Names of columns, rows (the first ones), notices, command tag or error of the answer; what was left out of it is …',
    ),
    latency,
    resp_rows: extra(int('Rows that were returned, else those that the command tag counts')),
    error_code: extra(keyword('SQLSTATE of the error; empty: there was none')),
    req_data: extra(string('Head of the data that the client sent for COPY FROM STDIN')),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: "df.error_code != ''" },
)
