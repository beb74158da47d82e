/** The pods of Nixie in a cluster, and the status of each. */
import type { Status } from '../../api/status'
import { SETTINGS } from '../../config'
import { fetchDirect } from '../../direct'
import { messageOf, NixieError } from '../../errors'
import { forwardPort } from './forward'
import { type PodObject, type PodState, podState } from './pods'
import type { Target } from './target'

/** Where a pod's Nixie listens on its own loopback. */
export const NIXIE_PORT = Number(SETTINGS.listen.fallback.split(':')[1])

const ASK_MS = 5000
/** How many nodes are asked at once. */
const AT_ONCE = 8

export interface NixiePod {
  readonly name: string
  /** '' while the pod has no node. */
  readonly node: string
  readonly state: PodState
  /** Undefined when it can't be asked. */
  readonly status?: Status
}

export async function listPods({ api, namespace }: Pick<Target, 'api' | 'namespace'>): Promise<PodObject[]> {
  const selector = encodeURIComponent('app.kubernetes.io/name=nixie')
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${selector}`
  const { items } = await api.get<{ items: PodObject[] }>(path)
  return items.sort((a, b) => ((a.spec.nodeName ?? '') < (b.spec.nodeName ?? '') ? -1 : 1))
}

/** @throws NixieError when the pod's Nixie doesn't answer */
export async function askPod<T>(
  target: Pick<Target, 'client' | 'api' | 'namespace'>,
  pod: string,
  path: string,
): Promise<T> {
  let refused: NixieError | undefined
  const forward = forwardPort({
    target,
    pod: () => pod,
    port: NIXIE_PORT,
    failed: (error) => {
      refused = error
    },
  })
  try {
    const response = await fetchDirect(forward.url + path, {
      signal: AbortSignal.timeout(ASK_MS),
      headers: { Accept: 'application/json' },
    })
    return (await response.json()) as T
  } catch (cause) {
    throw refused ?? new NixieError('unavailable', `Pod ${pod} does not answer: ${messageOf(cause)}`)
  } finally {
    forward.close()
  }
}

/** Why a pod's Nixie isn't ready, as it says itself. */
export const readinessOf = async (target: Target, pod: string): Promise<string> =>
  (await askPod<{ reason: string }>(target, pod, '/readyz')).reason

export async function nixiePods(target: Target): Promise<NixiePod[]> {
  const pods = await listPods(target)
  const known: NixiePod[] = []
  for (let i = 0; i < pods.length; i += AT_ONCE) {
    const asked = pods.slice(i, i + AT_ONCE).map(async (pod): Promise<NixiePod> => {
      const state = podState(pod)
      const { name } = pod.metadata
      const running = state.ready || state.ask === 'readiness'
      const status = running
        ? await askPod<Status>(target, name, '/api/status').catch(() => undefined)
        : undefined
      return { name, node: pod.spec.nodeName ?? '', state, ...(status ? { status } : {}) }
    })
    known.push(...(await Promise.all(asked)))
  }
  return known
}

export function noNixie({ namespace, client }: Pick<Target, 'namespace' | 'client'>): NixieError {
  return new NixieError(
    'not_found',
    `No Nixie runs in namespace '${namespace}' of context '${client.context}'`,
    'Deploy it: nixie deploy; in another namespace or cluster: --namespace, --context.',
  )
}
