/** `node=` on every page and API call: which Nixie is asked. */
import type { Context, MiddlewareHandler } from 'hono'
import { NixieError } from '../errors'
import type { Runner } from '../runner/runner'
import { didYouMean } from '../suggest'
import { accessTo, checkPeer } from './ask'
import { type Peer, peerAt } from './peer'
import type { PeerNode, Peers } from './peers'

declare module 'hono' {
  interface ContextVariableMap {
    /** The other node that is asked; absent where this one is. */
    peer?: Peer
  }
}

export interface GatewayOptions {
  readonly peers: () => Peers
  readonly runner: Pick<Runner, 'script'>
  /** The token that the nodes share. */
  readonly token?: string | undefined
  /** Port of `--peer-listen`, the same on every node; '' when there is none. */
  readonly port: string
  /** The request came from another node: no other one is asked, so that no request goes in circles. */
  readonly last?: boolean
}

const SCRIPT_PATH = /^\/(?:scripts|api\/run)\/([^/]+\/[^/]+?)(?:\/result)?\/?$/

/** Sets `peer`, where another node is asked. */
export function gateway(options: GatewayOptions): MiddlewareHandler {
  return async (c, next) => {
    const asked = askedNode(c)
    if (asked === undefined) return next()
    const { nodes, namespace } = options.peers()
    // Node names are DNS names, so case doesn't matter.
    const node = nodes.find(({ name }) => name.toLowerCase() === asked.toLowerCase())
    if (!node || node.own) {
      const isTaken = await takeNode(c, options.runner)
      if (isTaken && !node && asked !== '') throw unknownNode(asked, nodes)
      return next()
    }
    if (options.last) {
      const hint = `Ask any Nixie of the cluster with node=${asked}.`
      throw new NixieError('bad_request', `This is not the Nixie of node '${asked}'`, hint)
    }
    const way = { name: node.name, namespace, ...accessTo(node, namespace, options) }
    await checkPeer(way)
    c.set('peer', peerAt(way, c.req.raw.signal))
    return next()
  }
}

/** The node that the request names, '' for this one; forms may repeat it. */
function askedNode(c: Context): string | undefined {
  const names = [...new Set(c.req.queries('node'))]
  if (names.length < 2) return names[0]
  throw new NixieError('bad_request', `Parameter 'node' is given ${names.length} times`, 'Name one node.')
}

export function withoutNode(text: string): string {
  const url = new URL(text)
  url.searchParams.delete('node')
  return url.href
}

/** Takes `node` out of the request's query. False where the script that it runs has an argument `node`: it sets both. */
export async function takeNode(c: Context, runner: Pick<Runner, 'script'>): Promise<boolean> {
  const name = SCRIPT_PATH.exec(c.req.path)?.[1]
  const script = name === undefined ? undefined : await runner.script(name)
  if (script?.variables.some((variable) => variable.name === 'node')) return false
  c.req.raw = new Request(withoutNode(c.req.url), c.req.raw)
  return true
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
