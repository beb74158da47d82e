/** An overview of the traffic that is captured now. */
import type { Child } from 'hono/jsx'
import type { Status } from '../../src/api/status'
import type { ErrorShape } from '../../src/errors'
import { percentWords, sampledShare, shedWords } from '../../src/health/budget'
import { probesOf, unreadOf } from '../../src/health/probe-status'
import type { ResultTable, ScriptSummary } from '../../src/runner/runner'
import { ErrorView } from '../error'
import { here } from '../on-node'
import type { Rates } from '../rates'
import type { Traffic } from '../traffic'
import { bytes, count, inUnit, span } from '../units'
import type { ChartData } from '../widgets/drawn'
import { type Fact, Numbers } from '../widgets/numbers'
import { TableWidget } from '../widgets/table'
import { Chart } from '../widgets/timeseries'
import { firstScripts } from './cluster'
import { LossList, Probes } from './health'
import { ServiceMap } from './service-map'
import { Time } from './tables'

const MOST_SERVICES = 20
const MOST_PROCESSES = 10

export interface Overview {
  readonly status: Status
  readonly rates: Rates
  readonly scripts: readonly ScriptSummary[]
  /** The last minute, or why it can't be read. */
  readonly traffic: Traffic | ErrorShape
}

/** What happens now, and what it takes. */
function factsNow({ status, rates, traffic }: Omit<Overview, 'scripts'>): Fact[] {
  const events = rates.of('events')
  const { budget } = status.capture
  const { requests = 0, errors = 0 } = 'code' in traffic ? {} : traffic
  const share = sampledShare(budget)
  return [
    {
      name: 'HTTP requests',
      value: inUnit('per_s', requests),
      note: share < 1 ? `${percentWords(share)} of them have rows` : 'last minute',
    },
    { name: 'errors', value: inUnit('ratio', errors), note: 'status 400 and up' },
    {
      name: 'kernel events',
      value: events === undefined ? count(status.counters.events) : inUnit('per_s', events),
      note: events === undefined ? 'since the start' : 'last minute',
    },
    { name: 'connections', value: count(status.counters.connections), note: 'since the start' },
    { name: 'on disk', value: bytes(status.store.bytes), note: `of ${bytes(status.store.budgetBytes)}` },
    { name: 'memory', value: bytes(status.rss), note: `up ${span(status.uptimeSeconds)}` },
  ]
}

/** Says why there is no data, and what to do about it. */
function Nothing({ status }: { status: Status }) {
  if (!status.ready) {
    return (
      <div class="empty">
        <p>Nixie is not capturing on this host. What is stored can still be asked.</p>
        {status.capture.error ? <p>{status.capture.error}</p> : null}
        <p>
          The probes below say why; <code>nixie check</code> says what is missing, in words.
        </p>
      </div>
    )
  }
  return (
    <div class="empty">
      <p>Capturing, and no HTTP request was seen yet. Make one between any two programs:</p>
      <pre class="source">{'python3 -m http.server 8000 &\ncurl http://localhost:8000/'}</pre>
      <p>It shows here within seconds.</p>
    </div>
  )
}

/** A table of the last minute, the busiest row first. */
function Busiest({
  table,
  by,
  most,
  scripts,
  caption,
}: {
  table: ResultTable
  by: string
  most: number
  scripts: readonly ScriptSummary[]
  caption: string
}) {
  return (
    <TableWidget
      table={table}
      scripts={new Set(scripts.map((s) => s.name))}
      sort={{ table: table.name, column: by, descending: true }}
      most={most}
      caption={caption}
    />
  )
}

function Services({ traffic, status, scripts }: Omit<Overview, 'rates'>) {
  if ('code' in traffic) return <ErrorView error={traffic} />
  if (traffic.services && traffic.services.rows > 0) {
    return (
      <Busiest
        table={traffic.services}
        by="requests"
        most={MOST_SERVICES}
        scripts={scripts}
        caption="Services"
      />
    )
  }
  const http = status.tables.find((t) => t.name === 'http_events')
  if (!http || http.rows === 0 || !status.ready) return <Nothing status={status} />
  return (
    <p class="empty">
      No HTTP request in the last minute; the newest of {count(http.rows)} was at <Time ns={http.newest} />.{' '}
      <a href={here('/tables/http_events')}>See them</a>
    </p>
  )
}

