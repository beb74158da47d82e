/** The protocols, in the order in which a new connection is tried. */
import { http } from './http'
import type { Protocol } from './protocol'

export const PROTOCOLS: readonly Protocol[] = [http as unknown as Protocol]
