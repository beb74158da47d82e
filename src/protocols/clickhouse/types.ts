/** Types of columns by their names (https://clickhouse.com/docs/sql-reference/data-types): how their values lie in a block. */
import { Memo } from '../lib/memo'

export type Type =
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'nullable' | 'array' | 'dictionary'; readonly of: Type }
  | { readonly kind: 'tuple'; readonly of: readonly Type[] }

const MAX_DEPTH = 16
const MAX_NAME = 4096
const KNOWN = 256

const WIDTHS: ReadonlyMap<string, number> = new Map(
  `Nothing 1 Bool 1 Int8 1 UInt8 1 Enum8 1 Int16 2 UInt16 2 Enum16 2 Date 2 BFloat16 2 Int32 4 UInt32 4 Float32 4 DateTime 4 Date32 4 IPv4 4
  Decimal32 4 Time 4 Int64 8 UInt64 8 Float64 8 DateTime64 8 Decimal64 8 Time64 8 UUID 16 IPv6 16 Int128 16 UInt128 16 Decimal128 16 Point 16
  Int256 32 UInt256 32 Decimal256 32`
    .split(/\s+(?=[A-Z])/)
    .map((pair) => pair.split(' '))
    .map(([name, width]) => [name!, Number(width)] as const),
)

const types = new Memo<Type | null>((name) => typeIn(name, 0), KNOWN, MAX_NAME)

/** Null where it isn't known how such values lie. */
export const typeOf = (name: string): Type | null => types.get(name)

function typeIn(name: string, depth: number): Type | null {
  if (depth > MAX_DEPTH || name.length > MAX_NAME) return null
  const head = /^[A-Za-z0-9]+/.exec(name)?.[0] ?? ''
  if (head.length < name.length && name[head.length] !== '(') return null
  const width = WIDTHS.get(head) ?? (head.startsWith('Interval') ? 8 : undefined)
  if (width) return { kind: 'fixed', width }
  if (name === 'String') return { kind: 'string' }
  const args = argumentsIn(name.slice(head.length + 1, -1))
  return withArguments(head, args, (each) => typeIn(each, depth + 1))
}

function withArguments(
  head: string,
  args: readonly string[],
  typeOfArgument: (name: string) => Type | null,
): Type | null {
  const all = (names: readonly string[]): Type | null => {
    const of = names.map((each) => typeOfArgument(each.replace(/^[^\s(]+ (?=[A-Z])/, '')))
    return of.every((type) => type !== null) ? { kind: 'tuple', of } : null
  }
  const wrapped = (kind: 'nullable' | 'array' | 'dictionary', of: Type | null): Type | null =>
    of && { kind, of }
  switch (head) {
    case 'FixedString':
      return { kind: 'fixed', width: Number(args[0]) || 0 }
    case 'Decimal':
      return { kind: 'fixed', width: decimalWidth(Number(args[0])) }
    case 'Nullable':
      return wrapped('nullable', typeOfArgument(args[0] ?? ''))
    case 'Array':
      return wrapped('array', typeOfArgument(args[0] ?? ''))
    case 'LowCardinality':
      return wrapped('dictionary', typeOfArgument((args[0] ?? '').replace(/^Nullable\((.*)\)$/, '$1')))
    case 'SimpleAggregateFunction':
      return typeOfArgument(args.at(-1) ?? '')
    case 'Tuple':
      return all(args)
    case 'Map':
    case 'Nested':
      return wrapped('array', all(args))
    default:
      return null
  }
}

const decimalWidth = (digits: number): number => (digits <= 9 ? 4 : digits <= 18 ? 8 : digits <= 38 ? 16 : 32)

/** Between the commas that are in no parentheses and no quotes. */
function argumentsIn(list: string): string[] {
  const found: string[] = []
  let from = 0
  let depth = 0
  let isQuoted = false
  for (let i = 0; i < list.length; i++) {
    const sign = list[i]
    if (sign === '\\') i++
    else if (sign === "'") isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (sign === '(') depth++
    else if (sign === ')') depth--
    else if (sign === ',' && depth === 0) {
      found.push(list.slice(from, i).trim())
      from = i + 1
    }
  }
  return [...found, list.slice(from).trim()]
}
