/** stirling_error: says whether each source works, at the start, when that changes, and once an hour. */
import { areSame, probesOf } from '../../health/probe-status'
import type { ProbeStatus } from '../../kernel/kernel'
import { COMPONENT_FAILS, COMPONENT_WORKS, stirlingError } from '../../records/stirling-error'
import type { OpenSource, RowSource, SourceContext } from '../source'

const EVERY_NS = 3600e9
/** How often it is looked whether an hour is over. */
const LOOK_NS = 60e9

class Components implements OpenSource {
  readonly probes = []
  readonly #context: SourceContext
  /** What was last looked at, and when. */
  #seen: readonly ProbeStatus[] = []
  #seenNs = Number.NEGATIVE_INFINITY
  readonly #told = new Map<string, { readonly error: string; readonly timeNs: number }>()

  constructor(context: SourceContext) {
    this.#context = context
  }

  tick(nowNs: number): void {
    const all = this.#context.probes()
    if (areSame(all, this.#seen) && Math.abs(nowNs - this.#seenNs) < LOOK_NS) return
    this.#seen = all
    this.#seenNs = nowNs
    for (const [source, probes] of Map.groupBy(all, (probe) => probe.source))
      this.#tell(source, probes, nowNs)
  }

  #tell(source: string, all: readonly ProbeStatus[], nowNs: number): void {
    const probes = probesOf(all)
    const failures = probes.filter((probe) => !probe.attached)
    const error = failures.map((probe) => `${probe.name}: ${probe.error}`).join('\n')
    const told = this.#told.get(source)
    // The clock may have been set back.
    if (told?.error === error && Math.abs(nowNs - told.timeNs) < EVERY_NS) return
    this.#told.set(source, { error, timeNs: nowNs })
    this.#context.sink.append(stirlingError, {
      time_: nowNs,
      upid: this.#context.processes.self(),
      source_connector: source,
      status: error === '' ? COMPONENT_WORKS : COMPONENT_FAILS,
      error,
      context: JSON.stringify({
        attached: probes.length - failures.length,
        probes: probes.length,
        missing: failures.map((probe) => probe.purpose),
      }),
    })
  }

  close(): void {}
}

export const components: RowSource = {
  name: 'stirling_error',
  tables: [stirlingError],
  open: (context) => new Components(context),
}
