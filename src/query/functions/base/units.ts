/** Unit rules: the semantic type of a result. They follow Pixie's, because columns of its scripts depend on them. */
import type { SemanticType } from '../../../records/types'
import type { UnitRule } from './function'

/** Always the same. */
export const always =
  (semantic: SemanticType): UnitRule =>
  () =>
    semantic

export const none = always('ST_NONE')

const ADDITIVE = new Set<SemanticType>([
  'ST_BYTES',
  'ST_DURATION_NS',
  'ST_THROUGHPUT_PER_NS',
  'ST_THROUGHPUT_BYTES_PER_NS',
])

/** add, subtract: kept when both sides agree on a quantity. */
export const additive: UnitRule = ([a, b]) => (a !== undefined && a === b && ADDITIVE.has(a) ? a : 'ST_NONE')

/** Anything per duration is a throughput. */
export const quotient: UnitRule = ([a, b]) => {
  if (b !== 'ST_DURATION_NS') return 'ST_NONE'
  return a === 'ST_BYTES' ? 'ST_THROUGHPUT_BYTES_PER_NS' : 'ST_THROUGHPUT_PER_NS'
}

/** select: kept when both branches agree. */
export const branches: UnitRule = ([, a, b]) => (a !== undefined && a === b ? a : 'ST_NONE')

const AVERAGED = new Set<SemanticType>([...ADDITIVE, 'ST_PERCENT'])

/** mean, min, max. */
export const averaged: UnitRule = ([a]) => (a !== undefined && AVERAGED.has(a) ? a : 'ST_NONE')

/** sum drops durations, as Pixie does. */
export const summed: UnitRule = ([a]) =>
  a !== undefined && a !== 'ST_DURATION_NS' && AVERAGED.has(a) ? a : 'ST_NONE'

export const kept: UnitRule = ([a]) => a ?? 'ST_NONE'

export const quantiles: UnitRule = ([a]) =>
  a === 'ST_DURATION_NS' ? 'ST_DURATION_NS_QUANTILES' : 'ST_QUANTILES'
