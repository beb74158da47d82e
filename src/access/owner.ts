/** Whose process is at the other end of a connection of this machine: what no request can pretend. */
import { addressBytes, isOwnAddress, sameBytes } from './address'
import { readSockets } from './proc-net'
import { SockDiag } from './sock-diag'
import { type End, isHeld, type Socket } from './sockets'

/** An end of a connection as a server is told of it. */
export interface Peer {
  readonly address: string
  readonly port: number
}

export interface Tables {
  /** One socket by its four addresses. Throws or is undefined where the kernel doesn't answer so. */
  readonly find: (local: End, remote: End) => Socket | undefined
  /** All sockets with these ports. */
  readonly list: (localPort: number, remotePort: number) => readonly Socket[]
}

let diag: SockDiag | undefined
let hasNoDiag = false

function find(local: End, remote: End): Socket | undefined {
  if (hasNoDiag) return undefined
  try {
    diag ??= new SockDiag()
    return diag.find({ local, remote })
  } catch {
    hasNoDiag = true
    return undefined
  }
}

const KERNEL: Tables = { find, list: readSockets }

/** Reading whole tables takes up to 10 ms, on the thread that answers: one fifth of its time at most goes there. */
const PAUSE = 4

export class Owners {
  readonly #tables: Tables
  /** The kernel has answered once: from then on no answer means no socket. */
  #answers = false
  #nextListMs = 0

  constructor(tables: Tables = KERNEL) {
    this.#tables = tables
  }

  /**
   * The user ids of the sockets that may be the other end: one, or none when no process of this machine holds it (any
   * more). Several can only be where the listener's own address isn't known; who asks must then trust all of them.
   *
   * @param listener where the connection arrived; address undefined for one that listens on several
   */
  of(peer: Peer, listener: { readonly address?: string; readonly port: number }): readonly number[] {
    const address = addressBytes(peer.address)
    if (!address || !isOwnAddress(address)) return []
    const local = { address, port: peer.port }
    const remoteAddress = listener.address === undefined ? undefined : addressBytes(listener.address)
    if (remoteAddress) {
      const remote = { address: remoteAddress, port: listener.port }
      const found = this.#tables.find(local, remote)
      if (found && isSame(found, local, remote)) {
        this.#answers = true
        return isHeld(found) ? [found.uid] : []
      }
      if (this.#answers) return []
    }
    const all = this.#list(peer.port, listener.port)
      .filter((socket) => sameBytes(socket.local.address, address))
      .filter(({ remote }) => !remoteAddress || sameBytes(remote.address, remoteAddress))
    // A socket that no process holds may have belonged to any account.
    return all.every(isHeld) ? [...new Set(all.map(({ uid }) => uid))] : []
  }

  #list(localPort: number, remotePort: number): readonly Socket[] {
    const started = performance.now()
    if (started < this.#nextListMs) return []
    const all = this.#tables.list(localPort, remotePort)
    const ended = performance.now()
    this.#nextListMs = ended + PAUSE * (ended - started)
    return all
  }
}

/** A question for a socket that is gone is answered with the listener of its port, which may be another's. */
const isSame = (found: Socket, local: End, remote: End): boolean =>
  found.local.port === local.port &&
  found.remote.port === remote.port &&
  sameBytes(found.local.address, local.address) &&
  sameBytes(found.remote.address, remote.address)
