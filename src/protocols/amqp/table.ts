import { defineTable, int, string } from '../../records/table'
import { encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const amqpEvents = defineTable(
  'amqp_events',
  'AMQP 0-9-1 methods and, where they have one, their answers',
  {
    ...seenAt,
    encrypted,
    frame_type: int('Kind of frame: 1 method, 2 header, 3 body, 8 heartbeat'),
    channel: int('Channel of the connection'),
    req_class_id: int('Class of the method that was sent'),
    req_method_id: int('Number of that method in its class'),
    resp_class_id: int('Class of the method that answered'),
    resp_method_id: int('Number of that method in its class'),
    req_msg: string('Arguments or content that were sent'),
    resp_msg: string('Arguments or content of the answer'),
    latency,
    outcome,
    remote_upid: remoteUpid,
  },
)
