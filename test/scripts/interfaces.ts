/** Files of interfaces (interfaces.txt), read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Interface {
  /** `name TYPE "default"` */
  readonly variables: readonly string[]
  /** `function(parameter, parameter=variable)` */
  readonly calls: readonly string[]
  /** Result table → its columns (`name TYPE UNIT`), or how many there are. */
  readonly tables: ReadonlyMap<string, readonly string[] | number>
}

export function readInterfaces(path: string): ReadonlyMap<string, Interface> {
  const text = readFileSync(path, 'utf8')
  const [, ...blocks] = text.trimEnd().split(/\n(?=\w+\/)/)
  return new Map(
    blocks.map((block) => {
      const [name, ...lines] = block.split('\n') as [string, ...string[]]
      const of = (kind: string) =>
        lines.flatMap((line) => (line.startsWith(`  ${kind} `) ? [line.slice(kind.length + 3)] : []))
      const tables = of('table').map((line) => {
        const [, table, columns] = /^(.*?): (.*)$/.exec(line)!
        const count = /^(\d+) columns$/.exec(columns!)
        return [table!, count ? Number(count[1]) : columns!.split('; ')] as const
      })
      return [name, { variables: of('var'), calls: of('call'), tables: new Map(tables) }]
    }),
  )
}

/** By script: those that Pixie has and our own, and what ours have beside Pixie's. */
export const INTERFACES: ReadonlyMap<string, Interface> = new Map([
  ...readInterfaces(join(import.meta.dir, 'interfaces.txt')),
  ...readInterfaces(join(import.meta.dir, 'own.txt')),
])
export const ADDITIONS = readInterfaces(join(import.meta.dir, 'additions.txt'))
