/** `node=` on every page and API call: another node's answer comes from the Nixie that runs there. */
import type { Context, MiddlewareHandler } from 'hono'
import { proxy } from 'hono/proxy'
import { NixieError } from '../errors'
import type { Runner } from '../runner/runner'
import { didYouMean } from '../suggest'
import { keepOnNode, onNode } from './links'
import type { PeerNode, Peers } from './peers'

export interface GatewayOptions {
  readonly peers: () => Peers
  readonly runner: Pick<Runner, 'scripts'>
  /** The token that the nodes share. */
  readonly token?: string | undefined
  /** Of `--peer-listen`, the same on every node; '' when there is none. */
  readonly port: string
  /** The request came from another node: it is answered here or not at all, so that none goes in circles. */
  readonly last?: boolean
}

/** A node that doesn't answer its probe within this is taken to be away. */
const PROBE_MS = 3000

const SCRIPT_PATH = /^\/(?:scripts|api\/run)\/([^/]+\/[^/]+?)(?:\/result)?\/?$/

/** What belongs to this connection, this browser or this node. */
const OWN_HEADERS = ['host', 'origin', 'cookie', 'referer', 'content-length']

export function gateway(options: GatewayOptions): MiddlewareHandler {
  return async (c, next) => {
    const asked = askedNode(c)
    if (asked === undefined) return next()
    const { nodes, namespace } = options.peers()
    // Names of nodes are DNS names: their case says nothing.
    const node = nodes.find(({ name }) => name.toLowerCase() === asked.toLowerCase())
    if (!node || node.own) {
      const isArgument = await argumentPaths(options.runner)
      if (isArgument(c.req.path)) return next()
      if (!node && asked !== '') throw unknownNode(asked, nodes)
      c.req.raw = new Request(withoutNode(c.req.url), c.req.raw)
      return next()
    }
    if (options.last) {
      const hint = `Ask any Nixie of the cluster with node=${asked}.`
      throw new NixieError('bad_request', `This is not the Nixie of node '${asked}'`, hint)
    }
    return forward(c, node, namespace, options)
  }
}

/** The node that the request names, '' for this one; forms may repeat it. */
function askedNode(c: Context): string | undefined {
  const names = [...new Set(c.req.queries('node'))]
  if (names.length < 2) return names[0]
  throw new NixieError('bad_request', `Parameter 'node' is given ${names.length} times`, 'Name one node.')
}

function withoutNode(text: string): string {
  const url = new URL(text)
  url.searchParams.delete('node')
  return url.href
}

/** Whether the script at a path has an argument `node` itself: then its value is both. */
async function argumentPaths(runner: Pick<Runner, 'scripts'>): Promise<(path: string) => boolean> {
  const scripts = await runner.scripts()
  const taking = new Set(
    scripts.filter(({ variables }) => variables.some((v) => v.name === 'node')).map(({ name }) => name),
  )
  return (path) => taking.has(SCRIPT_PATH.exec(path)?.[1] ?? '')
}

function unknownNode(asked: string, nodes: readonly PeerNode[]): NixieError {
  const names = nodes.map(({ name }) => name)
  const some = names.slice(0, 10).join(', ')
  return new NixieError(
    'not_found',
    `There is no node '${asked.slice(0, 100)}'`,
    `${didYouMean(asked, names)}GET /api/nodes lists them: ${some}${names.length > 10 ? ', …' : ''}.`,
  )
}

export interface PeerAccess {
  /** `http://10.0.0.7:6495` */
  readonly url: string
  readonly token: string
}

/** @throws NixieError `unavailable` when there is no way to the node's Nixie, with what is missing. */
export function accessTo(
  { name, address }: PeerNode,
  namespace: string,
  { token, port }: Pick<GatewayOptions, 'token' | 'port'>,
): PeerAccess {
  const fail = (message: string, hint: string) => new NixieError('unavailable', message, hint)
  if (address === '') {
    const pods = `kubectl get pods -o wide${namespace === '' ? '' : ` -n ${namespace}`}`
    throw fail(
      `No Nixie runs on node '${name}'`,
      `See whether its pod is kept from that node, and why: ${pods}.`,
    )
  }
  if (token === undefined || port === '') {
    throw fail(
      `Node '${name}' can't be asked: the nodes share no token`,
      "Give every node the same one (--peer-token-file, and --peer-listen); 'nixie deploy' makes it.",
    )
  }
  return { url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`, token }
}

/** `fetch` past the proxy of the environment: pods are never behind it. */
export const fetchPeer = (url: string | Request, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, proxy: false } as unknown as RequestInit)

function silent(name: string, namespace: string, cause: unknown): NixieError {
  const { code, message, name: kind } = cause as { code?: string; message?: string; name?: string }
  const why = kind === 'TimeoutError' ? `no answer within ${PROBE_MS / 1000} s` : (code ?? message ?? '')
  return new NixieError(
    'unavailable',
    `The Nixie of node '${name}' does not answer (${why})`,
    `Its pod may be starting, or the network between the nodes keeps it away: kubectl get pods -n ${namespace} -o wide`,
  )
}

async function forward(c: Context, node: PeerNode, namespace: string, options: GatewayOptions) {
  const { url, token } = accessTo(node, namespace, options)
  // A query may take its time before the first byte, so a probe tells whether anyone is there.
  await fetchPeer(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_MS) }).catch((cause) => {
    throw silent(node.name, namespace, cause)
  })
  const { raw } = c.req
  const headers = new Headers(raw.headers)
  for (const name of OWN_HEADERS) headers.delete(name)
  headers.set('Authorization', `Bearer ${token}`)
  // The other node compares it with its own addresses, which say nothing of nodes.
  const shown = headers.get('hx-current-url')
  if (shown && URL.canParse(shown)) headers.set('HX-Current-URL', withoutNode(shown))
  const { pathname, search } = new URL(raw.url)
  const request = new Request(url + pathname + search, {
    method: raw.method,
    headers,
    body: raw.body,
    signal: raw.signal,
  })
  const answer = await proxy(request.url, { raw: request, redirect: 'manual', customFetch: fetchPeer }).catch(
    (cause) => {
      throw raw.signal.aborted ? cause : silent(node.name, namespace, cause)
    },
  )
  return answered(answer, node.name, await argumentPaths(options.runner))
}

function answered(answer: Response, node: string, isArgument: (path: string) => boolean): Response {
  if (answer.status === 401) {
    throw new NixieError(
      'unavailable',
      `The Nixie of node '${node}' refuses this node's token`,
      'All nodes must share one: restart those that still have another (kubectl rollout restart daemonset).',
    )
  }
  for (const name of ['HX-Push-Url', 'HX-Replace-Url', 'HX-Redirect', 'Location']) {
    const path = answer.headers.get(name)
    if (path !== null) answer.headers.set(name, onNode(path, node))
  }
  const isHtml = (answer.headers.get('content-type') ?? '').startsWith('text/html')
  return isHtml ? keepOnNode(answer, node, isArgument) : answer
}
