import type { ProtocolIdentity } from '../lib/identity'
import { pgsqlEvents } from './table'

export const PGSQL: ProtocolIdentity = {
  label: 'PGSQL',
  code: 5,
  tables: [pgsqlEvents],
}
