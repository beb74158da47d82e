/**
 * A store as a node of a small cluster fills it: three namespaces, HTTP between their services, what processes and pods use.
 *
 *     bun test/ui/support/cluster.ts <data-dir> [minutes] [--follow]
 *     bun src/main.ts serve --capture=false --data-dir <data-dir>
 */
import { httpEvents } from '../../../src/protocols/lib/http/table'
import { pgsqlEvents } from '../../../src/protocols/pgsql/table'
import { redisEvents } from '../../../src/protocols/redis/table'
import { BatchBuilder } from '../../../src/records/builder'
import { connStats } from '../../../src/records/conn-stats'
import type { Entity, EntityKind, EntityValues } from '../../../src/records/entities'
import { networkStats } from '../../../src/records/network-stats'
import { processStats } from '../../../src/records/process-stats'
import type { RecordOf, Table } from '../../../src/records/table'
import { TABLES } from '../../../src/sources/tables'
import { openWriter, type Writer } from '../../../src/store'

const SECOND_NS = 1_000_000_000
const CLIENT = 1
const SERVER = 2

interface Workload {
  readonly name: string
  readonly containers: readonly string[]
  readonly replicas: number
  /** It has no service, so no client reaches it by name. */
  readonly service: boolean
  readonly state?: { readonly state: string; readonly reason: string; readonly message: string }
}

const FINE = { state: 'Running', reason: '', message: '' }
const one = (name: string, over: Partial<Workload> = {}): Workload => ({
  name,
  containers: [name],
  replicas: 1,
  service: true,
  ...over,
})

