import { type Direction, RECEIVED, SENT, type SocketEvent } from '../events/socket-event'
import { ROLE_CLIENT } from '../records/types'

/** What the client says, seen from the end that has the role. */
export const fromClient = (role: number): Direction => (role === ROLE_CLIENT ? SENT : RECEIVED)

/** Counts exchanges as the kernel does: one begins where the client's direction follows the other. */
export class Turns {
  #last: Direction | undefined

  /** Whether an exchange begins with this call. */
  begins({ direction, role }: Pick<SocketEvent, 'direction' | 'role'>): boolean {
    const turns = direction !== this.#last
    this.#last = direction
    return turns && direction === fromClient(role)
  }
}
