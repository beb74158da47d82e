import { bool, defineTable, int, string } from '../../records/table'
import { code, encrypted, keyword, latency, outcome, remoteUpid, seenAt, structured } from '../lib/columns'

const flag = { pattern: 'GENERAL_ENUM' } as const

export const mqttEvents = defineTable(
  'mqtt_events',
  'MQTT packets of both sides with their answers: a row for each, but for pings and the steps of a QoS',
  {
    ...seenAt,
    encrypted,
    sender: keyword('Who sent it: client or server'),
    req_cmd: keyword('CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT or AUTH'),
    client_id: string('Name by which the client connected; <unknown> where that was before Nixie came'),
    topic: string(
      'Topic of a PUBLISH; filters of SUBSCRIBE and UNSUBSCRIBE, with commas between; <unknown alias 3> where the topic was sent before Nixie came',
    ),
    qos: code('Quality of service of a PUBLISH, 0 to 2; -1 for others'),
    retain: bool('True when the server is to keep the PUBLISH, or kept it', flag),
    dup: bool('True when it was sent before', flag),
    packet_id: int('Number by which it is acknowledged; 0: it isn’t'),
    req: structured(
      'What else it says, as a JSON object, without secrets: version, keep_alive, will, options, properties, …',
    ),
    payload: string('Head of what a PUBLISH says', { pattern: 'STRUCTURED' }),
    payload_size: int('Bytes of it', { semantic: 'ST_BYTES', pattern: 'METRIC_GAUGE' }),
    resp_cmd: keyword('CONNACK, PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK; empty where there is none'),
    reason_code: code(
      'Reason code of the answer, or of a DISCONNECT; of several the highest; -1: there is none',
    ),
    resp: structured('What else the answer says: reason, session_present, codes, properties, …'),
    latency,
    outcome,
    remote_upid: remoteUpid,
  },
  { failure: 'df.reason_code >= 128' },
)
