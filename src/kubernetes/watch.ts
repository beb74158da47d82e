/** Follows the cluster's objects and hands them to the store as entities. Deleted ones have the time of their end. */
import type {
  V1Deployment,
  V1EndpointSlice,
  V1Namespace,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1Service,
} from '@kubernetes/client-node'
import {
  type Entities,
  type Entity,
  type EntityKind,
  type EntityValues,
  isLiving,
  type ObjectKind,
  type StoredPod,
} from '../records/entities'
import type { Cluster } from './cluster'
import { Membership } from './membership'
import {
  reduceContainers,
  reduceMeta,
  reduceNode,
  reducePod,
  reduceService,
  reduceSlice,
  reduceWorkload,
} from './reduce'
import { type ApiObject, Reflector, type Timing } from './reflector'

/** How often changes go to the store. */
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
  /** Reads what the store already knows, until everything has been listed once. */
  readonly known: Entities
  /** Everything has been listed once. */
  readonly settled?: () => void
  readonly timing?: Partial<Timing>
}

/** Living objects: kind → uid → entity. */
type Living = { readonly [K in WatchedKind]: Map<string, Entity<K>> }
type WatchedKind = Exclude<EntityKind, 'process'>

interface Followed<T extends ApiObject> {
  readonly path: string
  readonly accept?: string | undefined
  readonly seen: (object: T, listed: boolean) => void
  readonly gone: (uid: string) => void
  readonly listed: (uids: ReadonlySet<string>) => void
}

const nothingLives = (): Living => ({
  cluster: new Map(),
  namespace: new Map(),
  node: new Map(),
  service: new Map(),
  pod: new Map(),
  container: new Map(),
  replicaset: new Map(),
  deployment: new Map(),
  statefulset: new Map(),
  daemonset: new Map(),
  job: new Map(),
  cronjob: new Map(),
})

const now = (): string => `${BigInt(Date.now()) * 1_000_000n}`

export class KubernetesWatch {
  readonly #options: WatchOptions
  readonly #reflectors: Pick<Reflector<ApiObject>, 'run' | 'stop'>[] = []
  readonly #synced = new Set<string>()
  readonly #errors: Record<string, string> = {}
  #settled = false
  readonly #living = nothingLives()
  /** Uids of the slices of endpoints. */
  readonly #slices = new Set<string>()
  readonly #membership = new Membership()
  #fresh = new Map<string, Entity>()
  readonly #timers: Timer[] = []

