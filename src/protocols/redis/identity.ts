import type { ProtocolIdentity } from '../lib/identity'
import { redisEvents } from './table'

export const REDIS: ProtocolIdentity = {
  label: 'Redis',
  code: 7,
  tables: [redisEvents],
}
