/** Clients that talk to Nixie itself: the kernel leaves out our end, and this tells theirs. */
import type { SocketEvent } from '../../events/socket-event'

const LOOPBACK = /^(127\.|::1$)/

/**
 * Whether the other end is Nixie's own listener on this node. Without it a page that refreshes itself would fill the
 * tables with its own requests.
 *
 * @param listen `HOST:PORT`, as the setting
 */
export function ownListener(listen: string): (event: SocketEvent) => boolean {
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1))
  return (event) => {
    if (event.remotePort !== port) return false
    const { remoteAddr } = event
    return LOOPBACK.test(remoteAddr) || remoteAddr === event.localAddr
  }
}
