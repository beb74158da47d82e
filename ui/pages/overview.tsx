/** What is captured now, in one look. */
import type { Status } from '../../src/api/status'
import type { ErrorShape } from '../../src/errors'
import type { ResultTable, ScriptInfo } from '../../src/runner/runner'
import { ErrorView } from '../error'
import type { Rates } from '../rates'
import { bytes, count, inUnit, span } from '../units'
import { TableWidget } from '../widgets/table'
import { LossList, Probes } from './health'
import { Time } from './tables'

/** What the overview's table is the result of. */
export const SERVICES_SCRIPT = 'px/http_request_stats'
const MOST_SERVICES = 20

export interface Overview {
  readonly status: Status
  readonly rates: Rates
  readonly scripts: readonly ScriptInfo[]
  /** The first table of px/http_request_stats, or why there is none. */
  readonly services: ResultTable | ErrorShape | undefined
}

function Number_({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      {note ? <dd class="help">{note}</dd> : null}
    </div>
  )
}

function Numbers({ status, rates }: { status: Status; rates: Rates }) {
  const rows = rates.of('rows')
  const events = rates.of('events')
  const since = `since the start ${span(status.uptimeSeconds)} ago`
  return (
    <dl class="numbers">
      <Number_
        name="rows"
        value={rows === undefined ? count(status.counters.rows) : inUnit('per_s', rows)}
        note={rows === undefined ? since : 'last minute'}
      />
      <Number_
        name="kernel events"
        value={events === undefined ? count(status.counters.events) : inUnit('per_s', events)}
        note={events === undefined ? since : 'last minute'}
      />
      <Number_ name="connections" value={count(status.counters.connections)} note="followed" />
      <Number_
        name="on disk"
        value={bytes(status.store.bytes)}
        note={`of ${bytes(status.store.budgetBytes)}`}
      />
      <Number_ name="memory" value={bytes(status.rss)} note="resident" />
    </dl>
  )
}

/** Why there is nothing to see, and what to do about it. */
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
      <p>It shows here within seconds. Requests to Nixie itself are never recorded.</p>
    </div>
  )
}

function Services({ services, status, scripts }: Omit<Overview, 'rates'>) {
  if (services && 'code' in services) return <ErrorView error={services} />
  if (!services || services.rows === 0) {
    const http = status.tables.find((t) => t.name === 'http_events')
    if (!http || http.rows === 0 || !status.ready) return <Nothing status={status} />
    return (
      <p class="empty">
        No HTTP request just now; the newest of {count(http.rows)} was at <Time ns={http.newest} />.{' '}
        <a href="/tables/http_events">See them</a>
      </p>
    )
  }
  const busiest = services.columns.find((c) => c.semantic === 'ST_THROUGHPUT_PER_NS')
  const sort = busiest && { table: services.name, column: busiest.name, descending: true }
  return (
    <TableWidget
      table={services}
      scripts={new Set(scripts.map((s) => s.name))}
      {...(sort ? { sort } : {})}
      most={MOST_SERVICES}
      caption="Services"
    />
  )
}

/** The part of the page that refreshes itself. */
export function OverviewFragment({ status, rates, services, scripts }: Overview) {
  const broken = status.probes.filter((p) => !p.attached)
  return (
    <>
      <Numbers status={status} rates={rates} />
      <section class="widget">
        <h2>
          Services now <a href={`/scripts/${SERVICES_SCRIPT}`}>{SERVICES_SCRIPT}</a>
        </h2>
        <Services services={services} status={status} scripts={scripts} />
      </section>
      <div class="widgets">
        <section class="widget w6">
          <h2>Losses</h2>
          <LossList status={status} />
        </section>
        <section class="widget w6">
          <h2>Probes</h2>
          {broken.length === 0 && status.probes.length > 0 ? (
            <p>
              All {status.probes.length} attached. <a href="/health">Health</a>
            </p>
          ) : (
            <Probes probes={broken} />
          )}
        </section>
      </div>
    </>
  )
}

export function OverviewView(props: Overview) {
  return (
    <>
      <div class="title">
        <h1>{props.status.host}</h1>
        <p>Linux {props.status.kernel}</p>
      </div>
      <div id="overview" hx-get="/overview" hx-trigger="every 5s" hx-swap="innerMorph">
        <OverviewFragment {...props} />
      </div>
      <section class="widget">
        <h2>Scripts</h2>
        <ul class="scripts">
          {props.scripts.slice(0, 12).map(({ name, short }) => (
            <li>
              <a href={`/scripts/${name}`}>{name}</a> <span>{short}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}
