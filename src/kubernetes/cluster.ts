/** The way to a cluster's API server, by a pod's service account or a kubeconfig. */
// The whole package would load every class of the API; this part reads kubeconfigs and knows their ways to authenticate.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { NixieError } from '../errors'

export interface Cluster {
  readonly server: string
  /** The name that the kubeconfig gives it; '' in a pod. */
  readonly name: string
  /** The namespace of the service account or context; '' when there is none. */
  readonly namespace: string
  get(path: string, options?: { signal?: AbortSignal; accept?: string }): Promise<Response>
}

interface Credentials {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  headers?: Record<string, string | string[] | undefined>
  rejectUnauthorized?: boolean
}

/** `kubeconfig`: a file, or '' for the service account of the pod. Throws `bad_request` when it names no cluster. */
export function openCluster(kubeconfig: string): Cluster {
  const config = new KubeConfig()
  try {
    if (kubeconfig === '') config.loadFromCluster()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    const message = `The kubeconfig ${kubeconfig} can't be read: ${(cause as Error).message}`
    throw new NixieError('bad_request', message, 'Name a kubeconfig that you may read with --kubeconfig.')
  }
  const current = config.getCurrentCluster()
  if (!current) {
    const message = `The kubeconfig ${kubeconfig} names no cluster in its current context`
    throw new NixieError('bad_request', message, 'Set one: kubectl config use-context NAME.')
  }
  // An API server is never behind the proxy of the environment; its service sets no NO_PROXY for it.
  process.env.NO_PROXY = [process.env.NO_PROXY, new URL(current.server).hostname].filter(Boolean).join(',')
  return {
    server: current.server,
    name: kubeconfig === '' ? '' : current.name,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? '',
    get: async (path, { signal, accept = 'application/json' } = {}) => {
      const credentials: Credentials = {}
      // Asked each time: tokens in files are renewed.
      await config.applyToHTTPSOptions(credentials)
      const { ca, cert, key, headers, rejectUnauthorized } = credentials
      return fetch(current.server + path, {
        headers: { ...(headers as Record<string, string>), Accept: accept },
        tls: {
          ...(ca ? { ca } : {}),
          ...(cert && key ? { cert, key } : {}),
          ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
        },
        ...(signal ? { signal } : {}),
      } as RequestInit)
    },
  }
}