const NAMESPACES: Readonly<Record<string, readonly Workload[]>> = {
  shop: [
    one('frontend', { replicas: 3, containers: ['frontend', 'proxy'] }),
    one('cart', { replicas: 2 }),
    one('catalogue', { replicas: 2 }),
    one('checkout'),
    one('recommendations-with-a-long-name'),
    one('importer', {
      service: false,
      state: {
        state: 'Pending',
        reason: 'CrashLoopBackOff',
        message: 'back-off 5m0s restarting failed container',
      },
    }),
  ],
  payments: [
    one('gateway', { replicas: 2 }),
    one('ledger'),
    one('fraud-check'),
    one('nightly-report', {
      service: false,
      state: { state: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    }),
  ],
  data: [one('postgres'), one('redis')],
  'kube-system': [one('coredns', { replicas: 2 }), one('metrics-server')],
}

/** Client, server, requests per second, milliseconds, share of failures. */
const CALLS = [
  ['shop/frontend', 'shop/cart', 4, 12, 0.01],
  ['shop/frontend', 'shop/catalogue', 6, 35, 0],
  ['shop/frontend', 'shop/recommendations-with-a-long-name', 2, 320, 0.02],
  ['shop/cart', 'shop/checkout', 1, 90, 0],
  ['shop/checkout', 'payments/gateway', 1, 180, 0.08],
  ['payments/gateway', 'payments/ledger', 1, 8, 0],
  ['payments/gateway', 'payments/fraud-check', 1, 640, 0.03],
  ['payments/ledger', 'payments/ledger', 0.2, 2, 0],
  ['kubelet.service', 'shop/cart', 0.3, 2, 0],
  ['kubelet.service', 'kube-system/coredns', 0.3, 2, 0],
  ['containerd.service', 'kubelet.service', 0.3, 5, 0],
  ['of no known process', 'kubelet.service', 0.3, 5, 0],
] as const

/** Client, server, statements or commands per second, milliseconds, share of failures. */
const STATEMENTS = [
  ['shop/cart', 'data/postgres', 3, 4, 0.01],
  ['payments/ledger', 'data/postgres', 2, 9, 0],
  ['shop/catalogue', 'data/postgres', 1, 6, 0],
] as const
const COMMANDS = [
  ['shop/frontend', 'data/redis', 5, 0.3, 0],
  ['shop/cart', 'data/redis', 3, 0.4, 0.1],
] as const

const PATHS = ['/api/v1/items', '/api/v1/items/42?full=true', '/cart', '/checkout', '/v2/charge']
const OUTSIDE = '203.0.113.7'

/** What asks or answers. */
interface End {
  readonly ip: string
  readonly upids: readonly string[]
}

export interface Pod extends End {
  readonly id: string
  readonly name: string
  readonly node: string
  readonly state: Workload['state'] | undefined
}

/** The same numbers in every run. */
function random(): () => number {
  let state = 42
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const uid = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`

interface World {
  readonly entities: Entity[]
  readonly pods: readonly Pod[]
  /** What runs outside of pods. */
  readonly hostUpids: readonly string[]
  /** By `namespace/workload`, and host processes by their unit. */
  readonly endsOf: ReadonlyMap<string, readonly End[]>
}

/** The cluster's objects as the store keeps them; `sinceMs`: when all of it began. */
function world(sinceMs: number): World {
  const entities: Entity[] = []
  const pods: Pod[] = []
  const endsOf = new Map<string, End[]>()
  let serial = 0
  const put = <K extends EntityKind>(kind: K, key: string, value: EntityValues[K]) =>
    entities.push({ kind, key, value, firstSeenMs: sinceMs, lastSeenMs: Date.now() })
  const object = (id: string, name: string, namespace = '') => ({
    id,
    name,
    namespace,
    startNs: `${sinceMs}000000`,
    stopNs: '0',
  })
  put('cluster', 'this', { id: 'this', clusterId: uid(9999), name: 'minikube', ownNamespace: 'nixie' })
  for (const node of ['minikube', 'minikube-m02'])
    put('node', node, { ...object(node, node), cidrs: ['10.244.0.0/16'] })
  for (const [namespace, workloads] of Object.entries(NAMESPACES)) {
    const namespaceId = uid(++serial)
    put('namespace', namespaceId, object(namespaceId, namespace))
    for (const workload of workloads) {
      const serviceId = uid(++serial)
      const name = `${namespace}/${workload.name}`
      if (workload.service) {
        const clusterIp = `10.96.0.${serial}`
        const ips = { clusterIp, clusterIps: [clusterIp], externalIps: [] }
        put('service', serviceId, { ...object(serviceId, name, namespace), ...ips })
      }
      endsOf.set(name, [])
      for (let replica = 0; replica < workload.replicas; replica++) {
        const id = uid(++serial)
        const pid = 1000 + serial * 10
        const pod: Pod = {
          id,
          name: `${name}-6d5f7c9b8-${'xk2mq9zt4w'.slice(replica, replica + 5)}`,
          ip: `10.244.0.${serial}`,
          node: 'minikube',
          upids: workload.state ? [] : workload.containers.map((_, i) => `1:${pid + i}:4242`),
          state: workload.state,
        }
        pods.push(pod)
        endsOf.get(name)!.push(pod)
        const address = { ip: pod.ip, ips: [pod.ip], addressFromNs: '0', addressToNs: '0' }
        put('pod', id, {
          ...object(id, pod.name, namespace),
          ...address,
          node: pod.node,
          status: workload.state ?? FINE,
          qos: 'Burstable',
          labels: { app: workload.name },
          owners: [],
          serviceIds: workload.service ? [serviceId] : [],
        })
        workload.containers.forEach((container, i) => {
          const containerId = (serial * 10 + i).toString(16).padStart(64, 'c')
          const status = workload.state ? { ...workload.state, state: 'Waiting' } : FINE
          put('container', containerId, {
            ...object(containerId, container, namespace),
            podId: id,
            status,
          })
          const [upid] = pod.upids.slice(i)
          if (upid === undefined) return
          const what = {
            comm: container,
            cmdline: `/app/${container} --listen :8080`,
            exe: `/app/${container}`,
          }
          const where = { host: 'minikube', containerId, runtime: 'containerd', podUid: id, unit: '' }
          put('process', upid, { upid, pid: pid + i, ...what, ...where })
        })
      }
    }
  }
  const hostUpids = ['kubelet.service', 'containerd.service', 'sshd.service'].map((unit, i) => {
    const upid = `1:${500 + i}:17`
    const comm = unit.replace('.service', '')
    const what = { comm, cmdline: `/usr/bin/${comm}`, exe: `/usr/bin/${comm}`, unit }
    put('process', upid, { upid, pid: 500 + i, ...what, host: 'minikube', containerId: '', podUid: '' })
    endsOf.set(unit, [{ ip: '127.0.0.1', upids: [upid] }])
    return upid
  })
  const loopback = Array.from({ length: 200 }, (_, i) => ({ ip: `127.0.${i}.1`, upids: [] }))
  endsOf.set('of no known process', loopback)
  return { entities, pods, hostUpids, endsOf }
}

/** The columns that all protocols share. */
type Seen = Omit<
  RecordOf<typeof pgsqlEvents>,
  'req_cmd' | 'req' | 'resp' | 'resp_rows' | 'error_code' | 'req_data'
>

/** Rows of one second after the other. */
class Traffic {
  readonly #world: World
  readonly #random = random()
  readonly #base: bigint
  readonly #builders: readonly BatchBuilder<Table>[]
  readonly #http
  readonly #statements
  readonly #commands
  readonly #conns
  readonly #processes
  readonly #network
  /** Bytes by connection: counters only grow. */
  readonly #moved = new Map<string, { sent: number; received: number; opened: number }>()
  #second = 0

  constructor(of: World, base: bigint) {
    this.#world = of
    this.#base = base
    this.#http = new BatchBuilder(httpEvents, base)
    this.#statements = new BatchBuilder(pgsqlEvents, base)
    this.#commands = new BatchBuilder(redisEvents, base)
    this.#conns = new BatchBuilder(connStats, base)
    this.#processes = new BatchBuilder(processStats, base)
    this.#network = new BatchBuilder(networkStats, base)
    this.#builders = [
      this.#http,
      this.#statements,
      this.#commands,
      this.#conns,
      this.#processes,
      this.#network,
    ]
  }

  get nextNs(): bigint {
    return this.#base + BigInt(this.#second) * BigInt(SECOND_NS)
  }

  step(): void {
    const at = this.#second * SECOND_NS
    const wave = 1 + 0.5 * Math.sin(this.#second / 240)
    for (const call of CALLS) this.#requests(call, at, wave)
    for (const call of STATEMENTS)
      this.#asked(call, at, 5432, (seen, failed) => this.#statement(seen, failed))
    for (const call of COMMANDS) this.#asked(call, at, 6379, (seen, failed) => this.#command(seen, failed))
    if (this.#second % 5 === 0) {
      for (const pod of this.#world.pods) this.#usage(pod, at, wave)
      for (const [i, upid] of this.#world.hostUpids.entries()) this.#process(upid, 2 + i, at, wave)
    }
    if (this.#second % 10 === 0) this.#connections(at)
    this.#second++
  }

  save(writer: Writer): void {
    writer.append(this.#builders.map((builder) => ({ table: builder.table, batch: builder.seal() })))
  }

  #pick(name: string): End {
    const ends = this.#world.endsOf.get(name)!
    return ends[Math.floor(this.#random() * ends.length)]!
  }

  #requests([from, to, rate, ms, failing]: (typeof CALLS)[number], at: number, wave: number): void {
    let left = rate * wave * 0.5 + this.#random()
    for (; left >= 1; left--) {
      const [client, server] = [this.#pick(from), this.#pick(to)]
      const failed = this.#random() < failing
      const latency = Math.round(ms * 1e6 * (0.4 + 1.2 * this.#random() ** 3 + (failed ? 2 : 0)))
      const path = PATHS[Math.floor(this.#random() * PATHS.length)]!
      const body = JSON.stringify({
        id: Math.floor(this.#random() * 1000),
        items: [{ sku: 'a-1', quantity: 2 }],
      })
      const sent = 200 + Math.floor(this.#random() * 4000)
      this.#move(server, client.ip, SERVER, sent, 300)
      this.#http.append({
        time_: at + Math.floor(this.#random() * SECOND_NS),
        upid: server.upids[0]!,
        remote_addr: client.ip,
        remote_port: 30_000 + Math.floor(this.#random() * 20_000),
        local_addr: server.ip,
        local_port: 8080,
        trace_role: SERVER,
        encrypted: false,
        major_version: 1,
        minor_version: 1,
        content_type: 1,
        req_headers: JSON.stringify({
          Host: to.split('/')[1],
          'User-Agent': 'Go-http-client/1.1',
          Accept: '*/*',
        }),
        req_method: path.includes('c') ? 'GET' : 'POST',
        req_path: path,
        req_body: '',
        req_body_size: 0,
        resp_headers: JSON.stringify({ 'Content-Type': 'application/json' }),
        resp_status: failed ? (this.#random() < 0.7 ? 500 : 404) : 200,
        resp_message: failed ? 'Internal Server Error' : 'OK',
        resp_body: body,
        resp_body_size: sent,
        latency,
        outcome: 'complete',
        req_messages: 0,
        resp_messages: 0,
        remote_upid: client.upids[0] ?? '',
        req_facts: '',
        resp_facts: '',
        first_body_latency: -1,
      })
    }
    const gateway = this.#pick('payments/gateway')
    if (to === 'payments/fraud-check') this.#move(gateway, OUTSIDE, CLIENT, 900, 4000)
  }

  #asked(
    [from, to, rate, ms, failing]: readonly [string, string, number, number, number],
    at: number,
    port: number,
    append: (seen: Seen, failed: boolean) => void,
  ): void {
    for (let left = rate * 0.5 + this.#random(); left >= 1; left--) {
      const seen = this.#seen(this.#pick(from), this.#pick(to), port, at)
      append({ ...seen, latency: Math.round(ms * 1e6 * (0.4 + this.#random())) }, this.#random() < failing)
    }
  }

  #seen(client: End, server: End, port: number, at: number): Seen {
    this.#move(server, client.ip, SERVER, 120, 90)
    return {
      time_: at + Math.floor(this.#random() * SECOND_NS),
      upid: server.upids[0]!,
      remote_addr: client.ip,
      remote_port: 30_000 + Math.floor(this.#random() * 20_000),
      local_addr: server.ip,
      local_port: port,
      trace_role: SERVER,
      encrypted: false,
      latency: 0,
      outcome: 'complete',
      remote_upid: client.upids[0] ?? '',
    }
  }

  #statement(seen: Seen, failed: boolean): void {
    this.#statements.append({
      ...seen,
      req_cmd: 'Query',
      req: 'SELECT sku, quantity FROM items WHERE cart = 7',
      resp: failed ? 'ERROR 57014: canceling statement due to statement timeout' : 'SELECT 2',
      resp_rows: failed ? 0 : 2,
      error_code: failed ? '57014' : '',
      req_data: '',
    })
  }

  #command(seen: Seen, failed: boolean): void {
    this.#commands.append({
      ...seen,
      req_cmd: 'GET',
      req_args: '["cart:7"]',
      resp: failed ? '-WRONGTYPE Operation against a key holding the wrong kind of value' : '2 items',
      error: failed ? 'WRONGTYPE' : '',
      req_size: 26,
      resp_size: 13,
    })
  }

  #move(end: End, remote: string, role: number, sent: number, received: number): void {
    const key = `${end.upids[0]} ${remote} ${role}`
    const before = this.#moved.get(key) ?? { sent: 0, received: 0, opened: 0 }
    const { sent: s, received: r, opened } = before
    this.#moved.set(key, { sent: s + sent, received: r + received, opened: opened + 1 })
  }

  #connections(at: number): void {
    for (const [key, { sent, received, opened }] of this.#moved) {
      const [upid, remote, role] = key.split(' ')
      this.#conns.append({
        time_: at,
        upid: upid!,
        remote_addr: remote!,
        remote_port: Number(role) === CLIENT ? 443 : 0,
        trace_role: Number(role),
        addr_family: 2,
        protocol: 1,
        ssl: Number(role) === CLIENT,
        conn_open: Math.ceil(opened / 20),
        conn_close: Math.floor(opened / 20),
        conn_active: 1,
        bytes_sent: sent,
        bytes_recv: received,
        unread: false,
        remote_upid: '',
      })
    }
  }

  #process(upid: string, weight: number, at: number, wave: number): void {
    const seconds = at / SECOND_NS
    const grown = (perSecond: number) => Math.round(seconds * perSecond * weight)
    this.#processes.append({
      time_: at,
      upid,
      major_faults: grown(0.01),
      minor_faults: grown(12),
      cpu_utime_ns: Math.round((seconds + 20 * Math.sin(this.#second / 240)) * 1.5e7 * weight),
      cpu_ktime_ns: grown(4e6),
      num_threads: 4 + weight,
      vsize_bytes: weight * 210_000_000,
      rss_bytes: Math.round(weight * 24_000_000 * (0.8 + 0.2 * wave)),
      rchar_bytes: grown(9000),
      wchar_bytes: grown(7000),
      read_bytes: grown(1200),
      write_bytes: grown(2600),
    })
  }

  #usage(pod: Pod, at: number, wave: number): void {
    const weight = 1 + ((pod.ip.length * 7 + Number(pod.ip.split('.')[3])) % 9)
    for (const [i, upid] of pod.upids.entries()) this.#process(upid, weight + i, at, wave)
    if (pod.upids.length === 0) return
    const n = at / SECOND_NS
    const [rx, tx] = [Math.round(n * 41_000), Math.round(n * 63_000)]
    const none = { rx_errors: 0, rx_drops: 0, tx_errors: 0, tx_drops: 0 }
    const packets = { rx_packets: Math.round(n * 60), tx_packets: Math.round(n * 70) }
    this.#network.append({ time_: at, pod_id: pod.id, rx_bytes: rx, tx_bytes: tx, ...packets, ...none })
  }
}

/** Fills the store with the last minutes; returns what goes on with the next ones. */
export function fillCluster(dataDir: string, minutes: number): { follow(): void; close(): void } {
  const nowNs = BigInt(Math.floor(Date.now() / 1000)) * BigInt(SECOND_NS)
  const base = nowNs - BigInt(minutes * 60) * BigInt(SECOND_NS)
  const made = world(Number(base / 1_000_000n) - 3_600_000)
  const traffic = new Traffic(made, base)
  const writer = openWriter({ dataDir, retentionSeconds: 86_400, diskBudgetBytes: 1 << 30, tables: TABLES })
  writer.putEntities(made.entities)
  for (let minute = 0; minute < minutes; minute++) {
    for (let second = 0; second < 60; second++) traffic.step()
    traffic.save(writer)
  }
  return {
    follow: () => {
      while (traffic.nextNs < BigInt(Date.now()) * 1_000_000n) traffic.step()
      traffic.save(writer)
      writer.maintain()
    },
    close: () => writer.close(),
  }
}

if (import.meta.main) {
  const [dataDir = '', minutes = '60'] = process.argv.slice(2)
  const filled = fillCluster(dataDir, Number(minutes))
  if (process.argv.includes('--follow')) setInterval(() => filled.follow(), 1000)
  else filled.close()
}
