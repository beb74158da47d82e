/** Aggregates: columns of values in, one value per group out. */
import type { DataType } from '../../../records/types'
import { parseArgs, type UnitRule } from '../base/function'
import { averaged, kept, none, quantiles, summed } from '../base/units'
import { type Accumulator, Count, Extreme, First, FloatSum, IntSum, Mean, Newest } from './accumulators'
import { PathClusters } from './paths'
import { Pprof } from './pprof'
import { Quantiles } from './quantile-groups'
import { Sample } from './sample'

export interface AggregateSpec {
  readonly name: string
  readonly description: string
  readonly unit: UnitRule
  /** The type of the result over a column of that type; undefined when it takes none such. */
  readonly returns: (type: DataType) => DataType | undefined
  readonly create: (type: DataType) => Accumulator
  /** The name of its argument, where that says more than `value`. */
  readonly argument?: string
  /** What it takes besides, in order, each from a column of its own. */
  readonly more?: readonly { readonly name: string; readonly type: DataType }[]
  /** Whether it reads the values at all. */
  readonly ignoresValues?: boolean
}

const numbers = (type: DataType): DataType | undefined =>
  type === 'BOOLEAN' || type === 'INT64' || type === 'FLOAT64' ? type : undefined

const ordered = (type: DataType): DataType | undefined =>
  type === 'INT64' || type === 'FLOAT64' || type === 'TIME64NS' ? type : undefined

const SPECS: readonly AggregateSpec[] = [
  {
    name: 'count',
    description: 'The number of rows.',
    unit: none,
    returns: () => 'INT64',
    create: () => new Count(),
    ignoresValues: true,
  },
  {
    name: 'sum',
    description: 'The sum; of booleans, how many are true.',
    unit: summed,
    returns: (type) => (numbers(type) === 'FLOAT64' ? 'FLOAT64' : numbers(type) && 'INT64'),
    create: (type) => (type === 'FLOAT64' ? new FloatSum() : new IntSum()),
  },
  {
    name: 'mean',
    description: 'The arithmetic mean.',
    unit: averaged,
    returns: (type) => numbers(type) && 'FLOAT64',
    create: () => new Mean(),
  },
  {
    name: 'min',
    description: 'The least value.',
    unit: averaged,
    returns: ordered,
    create: (type) => new Extreme(type, -1),
  },
  {
    name: 'max',
    description: 'The largest value.',
    unit: averaged,
    returns: ordered,
    create: (type) => new Extreme(type, 1),
  },
  {
    name: 'newest',
    description: 'The value of the newest row: the last reading of a gauge.',
    unit: averaged,
    returns: (type) => numbers(type) && 'FLOAT64',
    more: parseArgs('time_:TIME64NS'),
    create: () => new Newest(),
  },
  {
    name: 'any',
    description: 'Any one of the values: the first.',
    unit: kept,
    returns: (type) => type,
    create: (type) => new First(type),
  },
  {
    name: 'quantiles',
    description: 'The distribution as JSON: p01, p10, p25, p50, p75, p90, p99, within 0.5 %.',
    unit: quantiles,
    returns: (type) => (type === 'INT64' || type === 'FLOAT64' ? 'STRING' : undefined),
    create: () => new Quantiles(),
  },
  {
    name: 'sample',
    description:
      'Ten of the values, or all of fewer, as a JSON array; each has the same chance to be among them.',
    unit: none,
    returns: () => 'STRING',
    create: () => new Sample(),
  },
  {
    name: '_build_request_path_clusters',
    description: 'The templates of request paths, such as /users/*, as a JSON array.',
    unit: none,
    returns: (type) => (type === 'STRING' ? type : undefined),
    argument: 'req_path',
    create: () => new PathClusters(),
  },
  {
    name: 'pprof',
    description: 'Stack traces with their counts as a pprof profile (protobuf) in base64.',
    unit: none,
    returns: (type) => (type === 'STRING' ? type : undefined),
    argument: 'stack_trace',
    more: parseArgs('count:INT64 profiler_period_ms:INT64'),
    create: () => new Pprof(),
  },
]

export const AGGREGATES: ReadonlyMap<string, AggregateSpec> = new Map(SPECS.map((spec) => [spec.name, spec]))