function Processes({ traffic, scripts }: Pick<Overview, 'traffic' | 'scripts'>) {
  const table = 'code' in traffic ? undefined : traffic.processes
  if (!table || table.rows === 0)
    return <p class="empty">No process moved data in the last minute; connections are counted every 10 s.</p>
  return <Busiest table={table} by="sent" most={MOST_PROCESSES} scripts={scripts} caption="Processes" />
}

/** Losses and probes: they tell whether the data is complete. */
function Trust({ status, rates }: Pick<Overview, 'status' | 'rates'>) {
  const probes = probesOf(status.probes)
  const broken = probes.filter((p) => !p.attached)
  const unread = unreadOf(status.probes)
  return (
    <section class="widget w6">
      <h2>
        Lost <a href={here('/health')}>Health</a>
      </h2>
      {shedWords(status.capture.budget).map((sentence) => (
        <p class="note">{sentence}</p>
      ))}
      <LossList status={status} />
      {rates.losing === undefined ? null : (
        <p class="help">{rates.losing ? 'Some of it in the last minute.' : 'Nothing in the last minute.'}</p>
      )}
      <h2>Probes</h2>
      {broken.length === 0 && probes.length > 0 ? (
        <p>All {probes.length} attached.</p>
      ) : (
        <Probes probes={broken} />
      )}
      {unread.length > 0 ? <Probes probes={unread} /> : null}
    </section>
  )
}

interface Slow {
  readonly timeline?: ChartData | undefined
  /** The cluster's part; undefined outside of a cluster. */
  readonly cluster?: Child | undefined
  /** Who asks whom on a host outside of a cluster. */
  readonly map?: ResultTable | undefined
}

/** The part of the page that refreshes itself; the timeline, the map and the cluster within it do so on their own. */
export function OverviewFragment({ timeline, cluster, map, ...props }: Overview & Slow) {
  const inCluster = props.status.kubernetes !== undefined
  return (
    <>
      <Numbers facts={factsNow(props)} />
      <div id="timeline-place" hx-morph-skip-children="">
        <div id="timeline" hx-get={here('/overview/timeline')} hx-trigger="every 10s" hx-swap="innerMorph">
          <TimelineFragment data={timeline} />
        </div>
      </div>
      {inCluster ? (
        <div id="cluster-place" hx-morph-skip-children="">
          <div id="cluster" hx-get={here('/overview/cluster')} hx-trigger="every 15s" hx-swap="innerMorph">
            {cluster}
          </div>
        </div>
      ) : (
        <>
          <div id="map-place" hx-morph-skip-children="">
            <div id="map" hx-get={here('/overview/map')} hx-trigger="every 15s" hx-swap="innerMorph">
              <ServiceMap map={map} scripts={new Set(props.scripts.map((s) => s.name))} />
            </div>
          </div>
          <section class="widget">
            <h2>
              Services, last minute <a href={here('/scripts/px/http_data')}>Requests</a>
            </h2>
            <Services {...props} />
          </section>
        </>
      )}
      <div class="widgets">
        <section class="widget w6">
          <h2>
            All TCP by process, last minute <a href={here('/tables/conn_stats')}>Connections</a>
          </h2>
          <Processes {...props} />
        </section>
        <Trust {...props} />
      </div>
    </>
  )
}

/** The chart refreshes more slowly than the numbers: it reads five minutes, and a step of it takes five seconds. */
export function TimelineFragment({ data }: { data: ChartData | undefined }) {
  if (!data) return null
  return (
    <section class="widget">
      <h2>HTTP, last five minutes</h2>
      <Chart id="timeline-chart" data={data} label="HTTP requests and errors per second over five minutes" />
    </section>
  )
}

export function OverviewView({ timeline, cluster, map, name, ...props }: Overview & Slow & { name: string }) {
  const { host, kernel, kubernetes } = props.status
  return (
    <>
      <div class="title">
        <h1>{name || host}</h1>
        <p>
          {name ? `cluster, seen from ${host}, ` : ''}Linux {kernel}
        </p>
      </div>
      <div id="overview" hx-get={here('/overview')} hx-trigger="every 5s" hx-swap="innerMorph">
        <OverviewFragment {...props} timeline={timeline} cluster={cluster} map={map} />
      </div>
      <section class="widget">
        <h2>
          Where to look <a href={here('/scripts')}>All scripts</a>
        </h2>
        <ul class="scripts">
          {firstScripts(props.scripts, kubernetes !== undefined).map(({ name, short }) => (
            <li>
              <a href={here(`/scripts/${name}`)}>{name}</a> <span>{short}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}
