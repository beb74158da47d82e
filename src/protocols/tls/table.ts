import { defineTable } from '../../records/table'
import { code, latency, remoteUpid, seenAt, structured } from '../lib/columns'

export const tlsEvents = defineTable('tls_events', 'TLS handshakes', {
  ...seenAt,
  req_type: code('Content type of the record'),
  req_body: structured('ClientHello as JSON: server name, versions, extensions'),
  resp_body: structured('ServerHello as JSON: version, cipher, extensions'),
  latency,
  remote_upid: remoteUpid,
})
