/** Recognises clients of Nixie itself: the kernel leaves out Nixie's end of such a connection, this the client's. */
import type { SocketEvent } from '../../events/socket-event'
import { ROLE_SERVER } from '../../records/types'

/** Of `HOST:PORT`. */
export const portOf = (listen: string): number => Number(listen.slice(listen.lastIndexOf(':') + 1))

const LOOPBACK = /^(127\.|::1$)/

/**
 * Whether the other end is Nixie's own listener on this node. Without it a page that refreshes itself would fill the
 * tables with its own requests.
 *
 * @param listen `HOST:PORT`, as the setting
 */
export function ownListener(listen: string): (event: SocketEvent) => boolean {
  const port = portOf(listen)
  return (event) => {
    // The client of another server may use this port as its own.
    if (event.remotePort !== port || event.role === ROLE_SERVER) return false
    const { remoteAddr } = event
    return LOOPBACK.test(remoteAddr) || remoteAddr === event.localAddr
  }
}
