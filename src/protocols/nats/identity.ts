import type { ProtocolIdentity } from '../lib/identity'
import { natsEvents } from './table'

export const NATS: ProtocolIdentity = {
  label: 'NATS',
  code: 8,
  tables: [natsEvents],
}
