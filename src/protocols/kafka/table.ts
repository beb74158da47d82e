import { defineTable, extra, int, string } from '../../records/table'
import { code, encrypted, keyword, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const

export const kafkaEvents = defineTable(
  'kafka_events.beta',
  'Kafka requests with their answers',
  {
    ...seenAt,
    encrypted,
    req_cmd: code('API key of the request'),
    client_id: string('Name that the client gives itself'),
    req_body: string('Request as JSON, without what records hold and without secrets'),
    resp: string('Answer as JSON; empty: there is none'),
    latency,
    req_version: extra(code('Version of the API in which is asked and answered')),
    correlation_id: extra(int('Number of the request on its connection')),
    req_size: extra(int('Bytes of the request', bytes)),
    resp_size: extra(int('Bytes of the answer', bytes)),
    error: extra(keyword('Name of the first error in the answer; empty: none')),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: "df.error != ''" },
)
