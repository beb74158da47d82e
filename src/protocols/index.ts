/** The protocols that are recognised. */
import { dns } from './dns'
import { http } from './http'
import { nats } from './nats'
import type { Protocol } from './protocol'
import { proxyProtocol } from './proxy-protocol'

export const PROTOCOLS: readonly Protocol[] = [http, dns, proxyProtocol, nats]
