import { defineTable, int, string } from '../../records/table'
import { encrypted, keyword, latency, remoteUpid, seenAt } from '../lib/columns'

const gauge = { pattern: 'METRIC_GAUGE' } as const
const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const

export const clickhouseEvents = defineTable(
  'clickhouse_events',
  'Queries of ClickHouse’s native protocol with what came of them, and logins',
  {
    ...seenAt,
    encrypted,
    cmd: keyword('query or hello (a login)'),
    query: string('Text of the query, without secrets', { pattern: 'STRUCTURED' }),
    query_id: string('Id that the client gave it; mostly empty'),
    database: string('Database in use; empty where the login was not seen'),
    user: string('Who logged in; empty where the login was not seen'),
    client: string('Name and version of the client, as it says'),
    compression: keyword('How blocks are compressed: LZ4, ZSTD or none; empty where none was seen'),
    rows: int('Rows of the result; of those that were counted before its end was lost', gauge),
    blocks: int('Blocks of the result with rows', gauge),
    read_rows: int('Rows that the server read, as it tells', gauge),
    read_bytes: int('Bytes that the server read, as it tells', bytes),
    written_rows: int('Rows that the client sent (INSERT)', gauge),
    error_code: int('Code of the exception; 0: there was none', { pattern: 'GENERAL_ENUM' }),
    error: string('Name and message of the exception', { pattern: 'STRUCTURED' }),
    latency,
    outcome: keyword(
      'complete; cut: bytes of it went by unseen or could not be read, or the connection ended within it; running: the result is still ' +
        'coming; waiting: no answer yet; unanswered: the connection ended without one',
    ),
    remote_upid: remoteUpid,
  },
  { failure: 'df.error_code != 0' },
)
