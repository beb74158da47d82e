import { type Direction, RECEIVED, SENT, type SocketEvent } from '../events/socket-event'
import { ROLE_CLIENT } from '../records/types'

/** The direction of the client's data, as the end with this role sees it. */
export const fromClient = (role: number): Direction => (role === ROLE_CLIENT ? SENT : RECEIVED)

/** Counts exchanges as the kernel does: one begins where the client's direction follows the other. */
export class Turns {
  #last: Direction | undefined

  /** `last`: the direction of the last call so far. */
  constructor(last: Direction | undefined) {
    this.#last = last
  }

  /** Whether an exchange begins with this call. */
  begins({ direction, role }: Pick<SocketEvent, 'direction' | 'role'>): boolean {
    const turns = direction !== this.#last
    this.#last = direction
    return turns && direction === fromClient(role)
  }
}
