/** `node=` on every page and API call: the Nixie of that node answers. */
import type { Context, MiddlewareHandler } from 'hono'
import { NixieError } from '../errors'
import type { Runner } from '../runner/runner'
import { didYouMean } from '../suggest'
import { accessTo, askPeer, probePeer } from './ask'
import { keepOnNode, onNode } from './links'
import type { PeerNode, Peers } from './peers'
import { onlyHeaders, REQUEST_HEADERS } from './proof'

export interface GatewayOptions {
  readonly peers: () => Peers
  readonly runner: Pick<Runner, 'scripts'>
  /** The token that the nodes share. */
  readonly token?: string | undefined
  /** Port of `--peer-listen`, the same on every node; '' when there is none. */
  readonly port: string
  /** The request came from another node: it is never passed on, so that no request goes in circles. */
  readonly last?: boolean
}

const SCRIPT_PATH = /^\/(?:scripts|api\/run)\/([^/]+\/[^/]+?)(?:\/result)?\/?$/

export function gateway(options: GatewayOptions): MiddlewareHandler {
  return async (c, next) => {
    const asked = askedNode(c)
    if (asked === undefined) return next()
    const { nodes, namespace } = options.peers()
    // Node names are DNS names, so case doesn't matter.
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

/** Whether the script at a path has an argument `node` of its own. Then `node=` sets both. */
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

async function forward(c: Context, node: PeerNode, namespace: string, options: GatewayOptions) {
  const { name } = node
  const way = { name, namespace, ...accessTo(node, namespace, options) }
  await probePeer(way)
  const { raw } = c.req
  const headers = onlyHeaders(raw.headers, REQUEST_HEADERS)
  // The other node compares this header with its own addresses, not with node names.
  const shown = headers.get('hx-current-url')
  if (shown !== null && URL.canParse(shown)) headers.set('hx-current-url', withoutNode(shown))
  const { pathname, search } = new URL(raw.url)
  const body = new Uint8Array(await c.req.arrayBuffer())
  const question = { method: raw.method, target: pathname + search, headers, body }
  const answer = await askPeer(way, question, raw.signal)
  return answered(answer, name, await argumentPaths(options.runner))
}

function answered(answer: Response, node: string, isArgument: (path: string) => boolean): Response {
  for (const name of ['HX-Push-Url', 'HX-Replace-Url', 'HX-Redirect', 'Location']) {
    const path = answer.headers.get(name)
    if (path !== null) answer.headers.set(name, onNode(path, node))
  }
  const isHtml = (answer.headers.get('content-type') ?? '').startsWith('text/html')
  return isHtml ? keepOnNode(answer, node, isArgument) : answer
}
