/** stirling_error: says whether each source works, at the start, when that changes, and once an hour. */
import type { ProbeStatus } from '../../kernel/kernel'
import { COMPONENT_FAILS, COMPONENT_WORKS, stirlingError } from '../../records/stirling-error'
import type { OpenSource, RowSource, SourceContext } from '../source'

const EVERY_NS = 3600e9

class Components implements OpenSource {
  readonly probes = []
  readonly #context: SourceContext
  readonly #told = new Map<string, { readonly error: string; readonly timeNs: number }>()

  constructor(context: SourceContext) {
    this.#context = context
  }

  tick(nowNs: number): void {
    for (const [source, probes] of Map.groupBy(this.#context.probes(), (probe) => probe.source))
      this.#tell(source, probes, nowNs)
  }

  #tell(source: string, probes: readonly ProbeStatus[], nowNs: number): void {
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
