/** The sources of rows, in the order in which they are opened and drained: identities of processes come before their traffic. */
import { components } from './components'
import { identities } from './identities'
import { networks } from './networks'
import { processes } from './processes'
import { sockets } from './sockets'
import type { RowSource } from './source'
import { status } from './status'

export const SOURCES: readonly RowSource[] = [identities, sockets, processes, networks, status, components]
