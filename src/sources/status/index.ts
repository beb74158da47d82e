/** probe_status: the probes of every source, once an hour. */
import { PROBE_ATTACHED, PROBE_FAILED, probeStatus } from '../../records/probe-status'
import type { OpenSource, RowSource, SourceContext } from '../source'

const EVERY_NS = 3600e9

class Status implements OpenSource {
  readonly probes = []
  readonly #context: SourceContext
  #toldNs = Number.NEGATIVE_INFINITY

  constructor(context: SourceContext) {
    this.#context = context
  }

  tick(nowNs: number): void {
    // The clock may have been set back.
    if (Math.abs(nowNs - this.#toldNs) < EVERY_NS) return
    this.#toldNs = nowNs
    const upid = this.#context.processes.self()
    for (const probe of this.#context.probes()) {
      this.#context.sink.append(probeStatus, {
        time_: nowNs,
        upid,
        source_connector: probe.source,
        tracepoint: probe.name,
        status: probe.attached ? PROBE_ATTACHED : PROBE_FAILED,
        error: probe.error,
        info: JSON.stringify({ purpose: probe.purpose, hint: probe.hint }),
      })
    }
  }

  close(): void {}
}

export const status: RowSource = {
  name: 'probe_status',
  tables: [probeStatus],
  open: (context) => new Status(context),
}
