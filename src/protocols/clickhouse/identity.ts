import type { ProtocolIdentity } from '../lib/identity'
import { clickhouseEvents } from './table'

export const CLICKHOUSE: ProtocolIdentity = {
  label: 'ClickHouse',
  // Pixie counts its protocols from 1 on, and has none for it.
  code: 68,
  tables: [clickhouseEvents],
}
