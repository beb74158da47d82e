/** Learns what each process is. It makes no rows itself; the rows of all other sources take their names from it. */
import type { ProcessEvent } from '../../events/identity'
import type { ProbeStatus } from '../../kernel/kernel'
import type { OpenSource, RowSource, SourceContext } from '../source'
import { IdentityProbe, SOURCE_NAME } from './probe'

class Identities implements OpenSource {
  readonly probes: readonly ProbeStatus[]
  readonly #probe: IdentityProbe
  readonly #counters: SourceContext['counters']
  readonly #processes: SourceContext['processes']
  readonly #take: (event: ProcessEvent) => void

  constructor({ kernel, processes, counters }: SourceContext) {
    this.#probe = new IdentityProbe(kernel)
    this.probes = this.#probe.probes
    this.#counters = counters
    this.#processes = processes
    this.#take = (event) => processes.take(event)
  }

  /** Without the probe, a process can only be known by reading /proc before it ends. */
  get isWaiting(): boolean {
    return !this.#probe.isTold
  }

  drain(maxEvents: number): number {
    return this.#probe.drain(this.#take, maxEvents)
  }

  tick(): void {
    this.#counters.lostIdentities = this.#probe.lost()
    this.#processes.tellApart(() => this.#probe.listening(), Date.now())
  }

  close(): void {
    this.#probe.close()
  }
}

export const identities: RowSource = {
  name: SOURCE_NAME,
  tables: [],
  open: (context) => new Identities(context),
}
