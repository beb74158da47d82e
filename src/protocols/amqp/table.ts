import { defineTable, extra, int, string } from '../../records/table'
import { code, encrypted, keyword, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const amqpEvents = defineTable(
  'amqp_events',
  'AMQP 0-9-1 methods of both ends, messages with their contents and, where they have one, their answers',
  {
    ...seenAt,
    encrypted,
    frame_type: int('Kind of the first frame: 1, a method; its content is in the same row'),
    channel: int('Channel of the connection'),
    req_class_id: int('Class of the method that was sent'),
    req_method_id: int('Number of that method in its class'),
    resp_class_id: int('Class of the method that answered; 0: none did'),
    resp_method_id: int('Number of that method in its class'),
    req_msg: string(
      'Arguments that were sent and, of a message, its properties and the head of its body, as a JSON object, without secrets',
      { pattern: 'STRUCTURED' },
    ),
    resp_msg: string('The same of the answer; empty where there is none', { pattern: 'STRUCTURED' }),
    latency,
    sender: extra(keyword('Who sent it: client or server')),
    exchange: extra(string('Exchange that it names')),
    routing_key: extra(string('Routing key that it names')),
    queue: extra(string('Queue that it names, or that its consumer named; empty where that isn’t known')),
    delivery_tag: extra(
      int(
        'Number by which a message is acknowledged, or that an acknowledgement names; 0: it isn’t, or that isn’t known',
      ),
    ),
    body_size: extra(
      int('Bytes of the message’s body; -1: it has none', {
        semantic: 'ST_BYTES',
        pattern: 'METRIC_GAUGE',
        absent: -1,
      }),
    ),
    reply_code: extra(
      code('Why a channel or the connection was closed, or a message returned (404: not found); 0: neither'),
    ),
    reply_text: extra(string('The same in words')),
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: 'df.reply_code >= 300' },
)
