/** network_stats: the traffic of pods, containers and the machine itself, from /proc. */
import { networkStats } from '../../records/network-stats'
import type { OpenSource, RowSource, SourceContext } from '../source'
import { NetworkStats } from './network-stats'

class Networks implements OpenSource {
  readonly probes = []
  readonly #context: SourceContext
  readonly #stats: NetworkStats

  constructor(context: SourceContext) {
    this.#context = context
    const { sink } = context
    this.#stats = new NetworkStats({ append: (table, record) => sink.append(table, record) })
  }

  tick(nowNs: number): void {
    const { kernel, processes } = this.#context
    if (!kernel.enabled) return
    const { name, kubernetes } = processes.host
    // In a cluster only pods have rows: the machine's own network carries all their traffic again.
    this.#stats.take(processes.pods(), kubernetes ? undefined : name, nowNs)
  }

  close(): void {}
}

export const networks: RowSource = {
  name: 'network_stats',
  tables: [networkStats],
  isSampled: true,
  open: (context) => new Networks(context),
}
