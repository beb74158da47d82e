/** probe_status: the probes of every source, once an hour, and those that are new or have changed at once. */
import type { ProbeStatus } from '../../kernel/kernel'
import { PROBE_ATTACHED, PROBE_FAILED, probeStatus } from '../../records/probe-status'
import type { OpenSource, RowSource, SourceContext } from '../source'

const EVERY_NS = 3600e9
/** Changes that are told at once. */
const MAX_CHANGES = 64

const textOf = ({ source, name, attached, error }: ProbeStatus) => `${source} ${name} ${attached} ${error}`

class Status implements OpenSource {
  readonly probes = []
  readonly #context: SourceContext
  #told: ReadonlySet<string> = new Set()
  #toldNs = Number.NEGATIVE_INFINITY

  constructor(context: SourceContext) {
    this.#context = context
  }

  tick(nowNs: number): void {
    // The clock may have been set back.
    const isDue = Math.abs(nowNs - this.#toldNs) >= EVERY_NS
    const probes = this.#context.probes()
    const changed = isDue
      ? probes
      : probes.filter((probe) => !this.#told.has(textOf(probe))).slice(0, MAX_CHANGES)
    if (changed.length === 0) return
    if (isDue) this.#toldNs = nowNs
    const told = probes.filter((probe) => changed.includes(probe) || this.#told.has(textOf(probe)))
    this.#told = new Set(told.map(textOf))
    const upid = this.#context.processes.self()
    for (const probe of changed) {
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
