/** Forwards a port of this host's loopback to a pod, by the API server's port-forward protocol over WebSocket. */
import type { Socket } from 'bun'
import { Owners, type Peer } from '../../access/owner'
import { messageOf, NixieError } from '../../errors'
import { apiError } from './api'
import type { Target } from './target'

export interface Forward {
  readonly port: number
  readonly url: string
  close(): void
}

export interface ForwardOptions {
  readonly target: Pick<Target, 'client' | 'api' | 'namespace'>
  /** Asked for each connection: a pod may have been replaced by another. */
  readonly pod: () => string | Promise<string>
  readonly port: number
  /** 0: any that is free. */
  readonly localPort?: number
  /** Called when a connection can't be made. */
  readonly failed?: (error: NixieError) => void
  /** Whether the account behind this connection may use it; by default the one that runs this, and root. */
  readonly mayUse?: (peer: Peer, localPort: number) => boolean
}

/** In the pod every forwarded connection looks like root's. So other accounts of this machine must be refused here. */
function isOwn(peer: Peer, port: number): boolean {
  // Only Linux tells which account owns a connection.
  if (process.platform !== 'linux') return true
  const uids = owners.of(peer, { address: '127.0.0.1', port })
  const own = [0, process.getuid!(), Number(process.env.SUDO_UID ?? 0)]
  return uids.length > 0 && uids.every((uid) => own.includes(uid))
}
const owners = new Owners()

const REFUSAL = JSON.stringify({
  error: {
    code: 'forbidden',
    message: 'This port is forwarded for another account of this machine',
    hint: "Forward one of your own: 'nixie ui', with a kubeconfig of yours.",
  },
})
const REFUSED = `HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: ${REFUSAL.length}\r\nConnection: close\r\n\r\n${REFUSAL}`

/** Each message begins with its channel. The first message of each channel is the port, in two bytes. */
const PROTOCOL = 'v4.channel.k8s.io'
const DATA = 0
const PORT_BYTES = 3

interface Connection {
  remote: WebSocket | undefined
  /** Bytes from the client that wait until the remote end is open. */
  early: Uint8Array[]
  /** Bytes that wait for a client that reads slowly. */
  late: Uint8Array[]
  ended: boolean
}

const framed = (data: Uint8Array): Uint8Array<ArrayBuffer> => {
  const message = new Uint8Array(data.length + 1)
  message[0] = DATA
  message.set(data, 1)
  return message
}

/** Writes what the client takes; the rest waits for `drain`. */
function flush(socket: Socket<Connection>): void {
  const { data } = socket
  while (data.late.length > 0) {
    const [next] = data.late as [Uint8Array]
    const written = socket.write(next)
    if (written < next.length) {
      data.late[0] = next.subarray(Math.max(written, 0))
      return
    }
    data.late.shift()
  }
  if (data.ended) socket.end()
}

async function connect(socket: Socket<Connection>, options: ForwardOptions): Promise<void> {
  const { target, port, failed } = options
  const { data } = socket
  const pod = await options.pod()
  const path = `/api/v1/namespaces/${target.namespace}/pods/${pod}/portforward?ports=${port}`
  const remote = await target.client.socket(path, [PROTOCOL])
  data.remote = remote
  const greeted = new Set<number>()
  let opened = false
  const fail = (error: NixieError) => {
    failed?.(error)
    data.ended = true
    socket.end()
  }
  remote.onopen = () => {
    opened = true
    for (const bytes of data.early.splice(0)) remote.send(framed(bytes))
  }
  remote.onmessage = ({ data: message }) => {
    const bytes = new Uint8Array(message as ArrayBuffer)
    const channel = bytes[0]!
    if (!greeted.has(channel)) {
      greeted.add(channel)
      if (bytes.length <= PORT_BYTES) return
    }
    if (channel === DATA) {
      data.late.push(bytes.subarray(1))
      if (data.late.length === 1) flush(socket)
      return
    }
    const words = new TextDecoder().decode(bytes.subarray(1))
    fail(new NixieError('unavailable', `Pod ${pod} does not answer on port ${port}: ${words}`))
  }
  remote.onclose = async () => {
    if (data.ended) return
    if (!opened) return fail(await refusal(target, path, pod))
    data.ended = true
    flush(socket)
  }
}

/** A failed handshake gives no status. A plain request to the same path does. */
async function refusal({ api }: ForwardOptions['target'], path: string, pod: string): Promise<NixieError> {
  try {
    const response = await api.request(path)
    if ([401, 403, 404].includes(response.status))
      return apiError(path, response.status, await response.text())
  } catch (cause) {
    return NixieError.from(cause)
  }
  return new NixieError(
    'unavailable',
    `The API server forwards no port of pod ${pod}`,
    'Try kubectl port-forward; a proxy before the API server must let WebSockets through.',
  )
}

/** @throws NixieError `unavailable` when the local port is taken */
export function forwardPort(options: ForwardOptions): Forward {
  let server: Bun.TCPSocketListener<Connection>
  try {
    server = Bun.listen<Connection>({
      hostname: '127.0.0.1',
      port: options.localPort ?? 0,
      socket: {
        open: (socket) => {
          socket.data = { remote: undefined, early: [], late: [], ended: false }
          const peer = { address: socket.remoteAddress, port: socket.remotePort }
          if (!(options.mayUse ?? isOwn)(peer, server.port)) {
            socket.data.ended = true
            socket.end(REFUSED)
            return
          }
          connect(socket, options).catch((cause) => {
            options.failed?.(NixieError.from(cause))
            socket.end()
          })
        },
        data: ({ data: { remote, early, ended } }, bytes) => {
          if (ended) return
          if (remote?.readyState === WebSocket.OPEN) remote.send(framed(bytes))
          else early.push(new Uint8Array(bytes))
        },
        drain: flush,
        close: ({ data }) => {
          data.ended = true
          data.remote?.close()
        },
      },
    })
  } catch (cause) {
    const message = `Port ${options.localPort} can't be used here: ${messageOf(cause)}`
    throw new NixieError('unavailable', message, 'Name another with --port, or --port 0 for any.')
  }
  return {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    close: () => server.stop(true),
  }
}
