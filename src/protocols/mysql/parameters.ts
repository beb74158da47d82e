/** Parameters of executions, and attributes of queries, which have the same form. */
import { bodyText } from '../lib/body-text'
import { type ParameterType, valueText } from './binary-values'
import type { Fields } from './fields'
import type { LongData } from './long-data'

/** More of them than a statement can have (MySQL's own limit). */
const MAX_PARAMETERS = 65_535

export interface Parameters {
  readonly values: readonly string[]
  /** Undefined where they were left out. */
  readonly types: readonly ParameterType[] | undefined
  readonly names: readonly string[]
}

interface Expected {
  /** How many there are; undefined: that stands in front. */
  readonly count: number | undefined
  /** Each has a name. */
  readonly isNamed: boolean
  /** Those of the execution before. */
  readonly types: readonly ParameterType[] | undefined
  readonly longData: LongData | undefined
  /** Nothing of the packet is missing, and nothing follows the values. */
  readonly isWhole: boolean
}

/** Undefined where the bytes are of no such form. Behind what was cut off there are fewer values. */
export function parametersIn(fields: Fields, expected: Expected): Parameters | undefined {
  const count = expected.count ?? fields.length()
  if (count < 0 || count > MAX_PARAMETERS) return undefined
  if (count === 0) return { values: [], types: undefined, names: [] }
  const nulls = fields.take((count + 7) >> 3)
  const isBound = fields.number(1)
  if (fields.isShort || isBound > 1) return undefined
  const names: string[] = []
  const types = isBound === 1 ? typesIn(fields, count, expected.isNamed, names) : expected.types
  if (!types || types.length < count) return undefined
  const values = valuesIn(fields, count, nulls, types, expected.longData)
  const isExact = values !== undefined && values.length === count && fields.left === 0 && !fields.isShort
  if (!values || (expected.isWhole && !isExact)) return undefined
  return { values, types: isBound === 1 ? types : undefined, names }
}

function typesIn(fields: Fields, count: number, isNamed: boolean, names: string[]): readonly ParameterType[] {
  const types: ParameterType[] = []
  for (let i = 0; i < count && !fields.isShort; i++) {
    types.push({ type: fields.number(1), isUnsigned: (fields.number(1) & 0x80) !== 0 })
    if (isNamed) names.push(fields.text())
  }
  return fields.isShort ? [] : types
}

/** Undefined where one is of an unknown type. */
function valuesIn(
  fields: Fields,
  count: number,
  nulls: Uint8Array,
  types: readonly ParameterType[],
  longData: LongData | undefined,
): string[] | undefined {
  const values: string[] = []
  for (let i = 0; i < count && !fields.isShort; i++) {
    const long = longData?.get(i)
    if (long) values.push(bodyText(long.kept.bytes, long.size))
    else if ((nulls[i >> 3]! & (1 << (i & 7))) !== 0) values.push('NULL')
    else {
      const value = valueText(fields, types[i]!)
      if (value !== undefined) values.push(value)
      else if (!fields.isShort) return undefined
    }
  }
  return values
}
