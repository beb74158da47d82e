import { defineTable, extra, int, string } from '../../records/table'
import { encrypted, keyword, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const

export const redisEvents = defineTable(
  'redis_events',
  'Redis commands with their answers, and what servers push',
  {
    ...seenAt,
    encrypted,
    req_cmd: keyword(
      'Name of the command in capitals, of some with the word behind it (CLIENT LIST); PUSH PUB for a published message, else PUSH and its kind for what answers no command',
    ),
    req_args: string('Arguments of the command as a JSON array'),
    resp: string(
      'Answer: text as it is, an error with - in front, <NULL> for nothing, JSON for what has values in it. Empty where the client wants none (CLIENT REPLY)',
    ),
    latency,
    outcome,
    error: extra(keyword('First word of an error: WRONGTYPE, MOVED, …; else empty')),
    req_size: extra(int('Bytes of the command as it was sent', bytes)),
    resp_size: extra(int('Bytes of the answer as it was sent', bytes)),
    remote_upid: remoteUpid,
  },
  { failure: "df.error != ''" },
)
