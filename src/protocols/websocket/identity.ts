import type { ProtocolIdentity } from '../lib/identity'
import { websocketEvents } from './table'

export const WEBSOCKET: ProtocolIdentity = {
  label: 'WebSocket',
  // Pixie counts its protocols from 1 on, and has none for it.
  code: 64,
  tables: [websocketEvents],
}
