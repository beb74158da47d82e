/** What scripts are asked of `cluster`: its processes, requests, connections' bytes and stack traces. */
import { contextOf, request, rowOf } from '../../runner/support'
import { cluster, networkStats, processStats, requests, stackTraces } from './cluster'

export const CLUSTER_TABLES = {
  http_events: requests(request),
  process_stats: processStats(rowOf),
  network_stats: networkStats(rowOf),
  'stack_traces.beta': stackTraces(rowOf),
}

export const CLUSTER = contextOf(CLUSTER_TABLES, cluster)
