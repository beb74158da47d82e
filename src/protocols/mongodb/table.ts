import { defineTable, extra, int, string } from '../../records/table'
import { encrypted, keyword, latency, outcome, remoteUpid, seenAt, structured } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const

export const mongodbEvents = defineTable(
  'mongodb_events',
  'MongoDB commands with their answers',
  {
    ...seenAt,
    encrypted,
    req_cmd: string('Name of the command; <unknown> where it could not be decompressed'),
    req_body: structured('Head of the command as relaxed extended JSON, without secrets'),
    resp_status: keyword('ok; error: all or some of it failed; empty: no answer, or it is not known'),
    resp_body: structured('Head of the first answer as relaxed extended JSON, without secrets'),
    latency,
    database: extra(string('Database of the command')),
    collection: extra(string('Collection of the command; empty for commands that have none')),
    docs_sent: extra(int('Documents, updates or deletions that the command brings')),
    docs_returned: extra(int('Documents of all answers; values of distinct')),
    n: extra(int('Documents that were inserted, matched, deleted or counted, as the answer says')),
    n_modified: extra(int('Documents that an update changed')),
    error_code: extra(int('Code of the first error; 0 without one')),
    error_text: extra(string('Text of the first error')),
    answers: extra(int('Answers to the command; 0 for one that asks for none')),
    compression: extra(keyword('How the command was compressed: snappy, zlib or zstd; else empty')),
    req_body_size: extra(int('Bytes of the command, decompressed', bytes)),
    resp_body_size: extra(int('Bytes of all answers, decompressed', bytes)),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: "df.resp_status == 'error'" },
)
