/** The sources of rows, in the order in which they are opened and drained: identities of processes come before their traffic. */
import { components } from './components'
import { identities } from './identities'
import { networks } from './networks'
import { processes } from './processes'
import { sockets } from './sockets'
import type { RowSource } from './source'
import { status } from './status'
import { tls } from './tls-libraries'

export const SOURCES: readonly RowSource[] = [
  identities,
  sockets,
  tls,
  processes,
  networks,
  status,
  components,
]
