/** What the functions of PxL's modules are made of. */
import type { Node, TypedColumn } from '../query/plan'
import type { Arguments } from './arguments'
import type { TableSchema } from './frames'
import type { Module, UserFunction, Value } from './values'

/** What a compilation is given, and where it leaves what it finds. */
export interface Host {
  readonly tables: ReadonlyMap<string, TableSchema>
  /** Epoch nanoseconds. */
  readonly nowNs: bigint
  display(name: string, node: Node): void
  warn(message: string, position: { line: number; column: number }): void
  /** The script asks for more than tables: a tracepoint, a setting. */
  act(): void
}

/** What the functions of modules may ask and do. */
export interface World {
  readonly tables: ReadonlyMap<string, TableSchema>
  /** Epoch nanoseconds. */
  readonly nowNs: bigint
  /** Tables that the script's tracepoints would fill, by name. */
  readonly traced: Map<string, readonly TypedColumn[]>
  display(name: string, node: Node): void
  /** Something that the script asks for and doesn't get, though it runs. `at` is the place in the text that runs. */
  warn(message: string, at: number): void
  /** The script asks for more than tables: a tracepoint, a setting. */
  act(): void
  /** What a function of the script returns without arguments. */
  call(fn: UserFunction, at: number): Value
}

export interface Builtin {
  readonly params: readonly string[]
  /** Other names of parameters. */
  readonly aliases?: Readonly<Record<string, string>>
  readonly description: string
  run(args: Arguments, world: World): Value
}

export type Builtins = Readonly<Record<string, Builtin>>

/** A module whose functions are these, and what else it has. */
export function moduleOf(
  name: string,
  builtins: Builtins,
  more: Readonly<Record<string, Value>> = {},
): Module {
  const members = new Map<string, Value>()
  for (const [member, builtin] of Object.entries(builtins)) {
    members.set(member, { kind: 'builtin', name: `${name}.${member}`, builtin })
  }
  for (const [member, value] of Object.entries(more)) members.set(member, value)
  return { kind: 'module', name, members }
}
