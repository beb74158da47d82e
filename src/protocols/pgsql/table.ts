import { defineTable, string } from '../../records/table'
import { encrypted, keyword, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const pgsqlEvents = defineTable('pgsql_events', 'PostgreSQL messages with their answers', {
  ...seenAt,
  encrypted,
  req_cmd: keyword('Kind of message: Query, Parse, Execute, …'),
  req: string('Statement or arguments'),
  resp: string('Rows, command tag or error of the answer'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
