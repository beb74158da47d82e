/** Values against the types that a function's parameters are annotated with. */
import { NixieError } from '../../errors'
import type { DataType } from '../../records/types'
import { DATAFRAME } from '../frames/casts'
import { parseTime } from '../values/time'
import { constant, describe, type TypeValue, type Value } from '../values/values'

/** The type that an annotation's value names; undefined when it names none. */
export function annotatedType(value: Value): TypeValue | undefined {
  if (value.kind === 'type') return value
  if (value.kind === 'builtin' && value.name === 'px.DataFrame') {
    return DATAFRAME
  }
  return undefined
}

/** Units of numbers, as px.Bytes, take either kind of number. */
function fits({ type }: { readonly type: DataType }, wanted: TypeValue): boolean {
  if (type === wanted.type) return true
  return wanted.semantic !== 'ST_NONE' && isNumber(type) && isNumber(wanted.type)
}

const isNumber = (type: DataType | undefined): boolean => type === 'INT64' || type === 'FLOAT64'

/** The value as an argument of this type; a literal that fits gets the type's unit. Throws `type_error`. */
export function conform(value: Value, type: TypeValue, what: string, nowNs: bigint): Value {
  if (value.kind === 'none') return value
  if (type.holds?.includes(value.kind)) return value
  if (value.kind === 'column' && fits(value.expr, type)) return value
  if (value.kind === 'constant') {
    if (fits(value, type)) return type.semantic === 'ST_NONE' ? value : { ...value, semantic: type.semantic }
    if (value.type === 'INT64' && type.type === 'FLOAT64') {
      return constant('FLOAT64', Number(value.value), type.semantic)
    }
    if (value.type === 'INT64' && type.type === 'TIME64NS') return constant('TIME64NS', value.value)
    if (typeof value.value === 'string' && type.type === 'TIME64NS') {
      return constant('TIME64NS', parseTime(value.value, nowNs))
    }
  }
  throw new NixieError(
    'type_error',
    `${what} must be ${type.name}, not ${describe(value)}`,
    `Give it a value of type ${type.name}.`,
  )
}
