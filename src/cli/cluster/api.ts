/** Reads, applies and deletes a cluster's objects. Errors say in words what went wrong. */
import { codeOf, messageOf, NixieError } from '../../errors'
import type { ClusterClient, RequestOptions } from '../../kubernetes/cluster'

export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

/** The kinds that the manifests are made of: the word in the path, and whether they live in a namespace. */
const KINDS: Readonly<Record<string, readonly [string, boolean]>> = {
  Namespace: ['namespaces', false],
  ServiceAccount: ['serviceaccounts', true],
  ClusterRole: ['clusterroles', false],
  ClusterRoleBinding: ['clusterrolebindings', false],
  PriorityClass: ['priorityclasses', false],
  NetworkPolicy: ['networkpolicies', true],
  Secret: ['secrets', true],
  Service: ['services', true],
  Pod: ['pods', true],
  DaemonSet: ['daemonsets', true],
  Deployment: ['deployments', true],
}

export const isNamespaced = ({ kind }: Pick<KubeObject, 'kind'>): boolean => KINDS[kind]?.[1] ?? true

/** The path of an object, or of its kind's list. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject, list = false): string {
  const known = KINDS[kind]
  if (!known) throw new Error(`The manifests hold a ${kind}, whose path is not known`)
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = known[1] ? `/namespaces/${encodeURIComponent(metadata.namespace!)}` : ''
  return `${group}${place}/${known[0]}${list ? '' : `/${encodeURIComponent(metadata.name)}`}`
}

export const nameOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`

const APPLY_TYPE = 'application/apply-patch+yaml'
const REQUEST_MS = 30_000

export class ClusterApi {
  readonly #client: ClusterClient
  /** The command that starts the cluster, where one is known. */
  readonly #start: string | undefined

  constructor(client: ClusterClient, start?: string) {
    this.#client = client
    this.#start = start
  }

  /** The answer, whatever its status. @throws NixieError `unavailable` when the API server doesn't answer */
  async request(path: string, options: RequestOptions = {}): Promise<Response> {
    try {
      return await this.#client.request(path, { signal: AbortSignal.timeout(REQUEST_MS), ...options })
    } catch (cause) {
      const { server, context } = this.#client
      const why = codeOf(cause) ?? messageOf(cause)
      throw new NixieError(
        'unavailable',
        `The API server of context '${context}' at ${server} does not answer (${why})`,
        this.#start === undefined ? 'See: kubectl cluster-info.' : `Start it: ${this.#start}.`,
      )
    }
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#answered(path)).json() as Promise<T>
  }

  async text(path: string): Promise<string> {
    return (await this.#answered(path, { accept: '*/*' })).text()
  }

  /** Undefined when there is none. */
  async find<T>(path: string): Promise<T | undefined> {
    const response = await this.request(path)
    if (response.status === 404) return undefined
    return (await this.#checked(path, response)).json() as Promise<T>
  }

  /** Creates it or changes it to what is given; fields that others set are left to them. */
  async apply(object: KubeObject): Promise<void> {
    await this.#answered(`${pathOf(object)}?fieldManager=nixie&force=true`, {
      method: 'PATCH',
      contentType: APPLY_TYPE,
      body: JSON.stringify(object),
    })
  }

  /** Creates it; false when it is there already. */
  async create(object: KubeObject): Promise<boolean> {
    const path = `${pathOf(object, true)}?fieldManager=nixie`
    const body = JSON.stringify(object)
    const response = await this.request(path, { method: 'POST', contentType: 'application/json', body })
    if (response.status === 409) return false
    await this.#checked(path, response)
    return true
  }

  /** Deletes the object, and first the objects that it owns. False when it isn't there. */
  async remove(object: KubeObject): Promise<boolean> {
    const path = `${pathOf(object)}?propagationPolicy=Foreground`
    const response = await this.request(path, { method: 'DELETE' })
    if (response.status === 404) return false
    await this.#checked(path, response)
    return true
  }

  async #answered(path: string, options: RequestOptions = {}): Promise<Response> {
    return this.#checked(path, await this.request(path, options))
  }

  async #checked(path: string, response: Response): Promise<Response> {
    if (response.ok) return response
    throw apiError(path, response.status, await response.text())
  }
}

/** The API server's answer as a NixieError. Its text already says who may not do what. */
export function apiError(path: string, status: number, body: string): NixieError {
  let message = body.slice(0, 300)
  try {
    message = String((JSON.parse(body) as { message?: string }).message ?? message)
  } catch {
    // A proxy's answer: not JSON.
  }
  const words = message === '' ? `status ${status} for ${path}` : message
  switch (status) {
    case 401:
      return new NixieError(
        'unauthorized',
        `The cluster does not know who you are: ${words}`,
        'Renew the credentials of your kubeconfig.',
      )
    case 403:
      return new NixieError(
        'unauthorized',
        `The cluster forbids it: ${words}`,
        'It needs a user who may make namespaces, cluster roles and daemon sets: kubectl auth can-i --list.',
      )
    case 404:
      return new NixieError('not_found', words)
    default:
      return new NixieError('unavailable', `The cluster refuses it (status ${status}): ${words}`)
  }
}
