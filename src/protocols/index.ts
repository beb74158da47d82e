/** The protocols, in the order in which a new connection is tried. */
import type { Protocol } from './protocol'

export const PROTOCOLS: readonly Protocol[] = []
