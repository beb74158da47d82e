/** The cluster's objects, followed and handed to the store as entities, the past ones with the time of their end. */
import type {
  V1Deployment,
  V1EndpointSlice,
  V1Namespace,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1Service,
} from '@kubernetes/client-node'
import type { Entity } from '../store/store'
import type { Cluster } from './cluster'
import { Membership } from './membership'
import {
  nanoseconds,
  reduceContainers,
  reduceNode,
  reduceObject,
  reducePod,
  reduceService,
  reduceSlice,
  reduceWorkload,
  type StoredPod,
} from './reduce'
import { type ApiObject, Reflector, type Timing } from './reflector'

/** What is new goes to the store this often. */
const FLUSH_MS = 200
/** Living objects are written again this often, so that they outlast the records that refer to them. */
const REFRESH_MS = 600_000
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

export interface WatchStatus {
  /** Every kind has been listed at least once. */
  readonly synced: boolean
  /** Living objects by kind. */
  readonly objects: Readonly<Record<string, number>>
  /** Kinds that can't be followed at the moment, and why. */
  readonly errors: Readonly<Record<string, string>>
}

export interface WatchOptions {
  readonly cluster: Cluster
  readonly clusterName: string
  readonly put: (entities: readonly Entity[]) => void
  /** What the store knows from before; asked until everything has been listed once. */
  readonly known: (kind: string) => ReadonlyMap<string, Entity>
  /** Everything has been listed once. */
  readonly settled?: () => void
  readonly timing?: Partial<Timing>
}

type Value = Record<string, unknown>

interface Kind {
  readonly path: string
  readonly accept?: string
  readonly seen: (object: never, listed: boolean) => void
}

const NONE: ReadonlyMap<string, Entity> = new Map()

const now = (): string => `${BigInt(Date.now()) * 1_000_000n}`

export class KubernetesWatch {
  readonly #options: WatchOptions
  readonly #reflectors: Reflector<ApiObject>[] = []
  readonly #synced = new Set<string>()
  readonly #errors: Record<string, string> = {}
  #settled = false
  /** Living objects: kind → uid → entity. */
  readonly #living = new Map<string, Map<string, Entity>>()
  readonly #membership = new Membership()
  #fresh = new Map<string, Entity>()
  readonly #timers: Timer[] = []

