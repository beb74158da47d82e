import { defineTable, string } from '../../records/table'
import { code, encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const mysqlEvents = defineTable('mysql_events', 'MySQL commands with their answers', {
  ...seenAt,
  encrypted,
  req_cmd: code('Number of the command'),
  req_body: string('Statement or arguments of the command'),
  resp_status: code('0 none, 1 unknown, 2 OK, 3 error'),
  resp_body: string('Summary or error of the answer'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
