import { defineTable, string } from '../../records/table'
import { encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const dnsEvents = defineTable(
  'dns_events',
  'DNS queries with their answers',
  {
    ...seenAt,
    encrypted,
    req_header: string('Header of the query as JSON'),
    req_body: string('Questions as JSON'),
    resp_header: string('Header of the answer as JSON'),
    resp_body: string('Answers as JSON'),
    latency,
    outcome,
    remote_upid: remoteUpid,
  },
  {
    failure: "px.pluck_int64(df.resp_header, 'rcode') != 0 and px.pluck_int64(df.resp_header, 'rcode') != 3",
  },
)
