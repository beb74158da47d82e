import { defineTable, string } from '../../records/table'
import { encrypted, remoteUpid, seenAt, structured } from '../lib/columns'

export const natsEvents = defineTable('nats_events.beta', 'NATS messages', {
  ...seenAt,
  encrypted,
  cmd: string('Name of the command'),
  body: structured('Options of the command as JSON'),
  resp: string('OK or ERR, where the server says so'),
  remote_upid: remoteUpid,
})
