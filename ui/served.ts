import type { Context } from 'hono'
import type { Status } from '../src/api/status'
import type { UiDeps } from './deps'
import type { NodeRates, Rates } from './rates'

/** What the pages of one node are made of. */
export interface Served extends UiDeps {
  readonly rates: Rates
}

/** This node, or the one that `node=` names: then all that is shown comes from there. Kubernetes is the same for both. */
export function servedBy(own: UiDeps, rates: NodeRates, c: Context): Served {
  const peer = c.get('peer')
  if (!peer) return { ...own, rates: rates.of('') }
  let status: Promise<Status> | undefined
  return {
    ...own,
    runner: peer.runner,
    status: () => {
      status ??= peer.api.get<Status>('/api/status')
      return status
    },
    nodes: () => (own.nodes?.() ?? []).map(({ name }) => ({ name, own: name === peer.name })),
    rates: rates.of(peer.name),
  }
}
