import { defineTable, extra, int, string } from '../../records/table'
import { code, encrypted, keyword, latency, outcome, remoteUpid, seenAt, structured } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const

export const muxEvents = defineTable(
  'mux_events',
  'Mux messages with their answers',
  {
    ...seenAt,
    encrypted,
    req_type: code('Type of the message'),
    latency,
    req_destination: extra(string('Path of the service that a Tdispatch asks')),
    req_method: extra(string('Method that is called, where the message is one of Thrift; else empty')),
    req_contexts: extra(
      structured('Contexts of a request, or the headers of Tinit, as a JSON object, without secrets'),
    ),
    req_body: extra(string('Head of what the request says', { pattern: 'STRUCTURED' })),
    req_body_size: extra(int('Bytes of it', bytes)),
    resp_type: extra(code('Type of the answer; 0: there is none')),
    resp_status: extra(
      keyword('Ok, Error or Nack, of an answer to a request; Rerr: the message wasn’t understood'),
    ),
    resp_contexts: extra(structured('Contexts of the answer, or the headers of Rinit')),
    resp_body: extra(string('Head of what the answer says', { pattern: 'STRUCTURED' })),
    resp_body_size: extra(int('Bytes of it', bytes)),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: "df.resp_status == 'Error' or df.resp_status == 'Nack' or df.resp_status == 'Rerr'" },
)
