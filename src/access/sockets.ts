/** A TCP socket as the kernel's tables tell of it. */

export interface End {
  /** 16 bytes, see `addressBytes`. */
  readonly address: Uint8Array
  readonly port: number
}

export interface SocketEnds {
  readonly local: End
  readonly remote: End
}

export interface Socket extends SocketEnds {
  /** As in the kernel's tcp_states.h. */
  readonly state: number
  /** Whose process made it; 0 also for a socket that no process holds any more. */
  readonly uid: number
  /** 0 for a socket that no process holds any more. */
  readonly inode: number
}

const ESTABLISHED = 1
const FIN_WAIT1 = 4
const FIN_WAIT2 = 5
const CLOSE_WAIT = 8
const ALIVE: readonly number[] = [ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT]

/** Whether some process holds it: of a closed socket, or one in TIME_WAIT, the kernel says that it is root's. */
export const isHeld = ({ state, inode }: Socket): boolean => inode !== 0 && ALIVE.includes(state)