  constructor(options: WatchOptions) {
    this.#options = options
    const object = (kind: string, reduce: (object: never) => object): Kind['seen'] => {
      return (seen: never) => this.#keep(kind, reduce(seen) as Value)
    }
    const kinds: Record<string, Kind> = {
      namespace: {
        path: '/api/v1/namespaces',
        accept: METADATA_ONLY,
        seen: (namespace: V1Namespace) => this.#namespace(namespace),
      },
      node: { path: '/api/v1/nodes', seen: object('node', reduceNode as (node: V1Node) => object) },
      service: { path: '/api/v1/services', seen: (service: V1Service) => this.#service(service) },
      endpointslice: {
        path: '/apis/discovery.k8s.io/v1/endpointslices',
        seen: (slice: V1EndpointSlice) => this.#slice(slice),
      },
      pod: { path: '/api/v1/pods', seen: (pod: V1Pod, listed: boolean) => this.#pod(pod, listed) },
      replicaset: {
        path: '/apis/apps/v1/replicasets',
        seen: object('replicaset', reduceWorkload as (set: V1ReplicaSet) => object),
      },
      deployment: {
        path: '/apis/apps/v1/deployments',
        seen: object('deployment', reduceWorkload as (deployment: V1Deployment) => object),
      },
      ...Object.fromEntries(
        Object.entries({
          statefulset: '/apis/apps/v1/statefulsets',
          daemonset: '/apis/apps/v1/daemonsets',
          job: '/apis/batch/v1/jobs',
          cronjob: '/apis/batch/v1/cronjobs',
        }).map(([kind, path]) => [kind, { path, accept: METADATA_ONLY, seen: object(kind, reduceMeta) }]),
      ),
    }
    for (const [kind, declared] of Object.entries(kinds)) this.#follow(kind, declared)
  }

  /** Returns at once; the lists come as they come. */
  start(): void {
    for (const reflector of this.#reflectors) void reflector.run()
    this.#timers.push(
      setInterval(() => this.#flush(), FLUSH_MS),
      setInterval(() => this.#refresh(), REFRESH_MS),
    )
  }

  stop(): void {
    for (const reflector of this.#reflectors) reflector.stop()
    for (const timer of this.#timers) clearInterval(timer)
    this.#flush()
  }

  status(): WatchStatus {
    return {
      synced: this.#isSynced(),
      objects: Object.fromEntries([...this.#living].map(([kind, objects]) => [kind, objects.size])),
      errors: { ...this.#errors },
    }
  }

  #follow(kind: string, { path, accept, seen }: Kind): void {
    const { cluster, timing } = this.#options
    this.#reflectors.push(
      new Reflector<ApiObject>({
        cluster,
        path,
        ...(accept ? { accept } : {}),
        ...(timing ? { timing } : {}),
        seen: (object, listed) => seen(object as never, listed),
        gone: (object) => this.#gone(kind, object.metadata?.uid ?? ''),
        synced: (uids) => this.#listed(kind, uids),
        failed: (message) => {
          if (message === '') delete this.#errors[kind]
          else this.#errors[kind] = message
        },
      }),
    )
  }

  #keep(kind: string, value: Value): void {
    const id = String(value.id)
    const objects = this.#living.get(kind) ?? new Map<string, Entity>()
    this.#living.set(kind, objects)
    const before = objects.get(id)
    const nowMs = Date.now()
    if (before && Bun.deepEquals(before.value, value)) return
    const firstSeenMs = before?.firstSeenMs ?? this.#known(kind).get(id)?.firstSeenMs ?? nowMs
    const entity = { kind, key: id, value, firstSeenMs, lastSeenMs: nowMs }
    objects.set(id, entity)
    this.#fresh.set(`${kind}/${id}`, entity)
  }

  #namespace(namespace: V1Namespace): void {
    this.#keep('namespace', { ...reduceMeta(namespace) })
    if (namespace.metadata?.name !== 'kube-system') return
    const { clusterName, cluster } = this.#options
    const name = clusterName || cluster.name
    const clusterId = namespace.metadata.uid ?? ''
    this.#keep('cluster', { id: 'this', clusterId, name, ownNamespace: cluster.namespace })
  }

  #service(service: V1Service): void {
    const value = reduceService(service)
    this.#keep('service', { ...value })
    this.#reassign(this.#membership.service(value.name, value.id))
  }

  #slice(slice: V1EndpointSlice): void {
    const { service, pods } = reduceSlice(slice)
    this.#keep('endpointslice', { id: slice.metadata?.uid ?? '' })
    this.#reassign(this.#membership.slice(service, pods))
  }

  #reassign(pods: Iterable<string>): void {
    for (const id of pods) {
      const pod = this.#living.get('pod')?.get(id)
      if (pod) this.#keep('pod', { ...pod.value, serviceIds: this.#membership.servicesOf(id) })
    }
  }

  #pod(pod: V1Pod, listed: boolean): void {
    const reduced = reducePod(pod)
    const before = (this.#living.get('pod')?.get(reduced.id) ?? this.#known('pod').get(reduced.id))
      ?.value as unknown as StoredPod | undefined
    const hasAddress = reduced.ips.length > 0
    const had = before?.ips.length ? before.addressFromNs : undefined
    const ended = reduced.stopNs !== '0'
    const value: StoredPod = {
      ...reduced,
      // An ended pod's addresses are another's soon; its records still ask for them.
      ips: hasAddress ? reduced.ips : (before?.ips ?? []),
      addressFromNs: had ?? (listed || !hasAddress ? '0' : now()),
      addressToNs: ended ? (before && before.addressToNs !== '0' ? before.addressToNs : reduced.stopNs) : '0',
      serviceIds: this.#membership.remember(reduced.id, before?.serviceIds ?? []),
    }
    this.#keep('pod', { ...value })
    for (const container of reduceContainers(pod)) this.#keep('container', { ...container })
  }

  #gone(kind: string, id: string): void {
    const objects = this.#living.get(kind)
    const entity = objects?.get(id)
    if (!entity) return
    objects!.delete(id)
    this.#end(entity)
    if (kind !== 'pod') return
    this.#membership.forget(id)
    for (const container of this.#living.get('container')?.values() ?? [])
      if (container.value.podId === id) this.#gone('container', container.key)
  }

  /** Writes an object's end, unless it has one already. */
  #end(entity: Entity): void {
    const stop = now()
    const { stopNs, addressToNs } = entity.value as Partial<StoredPod>
    const value = {
      ...entity.value,
      stopNs: stopNs === undefined || stopNs === '0' ? stop : stopNs,
      ...(addressToNs === '0' ? { addressToNs: stop } : {}),
    }
    this.#fresh.set(`${entity.kind}/${entity.key}`, { ...entity, value, lastSeenMs: Date.now() })
  }

  /** A complete list: what lived before and isn't in it ended while nobody looked. */
  #listed(kind: string, uids: ReadonlySet<string>): void {
    for (const id of [...(this.#living.get(kind)?.keys() ?? [])]) if (!uids.has(id)) this.#gone(kind, id)
    if (this.#synced.has(kind)) return
    this.#synced.add(kind)
    const ended = (kinds: string, lives: (entity: Entity) => boolean) => {
      for (const entity of this.#known(kinds).values())
        if (entity.value.stopNs === '0' && !lives(entity)) this.#end(entity)
    }
    ended(kind, ({ key }) => uids.has(key))
    if (kind === 'pod') ended('container', ({ key }) => this.#living.get('container')?.has(key) ?? false)
    if (!this.#isSynced()) return
    this.#settled = true
    this.#options.settled?.()
  }

  #isSynced(): boolean {
    return this.#synced.size === this.#reflectors.length
  }

  /** From before this run: nothing once all that lives is known. */
  #known(kind: string): ReadonlyMap<string, Entity> {
    return this.#settled ? NONE : this.#options.known(kind)
  }

  #refresh(): void {
    const lastSeenMs = Date.now()
    for (const [kind, objects] of this.#living) {
      for (const [id, entity] of objects) this.#fresh.set(`${kind}/${id}`, { ...entity, lastSeenMs })
    }
  }

  #flush(): void {
    if (this.#fresh.size === 0) return
    const entities = [...this.#fresh.values()].filter(({ kind }) => kind !== 'endpointslice')
    this.#fresh = new Map()
    if (entities.length > 0) this.#options.put(entities)
  }
}

function reduceMeta({ metadata }: Pick<V1Namespace, 'metadata'>): Value {
  const owners = (metadata?.ownerReferences ?? []).map(({ uid, kind, name }) => ({ uid, kind, name }))
  return { ...reduceObject(metadata ?? {}), owners, stopNs: nanoseconds(undefined) }
}
