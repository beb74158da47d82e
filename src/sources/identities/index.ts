/** Learns what each process is. It makes no rows itself; the rows of all other sources take their names from it. */
import type { ProcessEvent } from '../../events/identity'
import type { ProbeStatus } from '../../kernel/kernel'
import type { OpenSource, RowSource, SourceContext } from '../source'
import { type IdentityFeed, IdentityProbe, SOURCE_NAME } from './probe'

export class Identities implements OpenSource {
  readonly probes: readonly ProbeStatus[]
  readonly #probe: IdentityFeed
  readonly #counters: SourceContext['counters']
  readonly #processes: SourceContext['processes']
  readonly #take: (event: ProcessEvent) => void

  constructor(probe: IdentityFeed, { processes, counters }: Pick<SourceContext, 'processes' | 'counters'>) {
    this.#probe = probe
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
  open: (context) => new Identities(new IdentityProbe(context.kernel), context),
}
