/** Who a protocol is, whether or not Nixie parses it yet. It stands in the protocol's folder and nowhere else. */
import type { Table } from '../../records/table'
import type { SemanticType } from '../../records/types'

export interface ProtocolIdentity {
  /** What people call it. */
  readonly label: string
  /** Its number in `conn_stats.protocol`. */
  readonly code: number
  readonly tables: readonly Table[]
  /** Functions of scripts that name the protocol's numbers. */
  readonly names?: readonly NameFunction[]
}

export interface NameFunction {
  readonly name: string
  readonly description: string
  readonly args: readonly string[]
  /** What the name is; ST_NONE by default. */
  readonly semantic?: SemanticType
  nameOf(...codes: number[]): string
}

/** What a number is called that has no name. */
export const invalid = (code: number | string): string => `Invalid (${code})`

/** The name of a number, from names that stand in their order with spaces between; `otherwise` where there is none. */
export function inOrder(names: string, otherwise: (code: number) => string = invalid) {
  const list = names.split(' ')
  return (code: number): string => list[code] || otherwise(code)
}

/** Names by number, from `number name number name …`. */
export const numbered = (text: string): Readonly<Record<number, string>> =>
  Object.fromEntries([...text.matchAll(/(-?\d+) (\S+)/g)].map(([, number, name]) => [number, name]))
