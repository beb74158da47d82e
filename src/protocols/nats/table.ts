import { defineTable, extra, string, time } from '../../records/table'
import { encrypted, keyword, remoteUpid, seenAt, structured } from '../lib/columns'

export const natsEvents = defineTable(
  'nats_events.beta',
  'NATS messages of clients and between servers, each a row: published, delivered, subscriptions, PING and PONG',
  {
    ...seenAt,
    time_: time('When the last byte of the message was moved, or that of its +OK or -ERR'),
    encrypted,
    cmd: string('Name of the command, in capitals; -ERR where an error answers no command'),
    body: structured(
      'Options of the command as a JSON object: subject, reply_to, sid, queue_group, max_msgs, headers, payload (its head), ' +
        'size (bytes of the whole payload, without headers); account, origin, queue_groups, weight between servers; ' +
        'for INFO and CONNECT the object that was sent, without secrets',
    ),
    resp: string(
      "+OK or -ERR 'text', where the server answers each command (verbose) and in rows of errors; else empty",
    ),
    sender: extra(keyword('Who sent it: client, or server: the end that accepted the connection')),
    outcome: extra(
      keyword('complete; cut: the connection ended within the payload, of which size is what was sent'),
    ),
    remote_upid: remoteUpid,
  },
  { failure: "px.contains(df.resp, '-ERR')" },
)
