/** The application on a port. */
import type { Hono } from 'hono'
import { addressBytes, isUnspecified } from '../access/address'
import type { CrowdLimits } from '../access/crowd'
import { Owners } from '../access/owner'
import { codeOf, NixieError } from '../errors'
import { hostOf } from './access'
import { Bursts } from './bursts'
import { Connections } from './connections'
import type { Connection } from './guard'
import { portHolder } from './port-holder'

export interface Served {
  /** `http://127.0.0.1:6494` */
  readonly url: string
  readonly port: number
  /** Accepts no new connections, waits up to `graceMs` for running requests, then closes all connections. */
  stop(graceMs?: number): Promise<void>
}

/** Idle limit of a connection. It is longer than the longest query, which is silent while it runs. */
const IDLE_SECONDS = 120
/** Above the API's own limit, so that a body too large is answered in the one error shape. */
const MAX_BODY = 16 << 20

export interface ServeOptions {
  /** Finds the owners of connections. */
  readonly owners?: Pick<Owners, 'of'>
  /** Limits of connections; by default they follow the process's limit of open files. */
  readonly limits?: CrowdLimits
  /** Called with the owners of connections that were closed because there were too many. */
  readonly closed?: (clients: readonly string[]) => void
}

/**
 * @param listen `HOST:PORT` or `[V6]:PORT`; port 0 takes a free one
 * @throws NixieError `unavailable` when the port is taken or may not be used
 */
export function serve(
  app: Pick<Hono, 'fetch'>,
  listen: string,
  { owners = new Owners(), ...options }: ServeOptions = {},
): Served {
  const hostname = hostOf(listen)
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1))
  const bursts = new Bursts()
  let server: Bun.Server<undefined>
  try {
    server = Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_SECONDS,
      maxRequestBodySize: MAX_BODY,
      development: false,
      // Without development mode Bun shares the port by default: a second Nixie would take half of the requests.
      reusePort: false,
      error: (cause) => Response.json({ error: NixieError.from(cause).shape }, { status: 500 }),
      fetch: (request, { port }) => {
        const refused = refusedMethod(request.method)
        if (refused) return refused
        const peer = server.requestIP(request) ?? undefined
        if (peer && bursts.isBeyond(peer)) return tooMany()
        if (peer) connections.asked(peer)
        const listener = listenerOf(hostname, port!, peer, connections)
        const answer = app.fetch(withHost(request), { peer, listener })
        return answer instanceof Promise ? answer.then(leaving) : leaving(answer)
      },
    })
  } catch (cause) {
    throw listenError(cause, listen, port)
  }
  const connections = new Connections({ port: server.port!, owners, ...options }).start()
  const shown = hostname.includes(':') ? `[${hostname}]` : hostname
  return {
    url: `http://${shown}:${server.port}`,
    port: server.port!,
    stop: async (graceMs = 2000) => {
      const forced = setTimeout(() => void server.stop(true), graceMs)
      await server.stop()
      clearTimeout(forced)
      connections.stop()
    },
  }
}

/** The server then forgets what else the connection has sent. */
function tooMany(): Response {
  const { shape, status } = new NixieError(
    'too_many_requests',
    'The connection sent too many requests at once',
    'Send the next one when the answer is there.',
  )
  return Response.json({ error: shape }, { status, headers: { Connection: 'close' } })
}

const REFUSED = [401, 403]

/** Who is refused has one request a connection, which bounds what strangers cost. */
function leaving(response: Response): Response {
  if (REFUSED.includes(response.status)) response.headers.set('Connection', 'close')
  return response
}

/** Where a connection of `peer` has arrived: the kernel is asked where it may be one of several addresses. */
function listenerOf(
  hostname: string,
  port: number,
  peer: Connection['peer'],
  connections: Connections,
): Connection['listener'] {
  const bytes = addressBytes(hostname)
  if (bytes && !isUnspecified(bytes)) return { address: hostname, port }
  // A wildcard, or a name with one or more addresses.
  const address = peer && connections.localAddress(peer)
  return address === undefined ? { port } : { address, port }
}

/**
 * Checks that the address can be listened on, by trying any free port there.
 *
 * @throws NixieError when this host has no such address, or the port may not be used
 */
export function checkListen(listen: string): void {
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1))
  try {
    Bun.listen({ hostname: hostOf(listen), port, socket: { data: () => {} } }).stop(true)
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw listenError(cause, listen, port)
  }
}

/**
 * Methods that the Fetch standard forbids in a Request. They are for proxies (CONNECT) or echo the request (TRACE), and
 * this server does neither.
 */
const NO_REQUEST = ['CONNECT', 'TRACE', 'TRACK']

function refusedMethod(method: string): Response | undefined {
  if (!NO_REQUEST.includes(method)) return undefined
  const { shape, status } = new NixieError(
    'method_not_allowed',
    `Nixie does not take ${method}`,
    'See /openapi.json.',
  )
  return Response.json({ error: shape }, { status })
}

/**
 * HTTP/1.0 needs no Host (RFC 9112 section 3.2). Without a valid one, Bun's URL is only a path, which Hono can't route.
 * Such a request gets a URL with its Host header, or with an empty one: probes are answered, all else is refused like
 * any other wrong Host.
 */
function withHost(request: Request): Request {
  if (URL.canParse(request.url)) return request
  const [path] = BEHIND_HOST.exec(request.url) ?? ['/']
  const whole = new Request(`http://localhost${path}`, request)
  whole.headers.set('Host', request.headers.get('host') ?? '')
  return whole
}

const BEHIND_HOST = /(?<=^(?:[a-z]+:\/\/[^/?#]*)?)\/.*/s

function listenError(cause: unknown, listen: string, port: number): NixieError {
  const { code, message } = cause as { code?: string; message: string }
  switch (code) {
    case 'EADDRINUSE':
      return new NixieError(
        'unavailable',
        `Port ${port} is taken: ${portHolder(port) ?? 'another program'} listens on ${listen}`,
        `Perhaps Nixie runs already (nixie status), or choose another port: --listen ${listen.slice(0, listen.lastIndexOf(':'))}:${port < 65535 ? port + 1 : port - 1}`,
      )
    case 'EACCES':
      return new NixieError(
        'unavailable',
        `Port ${port} may not be used: ports below 1024 are reserved`,
        'Choose a higher port with --listen, or run as root.',
      )
    case 'EADDRNOTAVAIL':
      return new NixieError(
        'unavailable',
        `This host has no address ${hostOf(listen)}`,
        'Give --listen an address of this host (ip address), or 127.0.0.1.',
      )
    default:
      return new NixieError(
        'unavailable',
        `Can't listen on ${listen}: ${message}`,
        'Choose another address with --listen HOST:PORT.',
      )
  }
}
