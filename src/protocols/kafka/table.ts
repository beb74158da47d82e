import { defineTable, string } from '../../records/table'
import { code, encrypted, latency, outcome, remoteUpid, seenAt } from '../lib/columns'

export const kafkaEvents = defineTable('kafka_events.beta', 'Kafka requests with their answers', {
  ...seenAt,
  encrypted,
  req_cmd: code('API key of the request'),
  client_id: string('Name that the client gives itself'),
  req_body: string('Request as JSON'),
  resp: string('Answer as JSON'),
  latency,
  outcome,
  remote_upid: remoteUpid,
})
