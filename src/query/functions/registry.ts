/** Every function by name: which overload an application takes, and the lists that scripts can ask for. */
import type { DataType } from '../../records/types'
import { AGGREGATES } from './aggregates/aggregates'
import { PATHS } from './aggregates/paths'
import type { FunctionSpec, Overload, ScalarValue, TypedArg } from './base/function'
import { CLICKHOUSE_HTTP } from './messages/clickhouse-http'
import { ELASTICSEARCH } from './messages/elasticsearch'
import { GRAPHQL } from './messages/graphql'
import { GRPC } from './messages/grpc'
import { HTTP_OPERATION } from './messages/http-operation'
import { JSON_RPC } from './messages/json-rpc'
import { LLM } from './messages/llm'
import { NAME_TABLES } from './messages/name-tables'
import { PII } from './messages/pii'
import { SQL } from './messages/sql'
import { ADDRESS_OWNERS } from './metadata/address-owners'
import { KUBERNETES_FUNCTIONS } from './metadata/kubernetes'
import { METADATA_FUNCTIONS } from './metadata/metadata'
import { NETWORK } from './network/network'
import { ARITHMETIC } from './values/arithmetic'
import { COMPARISON } from './values/comparison'
import { JSON_FUNCTIONS } from './values/json'
import { MATH } from './values/math'
import { REGEX } from './values/regex'
import { TEXT } from './values/text'

const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map(
  [
    ...ARITHMETIC,
    ...MATH,
    ...COMPARISON,
    ...TEXT,
    ...REGEX,
    ...JSON_FUNCTIONS,
    ...NETWORK,
    ...NAME_TABLES,
    ...PATHS,
    ...PII,
    ...SQL,
    ...JSON_RPC,
    ...GRAPHQL,
    ...LLM,
    ...HTTP_OPERATION,
    ...ELASTICSEARCH,
    ...CLICKHOUSE_HTTP,
    ...GRPC,
    ...KUBERNETES_FUNCTIONS,
    ...ADDRESS_OWNERS,
    ...METADATA_FUNCTIONS,
  ].map((spec) => [spec.name, spec]),
)

/** What an implicit conversion costs; the overload with the least sum wins, the first of equals. */
const PROMOTION: Partial<Record<DataType, Partial<Record<DataType, number>>>> = {
  INT64: { FLOAT64: 1 },
  TIME64NS: { INT64: 2, FLOAT64: 3 },
  BOOLEAN: { INT64: 4, FLOAT64: 5 },
}

function cost(overload: Overload, args: readonly TypedArg[]): number {
  if (overload.args.length !== args.length) return Infinity
  let sum = 0
  for (let i = 0; i < args.length; i++) {
    const from = args[i]!.type
    const to = overload.args[i]!.type
    if (from !== to) sum += PROMOTION[from]?.[to] ?? Infinity
  }
  return sum
}

/** The overload that these arguments take, after implicit conversion; undefined when none fits or the name is unknown. */
export function findOverload(name: string, args: readonly TypedArg[]): Overload | undefined {
  let best: Overload | undefined
  let least = Infinity
  for (const candidate of FUNCTIONS.get(name)?.overloads ?? []) {
    const sum = cost(candidate, args)
    if (sum < least) {
      least = sum
      best = candidate
    }
  }
  return best
}

/** Type and unit of `name(...args)`; undefined when there is no such function or no overload takes the arguments. */
export function resolveFunction(name: string, args: readonly TypedArg[]): TypedArg | undefined {
  const chosen = findOverload(name, args)
  if (!chosen) return undefined
  const semantic = FUNCTIONS.get(name)!.unit(args.map((arg) => arg.semantic))
  return { type: chosen.returns, semantic }
}

/** Throws a NixieError when these constants (undefined: not constant) can't be arguments of the function. */
export function checkConstants(name: string, constants: readonly (ScalarValue | undefined)[]): void {
  FUNCTIONS.get(name)?.check?.(constants)
}

/** Type and unit of an aggregate over columns, of most over one; undefined as for `resolveFunction`. */
export function resolveAggregate(name: string, arg: TypedArg, ...more: TypedArg[]): TypedArg | undefined {
  const spec = AGGREGATES.get(name)
  const returns = spec?.returns(arg.type)
  if (!spec || !returns || more.length !== (spec.more?.length ?? 0)) return undefined
  if (spec.more?.some(({ type }, i) => more[i]!.type !== type)) return undefined
  return { type: returns, semantic: spec.unit([arg.semantic]) }
}

export const isFunction = (name: string): boolean => FUNCTIONS.has(name)
export const isAggregate = (name: string): boolean => AGGREGATES.has(name)

export interface FunctionInfo {
  readonly name: string
  readonly kind: 'function' | 'aggregate'
  readonly description: string
  readonly args: readonly { readonly name: string; readonly type: DataType }[]
  readonly returns: DataType
}

const TYPES: readonly DataType[] = ['BOOLEAN', 'INT64', 'FLOAT64', 'STRING', 'TIME64NS', 'UINT128']

/** One entry per overload, by name: for `GetUDFList`, completion and the docs. */
export function listFunctions(): readonly FunctionInfo[] {
  const functions = [...FUNCTIONS.values()].flatMap(({ name, description, overloads }) =>
    overloads.map(({ args, returns }) => ({ name, kind: 'function' as const, description, args, returns })),
  )
  const aggregates = [...AGGREGATES.values()].flatMap(({ name, description, argument, more, returns }) =>
    TYPES.flatMap((type) => {
      const result = returns(type)
      const args = [{ name: argument ?? 'value', type }, ...(more ?? [])]
      return result ? [{ name, kind: 'aggregate' as const, description, args, returns: result }] : []
    }),
  )
  return [...functions, ...aggregates].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
