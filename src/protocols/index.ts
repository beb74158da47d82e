/** The protocols that are recognised. */
import { http } from './http'
import type { Protocol } from './protocol'

export const PROTOCOLS: readonly Protocol[] = [http]
