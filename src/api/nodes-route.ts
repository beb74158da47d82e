/** `GET /api/nodes`: which nodes can be asked with `node=`. */
import { askNodes, type NodeAnswer } from '../peers/nodes'
import { type Peers, peerPort } from '../peers/peers'
import type { Route, RouteDeps } from './route'
import { boolean, component, list, object, schemaOf, string } from './schema'

/** Outside of a cluster a node is alone. */
export function peersOf({ peers, config }: Pick<RouteDeps, 'peers' | 'config'>): () => Peers {
  return peers ?? (() => ({ namespace: '', nodes: [{ name: config.nodeName, address: '', own: true }] }))
}

const Nodes = component(
  'Nodes',
  object({
    nodes: list(
      schemaOf<NodeAnswer>()(
        object({
          name: string(),
          address: string('Of the pod of Nixie there; empty when there is none, and for a lone node'),
          version: string("Empty when it can't be asked"),
          ready: boolean('It captures'),
          own: boolean('The one that answers'),
          reason: string("Why it can't be asked, or captures nothing; empty when all is well"),
        }),
      ),
    ),
  }),
)

export const listNodes: Route = {
  method: 'get',
  path: '/api/nodes',
  id: 'listNodes',
  summary: 'The nodes of the cluster and the Nixie on each; every path takes node=NAME and is answered there',
  parameters: {},
  answers: { 'application/json': Nodes },
  handle: async (c, _query, deps) => {
    const { config, peerToken: token } = deps
    const port = peerPort(config)
    return c.json({ nodes: await askNodes({ peers: peersOf(deps), token, port }, deps.status) })
  },
}
