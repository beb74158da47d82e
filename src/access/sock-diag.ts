/**
 * One socket of this network namespace by its four addresses, asked of the kernel (sock_diag(7): NETLINK_SOCK_DIAG,
 * inet_diag_req_v2). It costs the kernel one look into its hash table, however many connections there are.
 */
import { dlopen, ptr } from 'bun:ffi'
import { isIpv4 } from './address'
import type { Socket, SocketEnds } from './sockets'

const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0x80000
const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const NLM_F_REQUEST = 1
const IPPROTO_TCP = 6
const MSG_DONTWAIT = 0x40
const ALL_STATES = 0xffffffff

/** struct nlmsghdr. */
const HEADER = 16
/** struct inet_diag_req_v2 behind the header; in it the struct inet_diag_sockid begins at 8. */
const REQUEST = HEADER + 56
const REQUEST_ID = HEADER + 8
/** struct inet_diag_msg behind the header. */
const ANSWER = HEADER + 72
const ANSWER_ID = HEADER + 4
const ANSWER_UID = HEADER + 64
const ANSWER_INODE = HEADER + 68

const open = () =>
  dlopen('libc.so.6', {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
    close: { args: ['i32'], returns: 'i32' },
  }).symbols

/** struct inet_diag_sockid: both ports, both addresses, the interface, a cookie. */
function writeId(buffer: Buffer, at: number, { local, remote }: SocketEnds, ipv4: boolean): void {
  buffer.writeUInt16BE(local.port, at)
  buffer.writeUInt16BE(remote.port, at + 2)
  buffer.set(ipv4 ? local.address.subarray(12) : local.address, at + 4)
  buffer.set(ipv4 ? remote.address.subarray(12) : remote.address, at + 20)
  // INET_DIAG_NOCOOKIE
  buffer.fill(0xff, at + 40, at + 48)
}

const mapped = (four: Uint8Array) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...four])

function readSocket(buffer: Buffer): Socket {
  const id = ANSWER_ID
  const address = (at: number) =>
    buffer[HEADER] === AF_INET
      ? mapped(buffer.subarray(at, at + 4))
      : Uint8Array.from(buffer.subarray(at, at + 16))
  return {
    state: buffer[HEADER + 1]!,
    local: { address: address(id + 4), port: buffer.readUInt16BE(id) },
    remote: { address: address(id + 20), port: buffer.readUInt16BE(id + 2) },
    uid: buffer.readUInt32LE(ANSWER_UID),
    inode: buffer.readUInt32LE(ANSWER_INODE),
  }
}

export class SockDiag {
  readonly #libc = open()
  readonly #answer = Buffer.alloc(8192)
  #socket = -1
  #sequence = 0

  /** @throws Error where there is no such library or no such socket */
  constructor() {
    this.#socket = this.#libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG)
    if (this.#socket < 0) throw new Error('there is no netlink socket to ask')
  }

  /** The kernel's answer for these ends, which may be a listener's; undefined without one. */
  find(ends: SocketEnds): Socket | undefined {
    const ipv4 = isIpv4(ends.local.address) && isIpv4(ends.remote.address)
    const request = Buffer.alloc(REQUEST)
    const sequence = ++this.#sequence >>> 0
    request.writeUInt32LE(REQUEST, 0)
    request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4)
    request.writeUInt16LE(NLM_F_REQUEST, 6)
    request.writeUInt32LE(sequence, 8)
    request[HEADER] = ipv4 ? AF_INET : AF_INET6
    request[HEADER + 1] = IPPROTO_TCP
    request.writeUInt32LE(ALL_STATES, HEADER + 4)
    writeId(request, REQUEST_ID, ends, ipv4)
    if (Number(this.#libc.send(this.#socket, ptr(request), REQUEST, 0)) !== REQUEST) return undefined
    // The kernel answers within the call that asks: nothing is waited for.
    for (;;) {
      const length = Number(
        this.#libc.recv(this.#socket, ptr(this.#answer), this.#answer.length, MSG_DONTWAIT),
      )
      if (length < HEADER) return undefined
      // One of an earlier question that was not read.
      if (this.#answer.readUInt32LE(8) !== sequence) continue
      const isAnswer = this.#answer.readUInt16LE(4) === SOCK_DIAG_BY_FAMILY && length >= ANSWER
      return isAnswer ? readSocket(this.#answer) : undefined
    }
  }

  close(): void {
    this.#libc.close(this.#socket)
  }
}
