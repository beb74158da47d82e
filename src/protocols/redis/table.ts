import { defineTable, string } from '../../records/table'
import { encrypted, keyword, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const redisEvents = defineTable('redis_events', 'Redis commands with their answers', {
  ...seenAt,
  encrypted,
  req_cmd: keyword('Name of the command'),
  req_args: string('Arguments of the command'),
  resp: string('Answer'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
