import { defineTable } from '../../records/table'
import { code, encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const muxEvents = defineTable('mux_events', 'Mux messages with their answers', {
  ...seenAt,
  encrypted,
  req_type: code('Type of the message'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
