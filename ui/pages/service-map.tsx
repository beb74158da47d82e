/** The overview's map of requests between services. */
import type { ResultTable } from '../../src/runner/runner'
import type { KnownScripts } from '../format'
import { GraphWidget } from '../widgets/graph'
import { requestGraphData } from '../widgets/request-graph'
import { ViewLink } from './view-link'

/** The columns of the table `map`. */
const MAP = {
  requestorPodColumn: 'requestor_pod',
  responderPodColumn: 'responder_pod',
  requestorServiceColumn: 'requestor_service',
  responderServiceColumn: 'responder_service',
  requestorIPColumn: 'requestor_ip',
  responderIPColumn: 'responder_ip',
  p50Column: 'latency_p50',
  p90Column: 'latency_p90',
  p99Column: 'latency_p99',
  errorRateColumn: 'errors',
  requestsPerSecondColumn: 'requests',
  protocolColumn: 'protocol',
  tableColumn: 'table',
}

/** `empty`: shown when there are no requests; without it the section is then left out. */
export function ServiceMap({
  map,
  scripts,
  empty,
}: {
  map: ResultTable | undefined
  scripts: KnownScripts
  empty?: string
}) {
  const data = map && requestGraphData(map, MAP, scripts)
  const drawn = data && data.levels[0]!.edges.length > 0
  if (!drawn && empty === undefined) return null
  return (
    <section class="widget">
      <h2>
        Service map, last five minutes <ViewLink name="px/cluster" label="Cluster" scripts={scripts} />
      </h2>
      {drawn ? (
        <GraphWidget id="service-map" data={data} title="Service map" />
      ) : (
        <p class="empty">{empty}</p>
      )}
    </section>
  )
}
