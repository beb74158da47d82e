/** An API server in memory: keeps what is applied, runs pods as it is told, forwards ports of pods to real ones. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from '../../support/scope'

export type Fields = Record<string, unknown>
interface Stored extends Fields {
  metadata: { name: string; namespace?: string; labels?: Record<string, string> } & Fields
}

interface Tunnel {
  readonly port: number
  send: (bytes: Uint8Array) => void
  end: () => void
}

export class FakeCluster {
  readonly objects = new Map<string, Stored>()
  readonly made: Stored[] = []
  /** `METHOD path` of everything that writes. */
  readonly writes: string[] = []
  /** What the pods of every workload are; a ready one by default. */
  pod: (name: string) => Fields = () => ready
  /** What a pod that was made by itself is. */
  ownPod: () => Fields = () => ({ phase: 'Succeeded' })
  /** What the pods run, when it is not what their workload says now. */
  podImage: string | undefined
  events: Fields[] = []
  nodes: Fields[] = [
    {
      metadata: { name: 'node-1' },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        images: [{ names: ['localhost/nixie:0.1.0'] }],
      },
    },
  ]
  /** Nodes that a DaemonSet runs on. */
  scheduled = 1
  /** Answered to requests of this path, before anything else. */
  refusals: Record<string, number> = {}
  logs = ''
  /** Where ports of pods lead. */
  target = 0
  readonly kubeconfig: string
  readonly #generations = new Map<string, number>()
  readonly #server

  constructor(scope: Scope) {
    this.#server = Bun.serve<Tunnel>({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request, server) => {
        const url = new URL(request.url)
        if (url.pathname.endsWith('/portforward')) {
          if (request.headers.get('upgrade') === null) return new Response('', { status: 400 })
          const headers = { 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' }
          const data = { port: Number(url.searchParams.get('ports')), send: () => {}, end: () => {} }
          return server.upgrade(request, { data, headers }) ? undefined : new Response('', { status: 500 })
        }
        return this.#answer(request, url)
      },
      websocket: {
        open: (remote) => this.#tunnel(remote),
        message: ({ data }, message) => data.send((message as Buffer).subarray(1)),
        close: ({ data }) => data.end(),
      },
    })
    scope.defer(() => this.#server.stop(true))
    this.kubeconfig = join(scope.dir, 'kubeconfig')
    const named = (name: string, kind: string, value: Fields) => ({ name, [kind]: value })
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      clusters: [
        named('fake', 'cluster', {
          server: `http://127.0.0.1:${this.#server.port}`,
          'insecure-skip-tls-verify': true,
        }),
      ],
      users: [named('me', 'user', { token: 'secret' })],
      contexts: [named('fake', 'context', { cluster: 'fake', user: 'me' })],
    }
    writeFileSync(this.kubeconfig, JSON.stringify(config))
  }

  stop(): Promise<void> {
    return this.#server.stop(true)
  }

  /** The protocol of ports: each message begins with its channel, the first of each says the port. */
  #tunnel(remote: Bun.ServerWebSocket<Tunnel>): void {
    const port = [remote.data.port & 0xff, remote.data.port >> 8]
    remote.send(new Uint8Array([0, ...port]))
    remote.send(new Uint8Array([1, ...port]))
    const early: Uint8Array[] = []
    remote.data.send = (bytes) => early.push(new Uint8Array(bytes))
    void Bun.connect({
      hostname: '127.0.0.1',
      port: this.target,
      socket: {
        open: (local) => {
          for (const bytes of early) local.write(bytes)
          remote.data.send = (bytes) => local.write(bytes)
          remote.data.end = () => local.end()
        },
        data: (_, bytes) => void remote.send(Buffer.concat([new Uint8Array([0]), bytes])),
        close: () => remote.close(),
      },
    }).catch((cause) => {
      remote.send(Buffer.concat([new Uint8Array([1]), Buffer.from(String(cause.message))]))
    })
  }

  async #answer(request: Request, { pathname, searchParams }: URL): Promise<Response> {
    const { method } = request
    if (method !== 'GET') this.writes.push(`${method} ${pathname}`)
    const refused = this.refusals[`${method} ${pathname}`]
    if (refused)
      return Response.json({ message: `user "me" cannot ${method} ${pathname}` }, { status: refused })
    if (request.headers.get('authorization') !== 'Bearer secret') return new Response('{}', { status: 401 })
    if (pathname.endsWith('/log')) return new Response(this.logs)
    if (pathname.endsWith('/events')) return Response.json({ items: this.events })
    if (pathname === '/apis/apps/v1/daemonsets') {
      return Response.json({ items: [...this.objects.values()].filter(({ kind }) => kind === 'DaemonSet') })
    }
    if (pathname === '/api/v1/nodes') return Response.json({ items: this.nodes })
    if (method === 'GET' && pathname.endsWith('/pods'))
      return Response.json({ items: this.#selected(this.#pods(pathname), searchParams.get('labelSelector')) })
    if (method === 'PATCH' || method === 'POST') {
      const object = (await request.json()) as Stored
      const path = method === 'POST' ? `${pathname}/${object.metadata.name}` : pathname
      if (method === 'POST' && this.objects.has(path)) return new Response('{}', { status: 409 })
      this.#generations.set(path, (this.#generations.get(path) ?? 0) + 1)
      this.objects.set(path, object)
      this.made.push(object)
      return Response.json(object)
    }
    const object = this.objects.get(pathname)
    if (!object) return Response.json({ message: `${pathname} not found` }, { status: 404 })
    if (method === 'DELETE') this.objects.delete(pathname)
    return Response.json(this.#withStatus(object, this.#generations.get(pathname)))
  }

  #withStatus(object: Stored, generation = 1): Fields {
    if (object.kind === 'Pod')
      return { ...object, metadata: { ...object.metadata, uid: object.metadata.name }, status: this.ownPod() }
    const done = this.pod('any') === ready ? this.scheduled : 0
    const status = {
      observedGeneration: generation,
      desiredNumberScheduled: this.scheduled,
      updatedNumberScheduled: this.scheduled,
      numberAvailable: done,
      replicas: 1,
      updatedReplicas: 1,
      availableReplicas: done,
    }
    return {
      ...object,
      metadata: { ...object.metadata, uid: object.metadata.name, generation },
      spec: { ...(object.spec as Fields), replicas: 1 },
      status,
    }
  }

  #selected(pods: Fields[], selector: string | null): Fields[] {
    const [name, value] = selector?.split('=') ?? []
    if (name === undefined) return pods
    return pods.filter(({ metadata }) => (metadata as Stored['metadata']).labels?.[name] === value)
  }

  #pods(pathname: string): Fields[] {
    const namespace = pathname.split('/').at(-2)
    const own = [...this.objects.values()].filter(
      ({ kind, metadata }) => kind === 'Pod' && metadata.namespace === namespace,
    )
    return [...own.map((object) => this.#withStatus(object)), ...this.#podsOfWorkloads(namespace)]
  }

  #podsOfWorkloads(namespace: string | undefined): Fields[] {
    return [...this.objects.values()]
      .filter(
        ({ kind, metadata }) =>
          metadata.namespace === namespace && /^(DaemonSet|Deployment)$/.test(`${kind}`),
      )
      .slice(0, this.scheduled)
      .map((owner) => {
        const { template } = owner.spec as { template: { metadata: Fields; spec: Fields } }
        const name = `${owner.metadata.name}-x`
        return {
          metadata: { ...template.metadata, name, uid: name },
          spec: {
            ...template.spec,
            ...(this.podImage === undefined ? {} : { containers: [{ image: this.podImage }] }),
            nodeName: 'node-1',
          },
          status: this.pod(name),
        }
      })
  }
}

export const ready: Fields = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }

const container = (state: Fields) => ({
  phase: 'Pending',
  containerStatuses: [{ ready: false, restartCount: 0, state }],
})

export const waiting = (reason: string, message = ''): Fields => container({ waiting: { reason, message } })
export const running: Fields = { ...container({ running: {} }), phase: 'Running' }
