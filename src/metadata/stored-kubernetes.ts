/** The cluster as the store remembers it: indexes over its entities, built when first asked and when they change. */
import type {
  Entity,
  EntityKind,
  EntityValues,
  ObjectStatus,
  StoredCluster,
  StoredContainer,
  StoredObject,
  StoredPod,
  StoredService,
  StoredWorkload,
} from '../records/entities'
import type { ReadableStore } from '../store/store'
import type {
  Container,
  Kubernetes,
  KubernetesObject,
  ObjectIndex,
  Pod,
  Service,
  Tenancy,
  Workload,
} from './kubernetes'

/** Computes once per state of the entities of one kind. */
function cached<K extends EntityKind, T>(
  store: Pick<ReadableStore, 'entities'>,
  kind: K,
  make: (entities: ReadonlyMap<string, Entity<K>>) => T,
): () => T {
  let last: { readonly from: ReadonlyMap<string, Entity<K>>; readonly made: T } | undefined
  return () => {
    const from = store.entities(kind)
    if (from !== last?.from) last = { from, made: make(from) }
    return last.made
  }
}

const NO_STATUS: ObjectStatus = { state: '', message: '', reason: '' }

const objectOf = (value: Partial<StoredObject>): KubernetesObject => {
  const { id = '', name = '', namespace = '', startNs = '0', stopNs = '0' } = value
  return { id, name, namespace, startNs: BigInt(startNs), stopNs: BigInt(stopNs) }
}

/** A pod with all addresses that it has or had, and when. */
interface AddressedPod extends Pod {
  readonly ips: readonly string[]
  readonly addressFromNs: bigint
  readonly addressToNs: bigint
}

const podOf = (value: Partial<StoredPod>): AddressedPod => ({
  ...objectOf(value),
  ip: value.ip ?? '',
  ips: value.ips ?? [],
  addressFromNs: BigInt(value.addressFromNs ?? '0'),
  addressToNs: BigInt(value.addressToNs ?? '0'),
  node: value.node ?? '',
  status: value.status ?? NO_STATUS,
  qos: value.qos ?? '',
  labels: value.labels ?? {},
  owners: value.owners ?? [],
  serviceIds: value.serviceIds ?? [],
})

const containerOf = (value: Partial<StoredContainer>): Container => ({
  ...objectOf(value),
  podId: value.podId ?? '',
  status: value.status ?? NO_STATUS,
})

interface AddressedService extends Service {
  readonly clusterIps: readonly string[]
}

const serviceOf = (value: Partial<StoredService>): AddressedService => ({
  ...objectOf(value),
  clusterIp: value.clusterIp ?? '',
  clusterIps: value.clusterIps ?? [],
  externalIps: value.externalIps ?? [],
})

const workloadOf = (value: Partial<StoredWorkload>): Workload => ({
  ...objectOf(value),
  owners: value.owners ?? [],
  status: value.status ?? '',
})

/** Living before past, then the younger one. */
const isNewer = (a: KubernetesObject, b: KubernetesObject): boolean =>
  (a.stopNs === 0n) === (b.stopNs === 0n) ? a.startNs > b.startNs : a.stopNs === 0n

interface Index<T> extends ObjectIndex<T> {
  readonly all: readonly T[]
}

function indexOf<T extends KubernetesObject>(objects: Iterable<T>): Index<T> {
  const byId = new Map<string, T>()
  const byName = new Map<string, T>()
  for (const object of objects) {
    byId.set(object.id, object)
    const other = byName.get(object.name)
    if (!other || isNewer(object, other)) byName.set(object.name, object)
  }
  return {
    byId: (id) => byId.get(id),
    byName: (name) => byName.get(name),
    all: [...byId.values()],
  }
}

/**
 * Address → who has or had it, the newest first. A pod has its address from the end of the one before on: what it says
 * before the cluster tells of it is its own too. Times are those at which this node knew, so clocks may differ.
 */
function tenanciesOf(pods: readonly AddressedPod[]): ReadonlyMap<string, readonly Tenancy[]> {
  const byAddress = new Map<string, AddressedPod[]>()
  for (const pod of pods) {
    for (const ip of pod.ips) {
      const others = byAddress.get(ip)
      if (others) others.push(pod)
      else byAddress.set(ip, [pod])
    }
  }
  return new Map(
    [...byAddress].map(([ip, owners]) => {
      // Sorted by start alone: when a younger pod has the address, an older one has lost it, even if its end was never seen.
      owners.sort((a, b) => ((a.startNs === b.startNs ? isNewer(a, b) : a.startNs > b.startNs) ? -1 : 1))
      return [ip, owners.map((pod, i) => ({ pod, fromNs: startOf(pod, owners[i + 1]) }))]
    }),
  )
}

function startOf(pod: AddressedPod, before: AddressedPod | undefined): bigint {
  if (!before) return 0n
  return before.addressToNs || pod.addressFromNs || pod.startNs
}

/** Service address → service, the living one where two had it. */
function servicesByAddress(services: readonly AddressedService[]): ReadonlyMap<string, Service> {
  const owners = new Map<string, Service>()
  for (const service of services) {
    for (const ip of [...service.clusterIps, ...service.externalIps]) {
      const other = owners.get(ip)
      if (!other || isNewer(service, other)) owners.set(ip, service)
    }
  }
  return owners
}

/** Past objects are in it too. */
export function openKubernetes(store: Pick<ReadableStore, 'entities'>): Kubernetes {
  const index = <K extends EntityKind, T extends KubernetesObject>(
    kind: K,
    read: (value: EntityValues[K]) => T,
  ): ObjectIndex<T> & { readonly get: () => Index<T> } => {
    const get = cached(store, kind, (entities) =>
      indexOf([...entities.values()].map((one) => read(one.value))),
    )
    return { get, byId: (id) => get().byId(id), byName: (name) => get().byName(name) }
  }
  const pods = index('pod', podOf)
  const services = index('service', serviceOf)
  const tenancies = cached(store, 'pod', () => tenanciesOf(pods.get().all))
  const serviceAddresses = cached(store, 'service', () => servicesByAddress(services.get().all))
  const cidrs = cached(store, 'node', (nodes) => [
    ...new Set([...nodes.values()].flatMap(({ value }) => value.cidrs ?? [])),
  ])
  const cluster = (): Partial<StoredCluster> => store.entities('cluster').get('this')?.value ?? {}
  return {
    pods,
    services,
    containers: index('container', containerOf),
    replicaSets: index('replicaset', workloadOf),
    deployments: index('deployment', workloadOf),
    namespaces: index('namespace', objectOf),
    podAt: (ip, timeNs) => {
      const owners = tenancies().get(ip)
      const owner = timeNs === undefined ? owners?.[0] : owners?.find(({ fromNs }) => fromNs <= timeNs)
      return owner?.pod
    },
    tenanciesOf: (ip) => tenancies().get(ip) ?? [],
    serviceAt: (ip) => serviceAddresses().get(ip),
    get cidrs() {
      return cidrs()
    },
    get clusterId() {
      return cluster().clusterId ?? ''
    },
    get clusterName() {
      return cluster().name ?? ''
    },
    get ownNamespace() {
      return cluster().ownNamespace ?? ''
    },
  }
}
