/** The state of each node of the cluster, for `GET /api/nodes`. */
import { messageOf, NixieError } from '../errors'
import { accessTo, askPeer } from './ask'
import type { GatewayOptions } from './gateway'
import type { PeerNode } from './peers'

export interface NodeAnswer {
  readonly name: string
  /** Address of the Nixie pod on the node; '' when there is none. */
  readonly address: string
  /** '' when it can't be asked. */
  readonly version: string
  /** The node captures. */
  readonly ready: boolean
  readonly own: boolean
  /** Why it can't be asked, or captures nothing, in words; '' when all is well. */
  readonly reason: string
}

interface Own {
  readonly version: string
  readonly ready: boolean
}

const ASK_MS = 3000

/** Asks all nodes at once. A node that doesn't answer costs at most the time limit. */
export async function askNodes(
  { peers, ...options }: Pick<GatewayOptions, 'peers' | 'token' | 'port'>,
  own: () => Own | Promise<Own>,
): Promise<readonly NodeAnswer[]> {
  const { nodes, namespace } = peers()
  const ask = async ({ address, ...node }: PeerNode): Promise<Own> => {
    if (node.own) return own()
    const way = { name: node.name, namespace, ...accessTo({ address, ...node }, namespace, options) }
    const question = { method: 'GET', target: '/api/status', headers: new Headers(), body: new Uint8Array() }
    const response = await askPeer(way, question, AbortSignal.timeout(ASK_MS))
    if (!response.ok) throw new NixieError('unavailable', `It answers with status ${response.status}`)
    return (await response.json()) as Own
  }
  return Promise.all(
    nodes.map(async (node) => {
      try {
        const { version, ready } = await ask(node)
        return { ...node, version, ready, reason: ready ? '' : 'It captures nothing: see its health page' }
      } catch (cause) {
        return { ...node, version: '', ready: false, reason: messageOf(cause) }
      }
    }),
  )
}
