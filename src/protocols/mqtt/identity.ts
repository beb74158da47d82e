import type { ProtocolIdentity } from '../lib/identity'
import { mqttEvents } from './table'

export const MQTT: ProtocolIdentity = {
  label: 'MQTT',
  // Pixie counts its protocols from 1 on, and has none for it.
  code: 66,
  tables: [mqttEvents],
}
