/** The nodes of the cluster and the Nixie on each, from the store's entities. */
import type { Config } from '../config'
import { type Entities, isLiving, type StoredPod } from '../records/entities'

/** A node of the cluster. */
export interface PeerNode {
  readonly name: string
  /** Address of the Nixie pod on the node; '' when there is none. */
  readonly address: string
  /** It is the node of this process. */
  readonly own: boolean
}

export interface Peers {
  /** Every node that is known, by name; outside of a cluster only this one. */
  readonly nodes: readonly PeerNode[]
  /** The namespace of this Nixie; '' outside of a cluster. */
  readonly namespace: string
}

/** Port of `--peer-listen`, the same on every node; '' when there is none. */
export const peerPort = ({ peerListen }: Pick<Config, 'peerListen'>): string =>
  peerListen.slice(peerListen.lastIndexOf(':') + 1)

const NAME_LABEL = 'app.kubernetes.io/name'

/** Pods of Nixie's DaemonSet that have an address: those of its namespace with its name. The younger ones are last. */
function nixiePods(entities: Entities, namespace: string): Partial<StoredPod>[] {
  const pods = [...entities('pod').values()].filter(isLiving).map(({ value }) => value)
  return pods
    .filter(
      ({ namespace: own, labels, status, ip }) =>
        own === namespace && labels?.[NAME_LABEL] === 'nixie' && status?.state === 'Running' && Boolean(ip),
    )
    .sort((a, b) => (BigInt(a.startNs ?? 0) < BigInt(b.startNs ?? 0) ? -1 : 1))
}

/** `own`: this node's name. Called for each request, since pods come and go. */
export function readPeers(entities: Entities, own: string): Peers {
  const namespace = entities('cluster').get('this')?.value.ownNamespace ?? ''
  const addresses = new Map<string, string>([[own, '']])
  for (const node of entities('node').values()) {
    if (isLiving(node)) addresses.set(node.value.name ?? '', '')
  }
  // While a pod is replaced there may be two: the younger one counts.
  const pods = namespace === '' ? [] : nixiePods(entities, namespace)
  for (const { node = '', ip = '' } of pods) addresses.set(node, ip)
  const nodes = [...addresses].map(([name, address]) => ({ name, address, own: name === own }))
  return { namespace, nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}
