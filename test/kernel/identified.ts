/** Runs the probes that name processes, as the capture thread does, and gives what the store would hear of them. */
import { readConfig } from '../../src/config'
import { newCounters } from '../../src/health/counters'
import { openKernel } from '../../src/kernel'
import { Processes } from '../../src/metadata'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import type { ProcessInfo } from '../../src/records/entities'
import { identities } from '../../src/sources/identities'
import { Sources } from '../../src/sources/open'
import { sockets } from '../../src/sources/sockets'
import { UNLIMITED } from '../../src/sources/source'
import { until } from '../support/scope'

export class Identified {
  readonly counters = newCounters()
  readonly #kernel = openKernel({ enabled: true })
  readonly #processes = new Processes('edge')
  readonly #sources = new Sources([identities, sockets], {
    kernel: this.#kernel,
    sink: { append: () => {} },
    liveSink: { append: () => {} },
    processes: this.#processes,
    counters: this.counters,
    processor: UNLIMITED,
    config: { ...readConfig({}, {}), listen: '127.0.0.1:1', ringBytes: 1 << 22 },
    settings: { bodyLimit: 1024, redact: true, decodeBudget: new DecodeBudget() },
  })
  readonly #infos = new Map<string, ProcessInfo>()

  constructor() {
    const missing = this.#sources.probes.filter((probe) => !probe.attached)
    if (missing.length > 0) throw new Error(missing.map(({ name, error }) => `${name}: ${error}`).join('\n'))
  }

  /** Takes what waits. A record that another CPU is still writing holds up those after it. */
  drain(): void {
    for (let empty = 0; empty < 2; ) {
      if (this.#sources.drain(10_000) > 0) continue
      empty++
      Bun.sleepSync(5)
    }
    this.#sources.tick(this.#kernel.now())
  }

  /** All processes that the store has been told of by now; `laterMs`: as if so much time had passed. */
  known(laterMs = 0): ProcessInfo[] {
    for (const { key, value } of this.#processes.takeChanges(Date.now() + laterMs))
      this.#infos.set(key, value as unknown as ProcessInfo)
    return [...this.#infos.values()]
  }

  /** The process, once what is known of it is so. */
  find(pid: number, isSo: (info: ProcessInfo) => boolean = () => true): Promise<ProcessInfo> {
    return this.until(`process ${pid}`, (all) => all.find((info) => info.pid === pid && isSo(info)))
  }

  /** Takes what waits until all that is known has an answer. */
  until<T>(what: string, ask: (all: readonly ProcessInfo[]) => T | undefined | false): Promise<T> {
    return until(what, () => {
      this.drain()
      return ask(this.known())
    })
  }

  close(): void {
    this.#kernel.close()
  }
}
