import type { ProtocolIdentity } from '../lib/identity'
import { tlsEvents } from './table'

export const TLS: ProtocolIdentity = {
  label: 'TLS',
  code: 13,
  tables: [tlsEvents],
}
