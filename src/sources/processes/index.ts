/** process_stats: the resources that each process uses, once a second, from one walk over the kernel's tasks. */
import { ThreadSamples } from '../../events/process'
import type { Opened } from '../../kernel/kernel'
import { pageBytes } from '../../kernel/libc'
import { processStats } from '../../records/process-stats'
import type { OpenSource, RowSource, SourceContext } from '../source'
import { PROCESS_OBJECT, SOURCE_NAME } from './probe'
import { ProcessStats } from './process-stats'

class ProcessUsage implements OpenSource {
  readonly #opened: Opened<'read_processes'>
  readonly #stats: ProcessStats

  constructor({ kernel, processes, sink }: SourceContext) {
    this.#opened = kernel.open(PROCESS_OBJECT)
    this.#stats = new ProcessStats({
      upidOf: (pid, startTicks, comm) => processes.upidOf(pid, startTicks, comm),
      append: (table, record) => sink.append(table, record),
    })
  }

  get probes() {
    return this.#opened.probes
  }

  tick(nowNs: number): void {
    const { object } = this.#opened
    if (object) this.#stats.take(readThreads(object), nowNs)
  }

  close(): void {
    this.#opened.object?.close()
  }
}

/** A sample of every thread; valid until the next call. Throws when the iterator fails. */
export function readThreads(object: NonNullable<Opened<'read_processes'>['object']>): ThreadSamples {
  return new ThreadSamples(object.iterate('read_processes'), pageBytes())
}

export const processes: RowSource = {
  name: SOURCE_NAME,
  tables: [processStats],
  isSampled: true,
  open: (context) => new ProcessUsage(context),
}
