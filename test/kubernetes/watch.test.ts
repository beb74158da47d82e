/** What the store is told: objects that appear, change and go, also those that went while no watch ran. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { KubernetesWatch } from '../../src/kubernetes/watch'
import { openKubernetes } from '../../src/metadata/stored-kubernetes'
import type { Entity } from '../../src/records/entities'
import { entitySource } from '../metadata/kubernetes-of'
import { entitiesOf } from '../support/entities'
import { Scope, until } from '../support/scope'
import { pod, service, slice } from './objects'

interface Kind {
  items: { metadata?: { uid?: string } }[]
  send?: (event: unknown) => void
}

/** An API server with lists that can be changed and watches that can be told. */
class Api {
  readonly kinds = new Map<string, Kind>()
  readonly server
  away = false

  constructor(scope: Scope) {
    this.server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: ({ url }) => this.#answer(new URL(url)),
    })
    scope.defer(() => this.server.stop(true))
  }

  kind(name: string): Kind {
    const kind = this.kinds.get(name) ?? { items: [] }
    this.kinds.set(name, kind)
    return kind
  }

  #answer(url: URL): Response {
    if (this.away) return Response.json({ message: 'away' }, { status: 503 })
    const kind = this.kind(url.pathname.split('/').at(-1)!)
    if (!url.searchParams.has('watch'))
      return Response.json({ items: kind.items, metadata: { resourceVersion: '5' } })
    const encoder = new TextEncoder()
    return new Response(
      new ReadableStream({
        start: (controller) => {
          kind.send = (event) => controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`))
        },
      }),
    )
  }
}

let scope: Scope
let api: Api
let stored: Map<string, Entity>
let watch: KubernetesWatch

beforeEach(() => {
  scope = new Scope('watch')
  api = new Api(scope)
  stored = new Map()
})
afterEach(async () => {
  watch.stop()
  await scope.close()
})

function start(): void {
  const known = [...stored.values()]
  watch = new KubernetesWatch({
    cluster: {
      server: '',
      name: 'edge',
      namespace: 'nixie',
      get: (path, options) =>
        fetch(new URL(path, api.server.url), options?.signal ? { signal: options.signal } : {}),
    },
    clusterName: '',
    known: entitiesOf(known),
    put: (entities) => {
      for (const entity of entities)
        stored.set(`${entity.kind}/${entity.key}`, JSON.parse(JSON.stringify(entity)))
    },
    timing: { firstRetryMs: 5, longestRetryMs: 20 },
  })
  watch.start()
}

const kubernetes = () => openKubernetes(entitySource([...stored.values()]))
const eventually = (what: string, holds: () => boolean) => until(what, holds)
const tell = async (kind: string, type: string, object: unknown) => {
  await eventually(`a watch of ${kind}`, () => api.kind(kind).send !== undefined)
  api.kind(kind).send!({ type, object })
}

test('a cluster as it stands: pods with their services, whichever comes first', async () => {
  api.kind('namespaces').items = [{ metadata: { uid: 'ns-1', name: 'kube-system' } as { uid: string } }]
  api.kind('pods').items = [pod('p1', 'web-1', { ip: '10.0.0.7' })]
  api.kind('services').items = [service('s1', 'web', '10.1.0.7'), service('s2', 'all', '10.1.0.8')]
  api.kind('endpointslices').items = [slice('e1', 'web', ['p1']), slice('e2', 'all', ['p1'])]
  start()
  await eventually('services of the pod', () => kubernetes().pods.byId('p1')?.serviceIds.length === 2)
  const { pods, serviceAt, podAt, clusterId, clusterName, ownNamespace } = kubernetes()
  expect(pods.byName('shop/web-1')).toMatchObject({ id: 'p1', serviceIds: ['s1', 's2'] })
  expect(podAt('10.0.0.7')?.name).toBe('shop/web-1')
  expect(serviceAt('10.1.0.8')?.name).toBe('shop/all')
  expect({ clusterId, clusterName, ownNamespace }).toEqual({
    clusterId: 'ns-1',
    clusterName: 'edge',
    ownNamespace: 'nixie',
  })
  await eventually('all kinds', () => watch.status().synced)
  expect(watch.status()).toMatchObject({ objects: { pod: 1, service: 2 }, errors: {} })
})

test('a deleted pod keeps its name, its services and its address at its time', async () => {
  api.kind('services').items = [service('s1', 'web', '10.1.0.7')]
  api.kind('pods').items = [pod('p1', 'web-1', { ip: '10.0.0.7' })]
  api.kind('endpointslices').items = [slice('e1', 'web', ['p1'])]
  start()
  await eventually('the pod', () => kubernetes().pods.byId('p1')?.serviceIds.length === 1)
  const before = BigInt(Date.now()) * 1_000_000n
  await eventually('the next millisecond', () => BigInt(Date.now()) * 1_000_000n > before)
  await tell('pods', 'DELETED', pod('p1', 'web-1', { ip: '10.0.0.7' }))
  await eventually('its end', () => kubernetes().pods.byId('p1')!.stopNs > 0n)
  await tell('pods', 'ADDED', pod('p2', 'db-1', { ip: '10.0.0.7' }))
  await eventually('the next one', () => kubernetes().podAt('10.0.0.7')?.id === 'p2')
  expect(kubernetes().podAt('10.0.0.7', before)?.name).toBe('shop/web-1')
  expect(kubernetes().podAt('10.0.0.7', before + 60_000_000_000n)?.name).toBe('shop/db-1')
  expect(kubernetes().pods.byName('shop/web-1')?.serviceIds).toEqual(['s1'])
})

test('what went while Nixie was not there has ended', async () => {
  api.kind('pods').items = [pod('p1', 'web-1', { ip: '10.0.0.7' }), pod('p2', 'web-2', { ip: '10.0.0.8' })]
  start()
  await eventually('both', () => kubernetes().pods.byId('p2') !== undefined)
  watch.stop()
  api.kind('pods').items = [pod('p2', 'web-2', { ip: '10.0.0.8' })]
  api.kind('pods').send = undefined as never
  start()
  await eventually('the end of the first', () => kubernetes().pods.byId('p1')!.stopNs > 0n)
  expect(kubernetes().pods.byId('p2')!.stopNs).toBe(0n)
})

test('an API server that is away is said, and caught up with', async () => {
  api.away = true
  start()
  await eventually('an error', () => watch.status().errors.pod?.includes('503') === true)
  expect(watch.status().synced).toBe(false)
  api.kind('pods').items = [pod('p1', 'web-1')]
  api.away = false
  await eventually('all', () => watch.status().synced)
  expect(watch.status().errors).toEqual({})
  await eventually('the pod', () => kubernetes().pods.byId('p1') !== undefined)
})

test('only what changed is written again', async () => {
  api.kind('pods').items = [pod('p1', 'web-1')]
  start()
  await eventually('the pod', () => stored.has('pod/p1'))
  stored.clear()
  await tell('pods', 'MODIFIED', pod('p1', 'web-1'))
  await tell('pods', 'MODIFIED', pod('p2', 'web-2'))
  await eventually('the other pod', () => stored.has('pod/p2'))
  expect(stored.has('pod/p1')).toBe(false)
})

test('a pod that gets its address later has it from then on', async () => {
  start()
  await tell('pods', 'ADDED', pod('p1', 'web-1', { phase: 'Pending' }))
  await eventually('the pod', () => kubernetes().pods.byId('p1') !== undefined)
  await tell('pods', 'MODIFIED', pod('p1', 'web-1', { ip: '10.0.0.7' }))
  await eventually('its address', () => kubernetes().podAt('10.0.0.7')?.id === 'p1')
  const [tenancy] = kubernetes().tenanciesOf('10.0.0.7')
  // It is the first that ever had it: older records are its own as well.
  expect(tenancy!.fromNs).toBe(0n)
})
