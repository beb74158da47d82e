/** The overview's part on the cluster: problems, who asks whom, and links to more. */
import type { ErrorShape } from '../../src/errors'
import type { ResultTable, ScriptSummary } from '../../src/runner/runner'
import type { ClusterSummary, Trouble } from '../cluster'
import { ErrorView } from '../error'
import { type KnownScripts, viewUrl } from '../format'
import { here } from '../on-node'
import { count } from '../units'
import { Listing } from '../widgets/listing'
import { TableWidget } from '../widgets/table'
import { ServiceMap } from './service-map'
import { ViewLink } from './view-link'

const MOST_TROUBLES = 12
const MOST_SERVICES = 25
const MOST_NAMESPACES = 20
const MOST_HOST_PROCESSES = 10

export interface ClusterTraffic {
  readonly map: ResultTable | undefined
  /** Services, the ones that fail most first. */
  readonly services: ResultTable | undefined
  /** Processes outside of pods on the node that answers. */
  readonly hostProcesses: ResultTable | undefined
}

interface Props {
  readonly cluster: ClusterSummary
  /** The last five minutes, or why they can't be read. */
  readonly traffic: ClusterTraffic | ErrorShape
  readonly scripts: KnownScripts
}

interface EntityProps {
  readonly view: string
  readonly argument: string
  readonly name: string
  readonly scripts: KnownScripts
}

function Entity({ view, argument, name, scripts }: EntityProps) {
  return scripts.has(view) ? (
    <a href={viewUrl(view, { [argument]: name }, scripts)}>{name}</a>
  ) : (
    <span>{name}</span>
  )
}

const tone = ({ state }: Trouble) => (state === 'Pending' || state === 'Terminating' ? 'warn' : 'bad')

function Troubles({ cluster, scripts }: Omit<Props, 'traffic'>) {
  const { troubles, pods } = cluster
  if (troubles.length === 0) {
    return (
      <p class="note fine">{pods === 0 ? 'No pod is known yet.' : `All ${count(pods)} pods are well.`}</p>
    )
  }
  return (
    <>
      <ul class="troubles">
        {troubles.slice(0, MOST_TROUBLES).map((trouble) => (
          <li>
            <div class={tone(trouble)}>
              <Entity view="px/pod" argument="pod" name={trouble.pod} scripts={scripts} />
            </div>
            <span>
              <b>{trouble.reason || trouble.state}</b> {trouble.message}
              {trouble.node ? <span class="help"> on {trouble.node}</span> : null}
            </span>
          </li>
        ))}
      </ul>
      {troubles.length > MOST_TROUBLES ? (
        <p class="count">{count(troubles.length - MOST_TROUBLES)} more pods are not well.</p>
      ) : null}
    </>
  )
}

function Unwell({ n }: { n: number }) {
  return n === 0 ? <td class="num none">–</td> : <td class="num unwell">{count(n)}</td>
}

function Namespaces({ cluster, scripts }: Omit<Props, 'traffic'>) {
  const { namespaces } = cluster
  return (
    <section class="widget w6">
      <h2>
        Namespaces <ViewLink name="px/namespaces" label="What they use" scripts={scripts} />
      </h2>
      <Listing head={['namespace', { num: 'pods' }, { num: 'not well' }, { num: 'services' }]}>
        {namespaces.slice(0, MOST_NAMESPACES).map(({ name, pods, services, unwell }) => (
          <tr>
            <td class="name">
              <Entity view="px/namespace" argument="namespace" name={name} scripts={scripts} />
            </td>
            <td class="num">{count(pods)}</td>
            <Unwell n={unwell} />
            <td class="num">{count(services)}</td>
          </tr>
        ))}
      </Listing>
      {namespaces.length > MOST_NAMESPACES ? (
        <p class="count">{count(namespaces.length - MOST_NAMESPACES)} more namespaces.</p>
      ) : null}
    </section>
  )
}

