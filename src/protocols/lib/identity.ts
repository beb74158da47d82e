/** Name and numbers of a protocol. They stand in the protocol's folder and nowhere else. */
import type { Table } from '../../records/table'
import type { SemanticType } from '../../records/types'

export interface ProtocolIdentity {
  /** Its usual name. */
  readonly label: string
  /** Its number in `conn_stats.protocol`; 0 for a header before another protocol, which has none. */
  readonly code: number
  readonly tables: readonly Table[]
  /** Functions of scripts that name the protocol's numbers. */
  readonly names?: readonly NameFunction[]
}

export interface NameFunction {
  readonly name: string
  readonly description: string
  readonly args: readonly string[]
  /** The semantic type of the name; ST_NONE by default. */
  readonly semantic?: SemanticType
  nameOf(...codes: number[]): string
}

/** The text for a number without a name. */
export const invalid = (code: number | string): string => `Invalid (${code})`

/** Gives the name of a number, from names in the order of their numbers with spaces between; `otherwise` where there is none. */
export function inOrder(names: string, otherwise: (code: number) => string = invalid) {
  const list = names.split(' ')
  return (code: number): string => list[code] || otherwise(code)
}

/** Names by number, from `number name number name …`. */
export const numbered = (text: string): Readonly<Record<number, string>> =>
  Object.fromEntries([...text.matchAll(/(-?\d+) (\S+)/g)].map(([, number, name]) => [number, name]))
