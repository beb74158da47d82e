import { defineTable, extra, int, string } from '../../records/table'
import { code, encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const mysqlEvents = defineTable(
  'mysql_events',
  'MySQL commands with their answers',
  {
    ...seenAt,
    encrypted,
    req_cmd: code(
      'Number of the command; 11 (Connect) for a login with all its rounds, 0 for an error that nobody asked for',
    ),
    req_body: string(
      'Statement or arguments of the command, without secrets; of an execution `query=[statement] params=[values]`; ' +
        'of a login user, database, plugin and attributes as a JSON object',
    ),
    resp_status: code('0 unknown, 1 none, 2 OK, 3 error'),
    resp_body: string(
      'Summary of the results: `Resultset rows = 3`, rows affected and the like; of an error number, state and text',
    ),
    latency,
    database: extra(string('Database in use when the command came; empty where none is, or it was not seen')),
    rows_sent: extra(int('Rows of all results')),
    rows_affected: extra(int('Rows that the command inserted, changed or deleted')),
    error_code: extra(int('Number of the error; 0 without one')),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: 'df.resp_status == 3' },
)
