/** All sources, opened as one: the failure of one does not touch the others. */
import { messageOf } from '../errors'
import type { ProbeStatus } from '../kernel/kernel'
import { failed } from '../kernel/probe'
import type { Entity } from '../records/entities'
import { UnreadTls } from '../streams/unread-tls'
import type { Intake, OpenSource, RowSource, SourceContext } from './source'

interface Member {
  readonly source: RowSource
  readonly open: OpenSource
  /** The error of its last tick. */
  failure: string | undefined
}

/** How often it is asked how many runs were skipped, in ticks: a system call for each program. */
const MISSED_EVERY = 5

export class Sources {
  readonly #members: Member[] = []
  readonly #kernel: SourceContext['kernel']
  readonly #counters: SourceContext['counters']
  #ticks = 0

  constructor(sources: readonly RowSource[], context: Omit<SourceContext, 'probes' | 'unread'>) {
    this.#kernel = context.kernel
    this.#counters = context.counters
    const whole = { ...context, unread: new UnreadTls(), probes: () => this.probes }
    for (const source of sources) {
      this.#members.push({ source, open: source.open(whole), failure: undefined })
    }
  }

  get probes(): readonly ProbeStatus[] {
    return [
      ...this.#members.flatMap(({ source, open, failure }) =>
        failure === undefined ? open.probes : [...open.probes, tickFailed(source, failure)],
      ),
      ...this.#kernel.probes,
    ]
  }

  /** Whether all programs that capture needs are attached. */
  get ready(): boolean {
    const required = this.probes.filter((probe) => probe.required)
    return required.length > 0 && required.every((probe) => probe.attached)
  }

  get intake(): Intake | undefined {
    return this.#members.find(({ open }) => open.intake)?.open.intake
  }

  get isFilling(): boolean {
    return this.#members.some(({ open }) => open.isFilling)
  }

  /** Takes at most so many events of each; returns how many in all. */
  drain(maxEvents: number): number {
    let events = 0
    for (const { open } of this.#members) events += open.drain?.(maxEvents) ?? 0
    return events
  }

  /** Whether one of them has to be drained again soon. */
  get isWaiting(): boolean {
    return this.#members.some(({ open }) => open.isWaiting)
  }

  tick(nowNs: number, lookBetween = () => {}): void {
    if (this.#ticks++ % MISSED_EVERY === 0) this.#counters.missedRuns = this.#kernel.missedRuns()
    for (const member of this.#members) {
      try {
        member.open.tick(nowNs, lookBetween)
        member.failure = undefined
      } catch (cause) {
        member.failure = messageOf(cause)
      }
      lookBetween()
    }
  }

  giveUpMemory(): void {
    for (const { open } of this.#members) open.giveUpMemory?.()
  }

  underWay(nowNs: number): void {
    for (const { open } of this.#members) open.underWay?.(nowNs)
  }

  learn(entities: readonly Entity[]): void {
    for (const { open } of this.#members) open.learn?.(entities)
  }

  close(nowNs: number): void {
    for (const { open } of this.#members) open.close(nowNs)
  }
}

function tickFailed({ name, tables }: RowSource, error: string): ProbeStatus {
  const purpose = `Rows of ${tables.map((table) => table.name).join(', ')}`
  return failed({ source: name, name: 'tick', purpose, required: false }, error)
}
