/** The cluster as the store remembers it: indexes over its entities, built when first asked and when they change. */
import type { Entity, Source } from '../store/store'
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

type Entities = ReadonlyMap<string, Entity>

/** Computes once per state of the entities of one kind. */
function cached<T>(source: Source, kind: string, make: (entities: Entities) => T): () => T {
  let from: Entities | undefined
  let made: T
  return () => {
    const entities = source.entities(kind)
    if (entities !== from) {
      from = entities
      made = make(entities)
    }
    return made
  }
}

const TIMES = ['startNs', 'stopNs', 'addressFromNs', 'addressToNs']

/** An entity's value as an object of its kind: times are bigints again. */
function objectOf<T>({ value }: Entity): T {
  const times = TIMES.flatMap((name) =>
    typeof value[name] === 'string' ? [[name, BigInt(value[name])]] : [],
  )
  return { ...value, ...Object.fromEntries(times) } as T
}

/** Living before past, then the younger one. */
const isNewer = (a: KubernetesObject, b: KubernetesObject): boolean =>
  (a.stopNs === 0n) === (b.stopNs === 0n) ? a.startNs > b.startNs : a.stopNs === 0n

interface Index<T> extends ObjectIndex<T> {
  readonly all: readonly T[]
}

function indexOf<T extends KubernetesObject>(entities: Entities): Index<T> {
  const byId = new Map<string, T>()
  const byName = new Map<string, T>()
  for (const entity of entities.values()) {
    const object = objectOf<T>(entity)
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

interface StoredPod extends Pod {
  readonly ips: readonly string[]
  readonly addressFromNs: bigint
  readonly addressToNs: bigint
}

interface StoredService extends Service {
  readonly clusterIps: readonly string[]
}

/**
 * Address → who has or had it, the newest first. A pod has its address from the end of the one before on: what it says
 * before the cluster tells of it is its own too. Times are those at which this node knew, so clocks may differ.
 */
function tenanciesOf(pods: readonly StoredPod[]): ReadonlyMap<string, readonly Tenancy[]> {
  const byAddress = new Map<string, StoredPod[]>()
  for (const pod of pods) {
    for (const ip of pod.ips) {
      const others = byAddress.get(ip)
      if (others) others.push(pod)
      else byAddress.set(ip, [pod])
    }
  }
  return new Map(
    [...byAddress].map(([ip, owners]) => {
      // By age alone: one that nobody saw end has lost its address all the same when a younger one has it.
      owners.sort((a, b) => ((a.startNs === b.startNs ? isNewer(a, b) : a.startNs > b.startNs) ? -1 : 1))
      return [ip, owners.map((pod, i) => ({ pod, fromNs: startOf(pod, owners[i + 1]) }))]
    }),
  )
}

function startOf(pod: StoredPod, before: StoredPod | undefined): bigint {
  if (!before) return 0n
  return before.addressToNs || pod.addressFromNs || pod.startNs
}

/** Service address → service, the living one where two had it. */
function servicesByAddress(services: readonly StoredService[]): ReadonlyMap<string, Service> {
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
export function openKubernetes(source: Source): Kubernetes {
  const index = <T extends KubernetesObject>(
    kind: string,
  ): ObjectIndex<T> & { readonly get: () => Index<T> } => {
    const get = cached(source, kind, (entities) => indexOf<T>(entities))
    return { get, byId: (id) => get().byId(id), byName: (name) => get().byName(name) }
  }
  const pods = index<StoredPod>('pod')
  const services = index<StoredService>('service')
  const tenancies = cached(source, 'pod', () => tenanciesOf(pods.get().all))
  const serviceAddresses = cached(source, 'service', () => servicesByAddress(services.get().all))
  const cidrs = cached(source, 'node', (nodes) => [
    ...new Set([...nodes.values()].flatMap(({ value }) => value.cidrs as string[])),
  ])
  const cluster = (field: string) => String(source.entities('cluster').get('this')?.value[field] ?? '')
  return {
    pods,
    services,
    containers: index<Container>('container'),
    replicaSets: index<Workload>('replicaset'),
    deployments: index<Workload>('deployment'),
    namespaces: index<KubernetesObject>('namespace'),
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
      return cluster('clusterId')
    },
    get clusterName() {
      return cluster('name')
    },
    get ownNamespace() {
      return cluster('ownNamespace')
    },
  }
}
