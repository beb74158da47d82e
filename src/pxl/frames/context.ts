/** `df.ctx['key']`: which metadata function answers a key, from which column. */
import { NixieError } from '../../errors'
import { keysOf } from '../../keys'
import type { Expr, Node } from '../../query/plan'
import type { SemanticType } from '../../records/types'
import { nameHint } from '../../suggest'
import { constant } from '../values/values'
import { callEngine, columnOf, literal, retag } from './expressions'

interface Key {
  readonly semantic: SemanticType
  /** Origin column → function, the most reliable origin first. */
  readonly from: Partial<Readonly<Record<Origin, string>>>
}

type Origin =
  | 'upid'
  | 'pod_id'
  | 'pod'
  | 'service_id'
  | 'service'
  | 'deployment_id'
  | 'deployment'
  | 'replicaset_id'
  | 'replicaset'
  | 'container'

/** For each origin the names of its columns, and the unit: a cast (`px.Pod(df.x)`) to it makes any column an origin. */
const ORIGINS: Readonly<
  Record<Origin, { readonly names: readonly string[]; readonly semantic?: SemanticType }>
> = {
  upid: { names: ['upid'] },
  pod_id: { names: ['pod_id'] },
  pod: { names: ['pod', 'pod_name'], semantic: 'ST_POD_NAME' },
  service_id: { names: ['service_id'] },
  service: { names: ['service', 'service_name'], semantic: 'ST_SERVICE_NAME' },
  deployment_id: { names: ['deployment_id'] },
  deployment: { names: ['deployment', 'deployment_name'] },
  replicaset_id: { names: ['replicaset_id', 'replica_set_id'] },
  replicaset: { names: ['replicaset', 'replica_set', 'replicaset_name'] },
  container: { names: ['container', 'container_name'], semantic: 'ST_CONTAINER_NAME' },
}

const ofPod = (what: string) => ({
  upid: `upid_to_${what}`,
  pod_id: `pod_id_to_${what}`,
  pod: `pod_name_to_${what}`,
})

const KEYS: Readonly<Record<string, Key>> = {
  pod: { semantic: 'ST_POD_NAME', from: { upid: 'upid_to_pod_name', pod_id: 'pod_id_to_pod_name' } },
  pod_id: { semantic: 'ST_NONE', from: { upid: 'upid_to_pod_id', pod: 'pod_name_to_pod_id' } },
  service: {
    semantic: 'ST_SERVICE_NAME',
    from: { ...ofPod('service_name'), service_id: 'service_id_to_service_name' },
  },
  service_id: {
    semantic: 'ST_NONE',
    from: { ...ofPod('service_id'), service: 'service_name_to_service_id' },
  },
  namespace: {
    semantic: 'ST_NAMESPACE_NAME',
    from: {
      ...ofPod('namespace'),
      service: 'service_name_to_namespace',
      deployment_id: 'deployment_id_to_namespace',
      deployment: 'deployment_name_to_namespace',
      replicaset_id: 'replicaset_id_to_namespace',
      replicaset: 'replicaset_name_to_namespace',
    },
  },
  node: { semantic: 'ST_NODE_NAME', from: { upid: 'upid_to_node_name', pod_id: 'pod_id_to_node_name' } },
  hostname: { semantic: 'ST_NONE', from: { upid: 'upid_to_hostname' } },
  container: { semantic: 'ST_CONTAINER_NAME', from: { upid: 'upid_to_container_name' } },
  container_id: {
    semantic: 'ST_NONE',
    from: { upid: 'upid_to_container_id', container: 'container_name_to_container_id' },
  },
  deployment: {
    semantic: 'ST_NONE',
    from: {
      ...ofPod('deployment_name'),
      deployment_id: 'deployment_id_to_deployment_name',
      replicaset_id: 'replicaset_id_to_deployment_name',
      replicaset: 'replicaset_name_to_deployment_name',
    },
  },
  deployment_id: {
    semantic: 'ST_NONE',
    from: {
      ...ofPod('deployment_id'),
      deployment: 'deployment_name_to_deployment_id',
      replicaset_id: 'replicaset_id_to_deployment_id',
      replicaset: 'replicaset_name_to_deployment_id',
    },
  },
  replicaset: {
    semantic: 'ST_NONE',
    from: { ...ofPod('replicaset_name'), replicaset_id: 'replicaset_id_to_replicaset_name' },
  },
  replicaset_id: {
    semantic: 'ST_NONE',
    from: { ...ofPod('replicaset_id'), replicaset: 'replicaset_name_to_replicaset_id' },
  },
  cmdline: { semantic: 'ST_NONE', from: { upid: 'upid_to_cmdline' } },
  process: { semantic: 'ST_NONE', from: { upid: 'upid_to_process_name' } },
  asid: { semantic: 'ST_ASID', from: { upid: 'upid_to_asid' } },
  pid: { semantic: 'ST_NONE', from: { upid: 'upid_to_pid' } },
}

const ALIASES: Readonly<Record<string, string>> = {
  pod_name: 'pod',
  service_name: 'service',
  deployment_name: 'deployment',
  node_name: 'node',
  host: 'hostname',
  container_name: 'container',
  cmd: 'cmdline',
  process_name: 'process',
  replica_set: 'replicaset',
  replicaset_name: 'replicaset',
  replica_set_id: 'replicaset_id',
}

/** Prefix of a key for the other end (`remote_pod`). Pixie has no such keys. */
const REMOTE = 'remote_'

