import { defineTable, string } from '../../records/table'
import { code, encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const cqlEvents = defineTable('cql_events', 'Cassandra (CQL) requests with their answers', {
  ...seenAt,
  encrypted,
  req_op: code('Opcode of the request'),
  req_body: string('Query or arguments of the request'),
  resp_op: code('Opcode of the answer'),
  resp_body: string('Rows or error of the answer'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
