import type { ProtocolIdentity } from '../lib/identity'
import { fastcgiEvents } from './table'

export const FASTCGI: ProtocolIdentity = {
  label: 'FastCGI',
  // Pixie counts its protocols from 1 on, and has none for it.
  code: 67,
  tables: [fastcgiEvents],
}
