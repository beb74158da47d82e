/** `df.ctx['key']`: which metadata function answers a key, from which column. */
import { NixieError } from '../errors'
import type { Expr, Node } from '../query/plan'
import type { SemanticType } from '../records/types'
import { nameHint } from '../suggest'
import { callEngine, columnOf, retag } from './expressions'

interface Key {
  readonly semantic: SemanticType
  /** Source column → function, the surest source first. */
  readonly from: Readonly<Record<string, string>>
}

const podFrom = (what: string) => ({
  upid: `upid_to_${what}`,
  pod_id: `pod_id_to_${what}`,
  pod: `pod_name_to_${what}`,
  pod_name: `pod_name_to_${what}`,
})

const KEYS: Readonly<Record<string, Key>> = {
  pod: { semantic: 'ST_POD_NAME', from: { upid: 'upid_to_pod_name', pod_id: 'pod_id_to_pod_name' } },
  pod_id: {
    semantic: 'ST_NONE',
    from: { upid: 'upid_to_pod_id', pod: 'pod_name_to_pod_id', pod_name: 'pod_name_to_pod_id' },
  },
  service: {
    semantic: 'ST_SERVICE_NAME',
    from: { ...podFrom('service_name'), service_id: 'service_id_to_service_name' },
  },
  service_id: {
    semantic: 'ST_NONE',
    from: { ...podFrom('service_id'), service: 'service_name_to_service_id' },
  },
  namespace: {
    semantic: 'ST_NAMESPACE_NAME',
    from: {
      ...podFrom('namespace'),
      service: 'service_name_to_namespace',
      service_name: 'service_name_to_namespace',
      deployment: 'deployment_name_to_namespace',
    },
  },
  node: { semantic: 'ST_NODE_NAME', from: { upid: 'upid_to_node_name', pod_id: 'pod_id_to_node_name' } },
  hostname: { semantic: 'ST_NONE', from: { upid: 'upid_to_hostname' } },
  container: { semantic: 'ST_CONTAINER_NAME', from: { upid: 'upid_to_container_name' } },
  container_id: {
    semantic: 'ST_NONE',
    from: {
      upid: 'upid_to_container_id',
      container: 'container_name_to_container_id',
      container_name: 'container_name_to_container_id',
    },
  },
  deployment: {
    semantic: 'ST_NONE',
    from: { ...podFrom('deployment_name'), deployment_id: 'deployment_id_to_deployment_name' },
  },
  deployment_id: {
    semantic: 'ST_NONE',
    from: { ...podFrom('deployment_id'), deployment: 'deployment_name_to_deployment_id' },
  },
  replicaset: {
    semantic: 'ST_NONE',
    from: { ...podFrom('replicaset_name'), replicaset_id: 'replicaset_id_to_replicaset_name' },
  },
  replicaset_id: {
    semantic: 'ST_NONE',
    from: { ...podFrom('replicaset_id'), replicaset: 'replicaset_name_to_replicaset_id' },
  },
  cmdline: { semantic: 'ST_NONE', from: { upid: 'upid_to_cmdline' } },
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
  replica_set: 'replicaset',
  replicaset_name: 'replicaset',
  replica_set_id: 'replicaset_id',
}

/** Throws `compile_error` for an unknown key, `unknown_column` when no column can answer it. */
export function contextColumn(node: Node, key: string): Expr {
  const entry = Object.hasOwn(KEYS, ALIASES[key] ?? key) ? KEYS[ALIASES[key] ?? key] : undefined
  if (!entry) {
    const known = [...Object.keys(KEYS), ...Object.keys(ALIASES)]
    throw new NixieError(
      'compile_error',
      `df.ctx has no key '${key.slice(0, 80)}'`,
      nameHint(key, known, 'keys'),
    )
  }
  for (const [column, fn] of Object.entries(entry.from)) {
    if (!node.columns.some((c) => c.name === column)) continue
    return retag(callEngine(fn, [columnOf(node, column)]), entry.semantic)
  }
  throw new NixieError(
    'unknown_column',
    `df.ctx['${key}'] needs one of the columns ${Object.keys(entry.from).join(', ')}`,
    'Read df.ctx before these columns are dropped, or keep one of them in the groupby.',
  )
}