  constructor(options: WatchOptions) {
    this.#options = options
    this.#watch(
      'namespace',
      '/api/v1/namespaces',
      (seen: V1Namespace) => this.#namespace(seen),
      METADATA_ONLY,
    )
    this.#watch('node', '/api/v1/nodes', (seen: V1Node) => this.#keep('node', reduceNode(seen)))
    this.#watch('service', '/api/v1/services', (seen: V1Service) => this.#service(seen))
    this.#watchSlices()
    this.#watch('pod', '/api/v1/pods', (seen: V1Pod, listed) => this.#pod(seen, listed))
    const apps = '/apis/apps/v1'
    this.#watch('replicaset', `${apps}/replicasets`, (seen: V1ReplicaSet) =>
      this.#keep('replicaset', reduceWorkload(seen)),
    )
    this.#watch('deployment', `${apps}/deployments`, (seen: V1Deployment) =>
      this.#keep('deployment', reduceWorkload(seen)),
    )
    const owners = {
      statefulset: `${apps}/statefulsets`,
      daemonset: `${apps}/daemonsets`,
      job: '/apis/batch/v1/jobs',
      cronjob: '/apis/batch/v1/cronjobs',
    } as const
    for (const kind of ['statefulset', 'daemonset', 'job', 'cronjob'] as const) {
      const seen = (object: V1Namespace) => this.#keep(kind, reduceMeta(object))
      this.#watch(kind, owners[kind], seen, METADATA_ONLY)
    }
  }

  /** Returns at once; the lists arrive later. */
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
    const living = Object.entries(this.#living).map(([kind, objects]) => [kind, objects.size] as const)
    const counts = [...living, ['endpointslice', this.#slices.size] as const]
    return {
      synced: this.#isSynced(),
      objects: Object.fromEntries(counts.filter(([, count]) => count > 0)),
      errors: { ...this.#errors },
    }
  }

  #watch<T extends ApiObject>(
    kind: ObjectKind,
    path: string,
    seen: Followed<T>['seen'],
    accept?: string,
  ): void {
    const gone = (uid: string) => this.#gone(kind, uid)
    this.#follow<T>(kind, { path, accept, seen, gone, listed: (uids) => this.#listed(kind, uids) })
  }

  /** Slices only say which pods a service has. Only their number is kept. */
  #watchSlices(): void {
    this.#follow<V1EndpointSlice>('endpointslice', {
      path: '/apis/discovery.k8s.io/v1/endpointslices',
      seen: (slice) => this.#slice(slice),
      gone: (uid) => this.#slices.delete(uid),
      listed: (uids) => {
        for (const uid of this.#slices) if (!uids.has(uid)) this.#slices.delete(uid)
      },
    })
  }

  #follow<T extends ApiObject>(name: string, { path, accept, seen, gone, listed }: Followed<T>): void {
    const { cluster, timing } = this.#options
    this.#reflectors.push(
      new Reflector<T>({
        cluster,
        path,
        ...(accept ? { accept } : {}),
        ...(timing ? { timing } : {}),
        seen,
        gone: (object) => gone(object.metadata?.uid ?? ''),
        synced: (uids) => {
          listed(uids)
          this.#isListed(name)
        },
        failed: (message) => {
          if (message === '') delete this.#errors[name]
          else this.#errors[name] = message
        },
      }),
    )
  }

  #keep<K extends WatchedKind>(kind: K, value: EntityValues[K]): void {
    const id = value.id ?? ''
    const objects: Map<string, Entity<K>> = this.#living[kind]
    const before = objects.get(id)
    const nowMs = Date.now()
    if (before && Bun.deepEquals(before.value, value)) return
    const firstSeenMs = before?.firstSeenMs ?? this.#known(kind).get(id)?.firstSeenMs ?? nowMs
    const entity: Entity<K> = { kind, key: id, value, firstSeenMs, lastSeenMs: nowMs }
    objects.set(id, entity)
    this.#fresh.set(`${kind}/${id}`, entity)
  }

  #namespace(namespace: V1Namespace): void {
    this.#keep('namespace', reduceMeta(namespace))
    if (namespace.metadata?.name !== 'kube-system') return
    const { clusterName, cluster } = this.#options
    const name = clusterName || cluster.name
    const clusterId = namespace.metadata.uid ?? ''
    this.#keep('cluster', { id: 'this', clusterId, name, ownNamespace: cluster.namespace })
  }

  #service(service: V1Service): void {
    const value = reduceService(service)
    this.#keep('service', value)
    this.#reassign(this.#membership.service(value.name, value.id))
  }

  #slice(slice: V1EndpointSlice): void {
    const { service, pods } = reduceSlice(slice)
    this.#slices.add(slice.metadata?.uid ?? '')
    this.#reassign(this.#membership.slice(service, pods))
  }

  #reassign(pods: Iterable<string>): void {
    for (const id of pods) {
      const pod = this.#living.pod.get(id)
      if (pod) this.#keep('pod', { ...pod.value, serviceIds: this.#membership.servicesOf(id) })
    }
  }

  #pod(pod: V1Pod, listed: boolean): void {
    const reduced = reducePod(pod)
    const before = (this.#living.pod.get(reduced.id) ?? this.#known('pod').get(reduced.id))?.value
    const hasAddress = reduced.ips.length > 0
    const had = before?.ips?.length ? before.addressFromNs : undefined
    const lost = before?.addressToNs ?? '0'
    const ended = reduced.stopNs !== '0'
    const value: StoredPod = {
      ...reduced,
      // Another pod soon gets an ended pod's addresses, but the ended pod's records still need them.
      ips: hasAddress ? reduced.ips : (before?.ips ?? []),
      addressFromNs: had ?? (listed || !hasAddress ? '0' : now()),
      addressToNs: ended ? (lost === '0' ? reduced.stopNs : lost) : '0',
      serviceIds: this.#membership.remember(reduced.id, before?.serviceIds ?? []),
    }
    this.#keep('pod', value)
    for (const container of reduceContainers(pod)) this.#keep('container', container)
  }

  #gone(kind: ObjectKind, id: string): void {
    const objects = this.#living[kind]
    const entity = objects.get(id)
    if (!entity) return
    objects.delete(id)
    this.#end(entity)
    if (kind !== 'pod') return
    this.#membership.forget(id)
    for (const container of this.#living.container.values())
      if (container.value.podId === id) this.#gone('container', container.key)
  }

  /** Writes an object's end, unless it has one already. */
  #end<K extends ObjectKind>(entity: Entity<K>): void {
    const stop = now()
    const known: EntityValues[ObjectKind] = entity.value
    const { stopNs = '0' } = known
    const hasAddress = 'addressToNs' in known && known.addressToNs === '0'
    const value = {
      ...entity.value,
      stopNs: stopNs === '0' ? stop : stopNs,
      ...(hasAddress && { addressToNs: stop }),
    }
    this.#fresh.set(`${entity.kind}/${entity.key}`, { ...entity, value, lastSeenMs: Date.now() })
  }

  /** A complete list: what lived before and isn't in it ended while nobody looked. */
  #listed(kind: ObjectKind, uids: ReadonlySet<string>): void {
    for (const id of [...this.#living[kind].keys()]) if (!uids.has(id)) this.#gone(kind, id)
    if (this.#synced.has(kind)) return
    const ended = (kinds: ObjectKind, lives: (entity: Entity) => boolean) => {
      for (const entity of this.#known(kinds).values())
        if (isLiving(entity) && !lives(entity)) this.#end(entity)
    }
    ended(kind, ({ key }) => uids.has(key))
    if (kind === 'pod') ended('container', ({ key }) => this.#living.container.has(key))
  }

  #isListed(name: string): void {
    if (this.#synced.has(name)) return
    this.#synced.add(name)
    if (!this.#isSynced()) return
    this.#settled = true
    this.#options.settled?.()
  }

  #isSynced(): boolean {
    return this.#synced.size === this.#reflectors.length
  }

  /** Objects that the store has from before this run; none once all living ones are known. */
  #known<K extends EntityKind>(kind: K): ReadonlyMap<string, Entity<K>> {
    return this.#settled ? new Map() : this.#options.known(kind)
  }

  #refresh(): void {
    const lastSeenMs = Date.now()
    for (const objects of Object.values(this.#living)) {
      for (const entity of objects.values())
        this.#fresh.set(`${entity.kind}/${entity.key}`, { ...entity, lastSeenMs })
    }
  }

  #flush(): void {
    if (this.#fresh.size === 0) return
    const entities = [...this.#fresh.values()]
    this.#fresh = new Map()
    this.#options.put(entities)
  }
}
