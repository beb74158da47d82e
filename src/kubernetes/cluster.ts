/** The way to a cluster's API server, by a pod's service account or a kubeconfig. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
// The whole package would load every class of the API; this part reads kubeconfigs and knows their ways to authenticate.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { messageOf, NixieError } from '../errors'
import { didYouMean } from '../suggest'

export interface Cluster {
  readonly server: string
  /** The name that the kubeconfig gives it; '' in a pod. */
  readonly name: string
  /** The namespace of the service account or context; '' when there is none. */
  readonly namespace: string
  get(path: string, options?: { signal?: AbortSignal; accept?: string }): Promise<Response>
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly body?: string
  readonly contentType?: string
  readonly accept?: string
  readonly signal?: AbortSignal
}

/** A user's client: it reads, writes, and opens sockets to ports of pods. */
export interface ClusterClient extends Cluster {
  /** The kubeconfig's context. */
  readonly context: string
  request(path: string, options?: RequestOptions): Promise<Response>
  /** The socket is not open yet. */
  socket(path: string, protocols: readonly string[]): Promise<WebSocket>
}

interface Credentials {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  auth?: string
  servername?: string
  headers?: Record<string, string | string[] | undefined>
  rejectUnauthorized?: boolean
}

/** Headers and TLS options. They are read for each request, since tokens in files are renewed. */
async function credentialsOf(config: KubeConfig) {
  const credentials: Credentials = {}
  await config.applyToHTTPSOptions(credentials)
  const { ca, cert, key, auth, headers, rejectUnauthorized, servername } = credentials
  return {
    headers: {
      ...(headers as Record<string, string>),
      ...(auth ? { Authorization: `Basic ${btoa(auth)}` } : {}),
    },
    tls: {
      ...(ca ? { ca } : {}),
      ...(cert && key ? { cert, key } : {}),
      ...(servername ? { serverName: servername } : {}),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
  }
}

function clientOf(config: KubeConfig, server: string, name: string): ClusterClient {
  const request: ClusterClient['request'] = async (path, options = {}) => {
    const { method = 'GET', body, contentType, accept = 'application/json', signal } = options
    const { headers, tls } = await credentialsOf(config)
    return fetch(server + path, {
      method,
      headers: { ...headers, Accept: accept, ...(contentType ? { 'Content-Type': contentType } : {}) },
      tls,
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    } as RequestInit)
  }
  return {
    server,
    name,
    context: config.getCurrentContext(),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? '',
    get: request,
    request,
    socket: async (path, protocols) => {
      const options = { protocols, ...(await credentialsOf(config)) }
      const socket = new WebSocket(server.replace(/^http/, 'ws') + path, options as unknown as string[])
      socket.binaryType = 'arraybuffer'
      return socket
    },
  }
}

/** `fetch` leaves the proxy of the environment out for this server. */
function bypassProxy(server: string): void {
  process.env.NO_PROXY = [process.env.NO_PROXY, new URL(server).hostname].filter(Boolean).join(',')
}

/** `kubeconfig`: a file, or '' for the service account of the pod. Throws `bad_request` when it names no cluster. */
export function openCluster(kubeconfig: string): Cluster {
  const config = new KubeConfig()
  if (kubeconfig === '') config.loadFromCluster()
  else load(config, kubeconfig)
  const { server, name } = currentCluster(config, kubeconfig)
  // An API server is never behind the proxy of the environment; its service sets no NO_PROXY for it.
  bypassProxy(server)
  return clientOf(config, server, kubeconfig === '' ? '' : name)
}

function load(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file)
  } catch (cause) {
    const message = `The kubeconfig ${file} can't be read: ${messageOf(cause)}`
    throw new NixieError('bad_request', message, 'Name a kubeconfig that you may read with --kubeconfig.')
  }
}

function currentCluster(config: KubeConfig, file: string) {
  const current = config.getCurrentCluster()
  if (current) return current
  const message = `The kubeconfig ${file} names no cluster in its current context`
  throw new NixieError('bad_request', message, 'Set one: kubectl config use-context NAME.')
}

/** The kubeconfigs that kubectl would read, if they exist: `KUBECONFIG`, or the one in the home directory. */
export function userKubeconfigs(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  const own = env.HOME ? [join(env.HOME, '.kube/config')] : []
  return (named.length > 0 ? named : own).filter((file) => existsSync(file))
}

const PRIVATE = /^(localhost$|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/

/**
 * The cluster that the user's kubeconfig names.
 * @throws NixieError `bad_request` when there is no kubeconfig, no such context, or no cluster in it
 */
export function openUserCluster(
  {
    kubeconfig,
    context,
    start,
  }: {
    readonly kubeconfig?: string | undefined
    readonly context?: string | undefined
    /** The command that makes the context, for the hint. */
    readonly start?: string | undefined
  },
  env: Readonly<Record<string, string | undefined>>,
): ClusterClient {
  const files = kubeconfig === undefined ? userKubeconfigs(env) : [kubeconfig]
  if (files.length === 0) {
    const hint =
      'Name one with --kubeconfig FILE or KUBECONFIG; minikube start and k3s write theirs themselves.'
    throw new NixieError('bad_request', 'There is no kubeconfig', hint)
  }
  const config = new KubeConfig()
  load(config, files[0]!)
  for (const file of files.slice(1)) {
    const other = new KubeConfig()
    load(other, file)
    config.mergeConfig(other, true)
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name)
    if (!names.includes(context)) {
      const known = names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`
      const hint = `${didYouMean(context, names)}${known}${start === undefined ? '' : ` Make it: ${start}.`}`
      throw new NixieError('bad_request', `The kubeconfig has no context '${context}'`, hint)
    }
    config.setCurrentContext(context)
  }
  const { server, name } = currentCluster(config, files.join(delimiter))
  if (PRIVATE.test(new URL(server).hostname)) bypassProxy(server)
  return clientOf(config, server, name)
}
