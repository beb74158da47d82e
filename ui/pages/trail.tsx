/** The path to a view's object (cluster, namespace, name), and links to its other views. */
import type { ScriptInfo } from '../../src/runner/runner'
import { KINDS, type Kind, kindOf } from '../entities'
import { type KnownScripts, viewUrl } from '../format'
import type { ViewState } from '../view-state'

interface Step {
  readonly label: string
  readonly script: string
  readonly args?: Readonly<Record<string, string>>
}

/** The view of each kind, as script and argument. */
const OWN: Readonly<Record<Kind, readonly [script: string, argument: string]>> = {
  pod: ['px/pod', 'pod'],
  service: ['px/service', 'service'],
  namespace: ['px/namespace', 'namespace'],
  node: ['px/node', 'node'],
}

const CLUSTER: Step = { label: 'Cluster', script: 'px/cluster' }

/** Further views; the argument that takes the name, or none. */
const MORE: Readonly<Record<Kind | 'cluster', readonly (readonly [string, string, string?])[]>> = {
  cluster: [
    ['Namespaces', 'px/namespaces'],
    ['Nodes', 'px/nodes'],
    ['HTTP requests', 'px/http_data'],
  ],
  namespace: [
    ['Pods', 'px/pods', 'namespace'],
    ['Services', 'px/services', 'namespace'],
    ['Network', 'px/net_flow_graph', 'namespace'],
    ['Slow requests', 'px/slow_http_requests', 'namespace'],
  ],
  service: [
    ['Statistics', 'px/service_stats', 'svc'],
    ['Endpoints', 'pxbeta/service_endpoints', 'service'],
    ['HTTP requests', 'px/http_data', 'destination_filter'],
  ],
  pod: [
    ['HTTP requests', 'px/http_data', 'destination_filter'],
    ['SQL', 'px/sql_queries', 'pod'],
    ['DNS', 'px/dns_query_summary', 'pod_filter'],
    ['Flame graph', 'px/perf_flamegraph', 'pod'],
  ],
  node: [
    ['Nodes', 'px/nodes'],
    ['Flame graph', 'px/perf_flamegraph', 'node'],
  ],
}

/** The object of the view: the value of its most specific argument. */
function subject(script: ScriptInfo, { args }: ViewState): { kind: Kind; name: string } | undefined {
  for (const kind of KINDS) {
    const variable = script.variables.find((v) => kindOf(v) === kind)
    const name = variable && (args[variable.name] ?? variable.defaultValue)
    if (name) return { kind, name }
  }
  return undefined
}

function steps(kind: Kind, name: string): Step[] {
  const [script, argument] = OWN[kind]
  const slash = name.indexOf('/')
  const inNamespace = (kind === 'pod' || kind === 'service') && slash > 0
  const namespace = inNamespace ? name.slice(0, slash) : ''
  return [
    CLUSTER,
    ...(namespace ? [{ label: namespace, script: 'px/namespace', args: { namespace } }] : []),
    { label: inNamespace ? name.slice(slash + 1) : name, script, args: { [argument]: name } },
  ]
}

const OVERVIEWS = ['px/cluster', 'px/namespaces', 'px/nodes']

interface Props {
  readonly script: ScriptInfo
  readonly state: ViewState
  readonly scripts: KnownScripts
}

export function Trail({ script, state, scripts }: Props) {
  const about = subject(script, state)
  if (!about && !OVERVIEWS.includes(script.name)) return null
  const path = (about ? steps(about.kind, about.name) : [CLUSTER]).filter((step) => scripts.has(step.script))
  const own = about ? OWN[about.kind][0] : 'px/cluster'
  const more = MORE[about?.kind ?? 'cluster'].filter(([, name]) => name !== script.name && scripts.has(name))
  if (path.length === 0) return null
  return (
    <nav class="trail" aria-label="Where this is">
      <ol>
        {path.map((step) => (
          <li>
            {step.script === own && script.name === own ? (
              <b aria-current="page">{step.label}</b>
            ) : (
              <a href={viewUrl(step.script, step.args ?? {}, scripts)}>{step.label}</a>
            )}
          </li>
        ))}
        {script.name === own ? null : (
          <li>
            <b aria-current="page">{script.name.slice(script.name.indexOf('/') + 1)}</b>
          </li>
        )}
      </ol>
      <span>
        {more.map(([label, name, argument]) => (
          <a href={viewUrl(name, argument && about ? { [argument]: about.name } : {}, scripts)}>{label}</a>
        ))}
      </span>
    </nav>
  )
}
