/** The nodes of a cluster, and which images they say that they have. */
import { NixieError } from '../../errors'
import type { ClusterApi } from './api'
import { wordsOfContext } from './distribution'

export interface NodeObject {
  readonly metadata: { readonly name: string }
  readonly status?: {
    readonly nodeInfo?: { readonly architecture?: string }
    readonly addresses?: readonly { readonly address: string }[]
    readonly images?: readonly { readonly names?: readonly string[] | null }[]
  }
}

/** A kubelet reports only this many of its images, the largest. */
const NAMED_IMAGES = 50
const SHOWN = 3

export const nodesOf = async (api: ClusterApi): Promise<readonly NodeObject[]> =>
  (await api.get<{ items: readonly NodeObject[] }>('/api/v1/nodes')).items

/** Whether the node reports the image. It does so within 10 s of getting it. */
export const hasImage = ({ status }: NodeObject, image: string): boolean =>
  (status?.images ?? []).some(({ names }) => names?.includes(image))

const saysAll = ({ status }: NodeObject) => (status?.images ?? []).length < NAMED_IMAGES

/**
 * Checks that the nodes have an image that no registry has.
 * @throws NixieError with the nodes that lack it, and the ways to bring it there
 */
export async function requireImage(api: ClusterApi, image: string, context: string): Promise<void> {
  const lacking = (await nodesOf(api)).filter((node) => !hasImage(node, image) && saysAll(node))
  if (lacking.length === 0) return
  const names = lacking.map(({ metadata }) => metadata.name)
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''
  const words = wordsOfContext(context)
  const own =
    words === undefined
      ? 'minikube, kind, k3s: nixie deploy --minikube, --kind or --k3s brings it there.'
      : `This context is one of ${words.slice(2).replace(/=.*/, '')}: nixie deploy ${words} brings it there.`
  throw new NixieError(
    'bad_request',
    `No registry has the image ${image}, and these nodes do not have it: ${names.slice(0, SHOWN).join(', ')}${more}`,
    `${own} Any other cluster: nixie image --output nixie.tar makes it, a registry of yours takes it (skopeo copy docker-archive:nixie.tar docker://NAME), and nixie deploy --image NAME uses it.`,
  )
}