function Nodes({ cluster, scripts, host }: Omit<Props, 'traffic'> & { host: string }) {
  return (
    <section class="widget w6">
      <h2>
        Nodes <ViewLink name="px/nodes" label="What they use" scripts={scripts} />
      </h2>
      <Listing head={['node', { num: 'pods' }, { num: 'not well' }, 'captured']}>
        {cluster.nodes.map(({ name, pods, unwell }) => (
          <tr>
            <td class="name">
              <Entity view="px/node" argument="node" name={name} scripts={scripts} />
            </td>
            <td class="num">{count(pods)}</td>
            <Unwell n={unwell} />
            <td>{name === host ? 'here' : <span class="help">by the Nixie there</span>}</td>
          </tr>
        ))}
      </Listing>
    </section>
  )
}

function Services({ traffic, scripts }: Omit<Props, 'cluster'>) {
  if ('code' in traffic) return <ErrorView error={traffic} />
  const { services } = traffic
  if (!services || services.rows === 0) return null
  const sort = { table: services.name, column: 'errors', descending: true }
  return (
    <section class="widget">
      <h2>
        Services, last five minutes <ViewLink name="px/http_data" label="Requests" scripts={scripts} />
      </h2>
      <TableWidget table={services} scripts={scripts} sort={sort} most={MOST_SERVICES} caption="Services" />
    </section>
  )
}

function HostProcesses({ traffic, scripts, host }: Omit<Props, 'cluster'> & { host: string }) {
  const table = 'code' in traffic ? undefined : traffic.hostProcesses
  if (!table || table.rows === 0) return null
  return (
    <section class="widget">
      <h2>
        Host processes of {host}, last five minutes <ViewLink name="px/node" label="Node" scripts={scripts} />
      </h2>
      <TableWidget
        table={table}
        scripts={scripts}
        sort={{ table: table.name, column: 'rss', descending: true }}
        most={MOST_HOST_PROCESSES}
        caption="Host processes"
      />
    </section>
  )
}

/** It refreshes more slowly than the numbers, since it reads five minutes. */
export function ClusterFragment(props: Props & { host: string }) {
  const { status } = props.cluster
  const failing = Object.keys(status.errors)
  return (
    <>
      {failing.length > 0 ? (
        <p class="note">
          Not followed at the moment: {failing.join(', ')}. <a href={here('/health')}>Why</a>
        </p>
      ) : status.synced ? null : (
        <p class="note">The cluster's objects are still being listed.</p>
      )}
      <section class="widget">
        <h2>Pods that are not well</h2>
        <Troubles {...props} />
      </section>
      {'code' in props.traffic ? null : (
        <ServiceMap
          map={props.traffic.map}
          scripts={props.scripts}
          empty="No HTTP request between two ends that are known was seen in the last five minutes."
        />
      )}
      <Services {...props} />
      <div class="widgets">
        <Namespaces {...props} />
        <Nodes {...props} />
      </div>
      <HostProcesses {...props} />
    </>
  )
}

/** The usual next views, in the usual order; names that aren't in the library are skipped. */
const FIRST = [
  'px/http_data',
  'px/slow_http_requests',
  'px/service_stats',
  'px/sql_queries',
  'px/dns_data',
  'px/net_flow_graph',
  'px/outbound_conns',
  'px/inbound_conns',
  'px/perf_flamegraph',
  'px/upids',
]
const OF_CLUSTER = ['px/cluster', 'px/namespaces', 'px/nodes']
const SHOWN = 10

export function firstScripts(scripts: readonly ScriptSummary[], inCluster: boolean): ScriptSummary[] {
  const wanted = [...(inCluster ? OF_CLUSTER : []), ...FIRST]
  const found = wanted.flatMap((name) => scripts.find((script) => script.name === name) ?? [])
  const others = scripts.filter((script) => !found.includes(script))
  return [...found, ...others].slice(0, SHOWN)
}
