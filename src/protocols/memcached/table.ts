import { bool, defineTable, int, string } from '../../records/table'
import { encrypted, keyword, latency, remoteUpid, seenAt } from '../lib/columns'

const bytes = { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' } as const
const gauge = { pattern: 'METRIC_GAUGE' } as const

export const memcachedEvents = defineTable(
  'memcached_events',
  'Memcached commands with their answers: text, meta and binary ones',
  {
    ...seenAt,
    encrypted,
    form: keyword('text, meta or binary'),
    cmd: keyword('Command in small letters: get, set, mg, …; binary ones by the same names'),
    key: string('Key; of several a JSON array'),
    keys: int('How many keys it names', gauge),
    hits: int('How many of them were found; -1 where nothing is looked up', gauge),
    args: string('What else the command says: flags, times, sizes'),
    req_body: string('Head of the value that is stored'),
    req_size: int('Bytes of that value', bytes),
    resp: string(
      'Line of the answer (STORED, END, HD …), of a binary one the name of its status. Empty where no answer is wanted, or none but of failure',
    ),
    resp_body: string('Head of the value; of several, and of statistics, a JSON object'),
    resp_size: int('Bytes of the values', bytes),
    quiet: bool('True where no answer is wanted, or none but of failure or success', {
      pattern: 'GENERAL_ENUM',
    }),
    latency,
    outcome: keyword(
      'complete; cut: bytes of it went by unseen, or the connection ended within it; running: the answer is still ' +
        'coming; waiting: no answer yet; unanswered: the connection ended without one',
    ),
    remote_upid: remoteUpid,
  },
  {
    failure:
      "px.regex_match(r'(CLIENT_|SERVER_)?ERROR.*|Authentication error|Unknown command|Out of memory|Not supported|Internal error|Busy|Temporary failure', df.resp)",
  },
)
