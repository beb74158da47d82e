import type { ProtocolIdentity } from '../lib/identity'
import { mongodbEvents } from './table'

export const MONGODB: ProtocolIdentity = {
  label: 'Mongo',
  code: 9,
  tables: [mongodbEvents],
}
