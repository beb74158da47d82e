/** The sources of rows, in the order in which they are opened. */
import { components } from './components'
import { networks } from './networks'
import { processes } from './processes'
import { sockets } from './sockets'
import type { RowSource } from './source'
import { status } from './status'

export const SOURCES: readonly RowSource[] = [sockets, processes, networks, status, components]
