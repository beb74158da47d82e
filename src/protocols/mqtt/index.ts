import type { Protocol } from '../protocol'
import { MqttConversation } from './conversation'
import { MQTT } from './identity'
import { recognise } from './recognise'

export const mqtt: Protocol = {
  ...MQTT,
  name: 'mqtt',
  transports: ['tcp', 'tls'],
  captureCap: 1 << 20,
  recognise,
  open: (link) => new MqttConversation(link),
}
