/** Types as annotations (`name: px.Pod`) and as casts (`px.Pod(df.name)`). */
import { NixieError } from '../../errors'
import type { DataType, SemanticType } from '../../records/types'
import { parseTime } from '../values/time'
import { type Constant, constant, type TypeValue, type Value } from '../values/values'
import { asExpr, callEngine, retag } from './expressions'

const typeValue = (
  name: string,
  type: DataType | undefined,
  semantic: SemanticType = 'ST_NONE',
): TypeValue => ({
  kind: 'type',
  name,
  type,
  semantic,
})

const holder = (name: string, holds: TypeValue['holds']): TypeValue => ({
  ...typeValue(name, undefined),
  ...(holds && { holds }),
})

export const DATAFRAME = holder('px.DataFrame', ['frame'])

/** Python's own type names. */
export const PYTHON_TYPES: readonly TypeValue[] = [
  holder('list', ['list', 'tuple']),
  holder('tuple', ['list', 'tuple']),
  holder('dict', ['dict']),
  typeValue('str', 'STRING'),
  typeValue('int', 'INT64'),
  typeValue('float', 'FLOAT64'),
  typeValue('bool', 'BOOLEAN'),
]

/** Types of `px`: annotations, and casts that change the unit. */
export const PX_TYPES: readonly TypeValue[] = [
  typeValue('px.Time', 'TIME64NS'),
  typeValue('px.Service', 'STRING', 'ST_SERVICE_NAME'),
  typeValue('px.Pod', 'STRING', 'ST_POD_NAME'),
  typeValue('px.Node', 'STRING', 'ST_NODE_NAME'),
  typeValue('px.Namespace', 'STRING', 'ST_NAMESPACE_NAME'),
  typeValue('px.Container', 'STRING', 'ST_CONTAINER_NAME'),
  typeValue('px.UPID', 'UINT128', 'ST_UPID'),
  typeValue('px.Bytes', 'INT64', 'ST_BYTES'),
  typeValue('px.DurationNanos', 'INT64', 'ST_DURATION_NS'),
  typeValue('px.Percent', 'FLOAT64', 'ST_PERCENT'),
]

const NUMERIC: readonly DataType[] = ['INT64', 'FLOAT64']

/** `px.DurationNanos(column)`: the same values in another unit. Throws `type_error`. */
export function cast(to: TypeValue, value: Value, nowNs: bigint): Value {
  if (to.name === 'px.Time') return toTime(value, nowNs)
  const given = value.kind === 'constant' ? value.type : asExpr(value, `What ${to.name} casts`).type
  const fits =
    given === to.type || (NUMERIC.includes(given) && to.type !== undefined && NUMERIC.includes(to.type))
  if (!fits) {
    throw new NixieError(
      'type_error',
      `${to.name} takes ${NUMERIC.includes(to.type!) ? 'a number' : to.type}, not ${given}`,
      'Casts change the unit, not the type.',
    )
  }
  if (value.kind === 'constant') return constant(value.type, value.value, to.semantic)
  return { kind: 'column', expr: retag(asExpr(value, to.name), to.semantic) }
}

function toTime(value: Value, nowNs: bigint): Value {
  if (value.kind === 'constant') return constant('TIME64NS', constantTime(value, nowNs))
  const expr = asExpr(value, 'What px.Time casts')
  return { kind: 'column', expr: expr.type === 'TIME64NS' ? expr : callEngine('int64_to_time', [expr]) }
}

function constantTime({ value, type }: Constant, nowNs: bigint): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string') return parseTime(value, nowNs)
  throw new NixieError(
    'type_error',
    `px.Time takes a text or nanoseconds, not ${type}`,
    "Write px.Time('-5m').",
  )
}
