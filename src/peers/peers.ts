/** The nodes of the cluster and the Nixie on each, as the store's entities tell. */
import type { Config } from '../config'
import type { Entity, Source } from '../store/store'

/** A node of the cluster. */
export interface PeerNode {
  readonly name: string
  /** Of the pod of Nixie there; '' when there is none. */
  readonly address: string
  /** This process answers for it. */
  readonly own: boolean
}

export interface Peers {
  /** Every node that is known, by name; outside of a cluster only this one. */
  readonly nodes: readonly PeerNode[]
  /** The namespace of this Nixie; '' outside of a cluster. */
  readonly namespace: string
}

/** Of `--peer-listen`, the same on every node; '' when there is none. */
export const peerPort = ({ peerListen }: Pick<Config, 'peerListen'>): string =>
  peerListen.slice(peerListen.lastIndexOf(':') + 1)

const NAME_LABEL = 'app.kubernetes.io/name'

interface Living {
  readonly name: string
  readonly namespace: string
  readonly node: string
  readonly ip: string
  readonly startNs: string
}

const isLiving = ({ value }: Entity) => value.stopNs === '0'

/** Pods of Nixie's DaemonSet that have an address: those of its namespace with its name. */
function nixiePods(source: Source, namespace: string): Living[] {
  const pods = [...source.entities('pod').values()].filter(isLiving).map(({ value }) => value)
  return pods
    .filter((pod) => {
      const labels = pod.labels as Readonly<Record<string, string>>
      const { state } = pod.status as { readonly state: string }
      return (
        pod.namespace === namespace && labels[NAME_LABEL] === 'nixie' && state === 'Running' && pod.ip !== ''
      )
    })
    .map((pod) => pod as unknown as Living)
}

/** `own`: this node's name. Asked each time: pods come and go. */
export function readPeers(source: Pick<Source, 'entities'>, own: string): Peers {
  const namespace = String(source.entities('cluster').get('this')?.value.ownNamespace ?? '')
  const addresses = new Map<string, string>([[own, '']])
  for (const node of source.entities('node').values()) {
    if (isLiving(node)) addresses.set(String(node.value.name), '')
  }
  const pods = namespace === '' ? [] : nixiePods(source as Source, namespace)
  // While a pod is replaced there may be two: the younger one is last.
  pods.sort((a, b) => (BigInt(a.startNs) < BigInt(b.startNs) ? -1 : 1))
  for (const { node, ip } of pods) addresses.set(node, ip)
  const nodes = [...addresses].map(([name, address]) => ({ name, address, own: name === own }))
  return { namespace, nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}
