import type { ProtocolIdentity } from '../lib/identity'
import { memcachedEvents } from './table'

export const MEMCACHED: ProtocolIdentity = {
  label: 'Memcached',
  // Pixie counts its protocols from 1 on, and has none for it.
  code: 65,
  tables: [memcachedEvents],
}
