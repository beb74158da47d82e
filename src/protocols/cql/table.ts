import { bool, defineTable, extra, int, string } from '../../records/table'
import { code, encrypted, keyword, latency, outcome, remoteUpid, seenAt, structured } from '../lib/columns'

export const cqlEvents = defineTable(
  'cql_events',
  'Cassandra (CQL) requests with their answers',
  {
    ...seenAt,
    encrypted,
    req_op: code('Opcode of the request; 11 (Register) for an event that the server told'),
    req_body: string(
      'Statement or arguments of the request, without secrets; with values `query=[statement] params=[values]`',
    ),
    resp_op: code('Opcode of the answer; -1: there is none'),
    resp_body: string(
      'Kind of the result with its columns and number of rows, or code and text of the error',
    ),
    latency,
    keyspace: extra(string('Keyspace in use when the request came; empty where none is, or it was not seen')),
    consistency: extra(keyword('Consistency that the request asks for: ONE, QUORUM, …')),
    rows: extra(int('Rows of the result')),
    error_code: extra(int('Number of the error; 0 without one')),
    warnings: extra(structured('Warnings that came with the answer, as a JSON list')),
    traced: extra(bool('The client asked Cassandra to trace the request')),
    trace_id: extra(string('Session of the trace, as the answer tells it')),
    req_payload: extra(structured('Custom payload of the request, as a JSON object, without secrets')),
    resp_payload: extra(structured('Custom payload of the answer, as a JSON object, without secrets')),
    version: extra(int('Version of the protocol')),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: 'df.resp_op == 0' },
)
