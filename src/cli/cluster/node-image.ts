/** Chooses the image that the nodes run, and makes sure that they have it before anything is applied. */
import { NixieError } from '../../errors'
import type { Given } from '../command'
import { UsageError } from '../command'
import type { ClusterApi } from './api'
import { loadImage } from './load'
import { imagesOf, type NodeImage, nixieObjects } from './manifests'
import { requireImage } from './nodes'
import type { Target } from './target'

/** One that the user names may have to be pulled. */
export const named = (name: string): NodeImage => ({ name, pull: 'IfNotPresent' })

/**
 * The image of Nixie: the one that the user names, or one that was loaded into every node.
 * @throws NixieError when the nodes would not have it, before they are asked to run it
 */
export async function nodeImage(target: Target, { flags, io }: Given): Promise<NodeImage | undefined> {
  const { api, client, distribution } = target
  const { image, 'image-archive': archive } = flags
  if (image !== undefined && archive !== undefined)
    throw new UsageError('--image and --image-archive exclude each other')
  if (image !== undefined) return named(image)
  if (distribution) {
    return { name: await loadImage({ distribution, api, io, archive }, client.context), pull: 'Never' }
  }
  if (archive !== undefined) {
    const hint =
      'Say whose nodes: --minikube, --kind or --k3s. Any other cluster wants a registry, and --image NAME.'
    throw new UsageError('--image-archive does not say how it comes to the nodes', hint)
  }
  for (const name of imagesOf(nixieObjects({ namespace: target.namespace }))) {
    await requireImage(api, name, client.context)
  }
  return undefined
}

interface DaemonSetList {
  readonly items: readonly {
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly containers: readonly { readonly image: string; readonly imagePullPolicy?: string }[]
        }
      }
    }
  }[]
}

/** The image that the cluster's Nixie runs from: the samples are part of it. @throws NixieError when there is none */
export async function imageOfNixie(api: ClusterApi): Promise<NodeImage> {
  const selector = encodeURIComponent('app.kubernetes.io/name=nixie')
  const { items } = await api.get<DaemonSetList>(`/apis/apps/v1/daemonsets?labelSelector=${selector}`)
  const container = items[0]?.spec.template.spec.containers[0]
  if (container) {
    return { name: container.image, pull: container.imagePullPolicy === 'Never' ? 'Never' : 'IfNotPresent' }
  }
  throw new NixieError(
    'not_found',
    "The samples run from Nixie's image, and no Nixie runs in this cluster",
    'Deploy it first: nixie deploy. Or name an image of Nixie: --image NAME.',
  )
}
