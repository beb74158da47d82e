import type { Connection } from '../protocols/protocol'
import type { TracedSocket } from './socket'

/** What every record of this socket says about it. */
export function connectionOf(socket: TracedSocket): Connection {
  return {
    upid: socket.upid,
    remote_addr: socket.remoteAddr === '' ? '-' : socket.remoteAddr,
    remote_port: socket.remotePort,
    local_addr: socket.localAddr,
    local_port: socket.localPort,
    trace_role: socket.role,
    encrypted: socket.encrypted,
  }
}
