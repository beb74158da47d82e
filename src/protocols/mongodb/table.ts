import { defineTable, string } from '../../records/table'
import { encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const mongodbEvents = defineTable('mongodb_events', 'MongoDB commands with their answers', {
  ...seenAt,
  encrypted,
  req_cmd: string('Name of the command'),
  req_body: string('Command as JSON'),
  resp_status: string('ok, error or, for a cursor, what it is about'),
  resp_body: string('Answer as JSON'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
