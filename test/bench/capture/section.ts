/** What a section of the bench is given, and gives. */
import type { Scope } from '../../support/scope'
import type { Built } from './against'
import type { Found } from './figures'

export interface Terms {
  readonly scope: Scope
  readonly before: Built
  readonly now: Built
  readonly pairs: number
  /** Of one measurement. */
  readonly seconds: number
}

export interface Section {
  readonly name: string
  readonly measures: string
  /** Unless BENCH_PAIRS and BENCH_SECONDS say otherwise; so that the whole takes less than 150 s. */
  readonly pairs: number
  readonly seconds: number
  /** Only where it is named. */
  readonly apart?: boolean
  measure(terms: Terms): Promise<Found>
}