/** All keys: first the main names, then aliases, then keys of the other end. */
export const CONTEXT_KEYS: readonly string[] = [
  ...Object.keys(KEYS),
  ...Object.keys(ALIASES),
  ...[...Object.keys(KEYS), 'upid'].map((key) => REMOTE + key),
]

/** Throws `compile_error` for an unknown key, `unknown_column` when no column can answer it. */
export function contextColumn(node: Node, key: string): Expr {
  if (key === `${REMOTE}upid`) return remoteProcess(node)
  const isRemote = key.startsWith(REMOTE)
  const asked = isRemote ? key.slice(REMOTE.length) : key
  const name = Object.hasOwn(ALIASES, asked) ? ALIASES[asked]! : asked
  const entry = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined
  if (!entry) {
    throw new NixieError(
      'compile_error',
      `df.ctx has no key '${key.slice(0, 80)}'`,
      nameHint(key, CONTEXT_KEYS, 'keys'),
    )
  }
  if (isRemote) return retag(remoteColumn(node, name, entry), entry.semantic)
  const origins = keysOf(entry.from)
  for (const origin of origins) {
    const column = originColumn(node, origin)
    if (column) return retag(callEngine(entry.from[origin]!, [column]), entry.semantic)
  }
  throw missing(node, key, origins)
}

/** The process at the other end. Tables that an earlier release wrote lack the column; there it is empty. */
function remoteProcess(node: Node): Expr {
  const process = columnNamed(node, 'remote_upid')
  if (process) return process
  if (columnNamed(node, 'remote_addr')) return literal(constant('UINT128', '', 'ST_UPID'))
  throw missingRemote('upid', 'one of the columns remote_upid, remote_addr')
}

/**
 * Metadata of the other end: from its process if it is known, that is, if it runs on this node; else from the owner of
 * its address at the row's time. A known process outside of pods has no pod, even if a pod has its address.
 */
function remoteColumn(node: Node, key: string, { from }: Key): Expr {
  const process = columnNamed(node, 'remote_upid')
  const byProcess = process && callEngine(from.upid!, [process])
  if (!from.pod_id && key !== 'pod_id') {
    if (byProcess) return byProcess
    throw missingRemote(key, 'the column remote_upid')
  }
  const [address, time] = [columnNamed(node, 'remote_addr'), columnNamed(node, 'time_')]
  const pod = address && time && callEngine('ip_to_pod_id', [address, time])
  const byAddress = pod && from.pod_id ? callEngine(from.pod_id, [pod]) : pod
  const known =
    process && byProcess && byAddress
      ? select(isNamed(process), byProcess, byAddress)
      : (byProcess ?? byAddress)
  if (!known) throw missingRemote(key, 'the column remote_upid, or remote_addr and time_')
  if (!address || !(key === 'service' || key === 'service_id')) return known
  // A client may have asked the service's own address.
  const service = callEngine('ip_to_service_id', [address])
  return orElse(known, key === 'service' ? callEngine('service_id_to_service_name', [service]) : service)
}

/** Whether the process is known: then it, or its pod, has a name. */
const isNamed = (process: Expr): Expr => isFilled(callEngine('upid_to_pod_name', [process]))

const columnNamed = (node: Node, name: string): Expr | undefined =>
  node.columns.some((c) => c.name === name) ? columnOf(node, name) : undefined

const EMPTY = literal(constant('STRING', ''))

const isFilled = (text: Expr): Expr => callEngine('notEqual', [text, EMPTY])

const select = (condition: Expr, then: Expr, otherwise: Expr): Expr =>
  callEngine('select', [condition, then, otherwise])

const orElse = (text: Expr, otherwise: Expr): Expr => select(isFilled(text), text, otherwise)

const missingRemote = (key: string, wanted: string) =>
  new NixieError(
    'unknown_column',
    `df.ctx['${REMOTE}${key}'] needs ${wanted}`,
    'Read df.ctx before these columns are dropped, or keep them in the groupby.',
  )

/** The column that an origin is in this dataframe: the one of its name, else the only one of its unit. */
function originColumn(node: Node, origin: Origin): Expr | undefined {
  const { names, semantic } = ORIGINS[origin]
  const has = (name: string) => node.columns.some((c) => c.name === name)
  const name = names.find(has)
  if (name !== undefined) return columnOf(node, name)
  if (origin === 'upid') return tracedProcess(node)
  if (semantic === undefined) return undefined
  const [only, more] = node.columns.filter((c) => c.semantic === semantic)
  return only && !more ? columnOf(node, only.name) : undefined
}

/** The process of a tracepoint's row, from two columns. Pixie's tracepoint tables have a upid instead. */
export function tracedProcess(node: Node): Expr | undefined {
  const parts = ['pid', 'pid_start_time']
  if (!parts.every((name) => node.columns.some((c) => c.name === name && c.type === 'INT64')))
    return undefined
  return callEngine(
    'upid',
    parts.map((name) => columnOf(node, name)),
  )
}

function missing(node: Node, key: string, origins: readonly Origin[]): NixieError {
  const suffixed = node.columns.filter((c) => c.semantic === 'ST_UPID').map((c) => c.name)
  const wanted = origins.flatMap((origin) => ORIGINS[origin].names)
  const hint =
    suffixed.length > 0
      ? `There are ${suffixed.join(' and ')}: say which one it is with df.upid = df.${suffixed[0]}.`
      : 'Read df.ctx before these columns are dropped, or keep one of them in the groupby.'
  return new NixieError(
    'unknown_column',
    `df.ctx['${key}'] needs one of the columns ${wanted.join(', ')}`,
    hint,
  )
}
