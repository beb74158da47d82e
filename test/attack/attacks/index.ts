import type { Attack } from '../field'
import { BODIES } from './bodies'
import { CONNECTIONS } from './connections'
import { DATAGRAMS } from './datagrams'
import { FLOODS } from './floods'
import { HTTP2 } from './http2'
import { MIXES } from './mixes'
import { PROCESSES } from './processes'
import { TEXTS } from './texts'
import { WAITING } from './waiting'

export const ATTACKS: readonly Attack[] = [
  ...BODIES,
  ...WAITING,
  ...TEXTS,
  ...FLOODS,
  ...HTTP2,
  ...CONNECTIONS,
  ...DATAGRAMS,
  ...PROCESSES,
  ...MIXES,
]
