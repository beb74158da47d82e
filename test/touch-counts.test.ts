/**
 * What adding one thing costs: how many files name it. A unit that more files name than `src/README.md` says ("How to add") fails,
 * with their names. Tests, texts for people and the library's scripts are not counted.
 */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Glob } from 'bun'
import { ROUTES } from '../src/api/routes'
import { SETTINGS } from '../src/config'
import { COUNTER_NAMES } from '../src/health/counters'
import { listFunctions } from '../src/query/functions/registry'
import { SOURCES } from '../src/sources'
import { TABLES } from '../src/sources/tables'

const root = resolve(import.meta.dir, '..')

const files = new Map(
  ['src/**/*.ts', 'ui/*.{ts,tsx}', 'ui/{client,pages,widgets}/**/*.{ts,tsx,pxl}', 'bpf/*.{c,h,ts}']
    .flatMap((pattern) => [...new Glob(pattern).scanSync(root)])
    .filter((path) => !path.startsWith('src/scripts/library/'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)

const naming = (pattern: RegExp) => [...files].flatMap(([path, text]) => (pattern.test(text) ? [path] : []))
/** Files that import something of a folder, those in it left out. */
const importing = (folder: string, from: RegExp) => naming(from).filter((path) => !path.startsWith(folder))

/** Those of more files than `most`, unless they have a reason in `more`. */
function beyond(
  units: Readonly<Record<string, readonly string[]>>,
  most: number,
  more: Record<string, number> = {},
) {
  expect(Object.keys(units).length).toBeGreaterThan(2)
  return Object.fromEntries(
    Object.entries(units).filter(([unit, found]) => found.length > (more[unit] ?? most)),
  )
}

const each = <T>(units: Iterable<T>, name: (unit: T) => string, find: (unit: T) => readonly string[]) =>
  Object.fromEntries([...units].map((unit) => [name(unit), find(unit)]))

const folders = (within: string) => [
  ...new Set([...files.keys()].flatMap((path) => path.match(`^${within}/([^/]+)/`)?.[1] ?? [])),
]

test('a protocol: its folder, the list of those that are parsed, and that of those that Pixie names', () => {
  const protocols = folders('src/protocols').filter((name) => name !== 'lib')
  const found = each(protocols, String, (name) =>
    importing(`src/protocols/${name}/`, new RegExp(`from '(\\.|\\.\\./protocols)/${name}[/']`)),
  )
  // Streams tell TLS from others: what it hides is theirs to say.
  expect(beyond(found, 2)).toEqual({})
})

test('a source of rows: its folder and the list', () => {
  const found = each(folders('src/sources'), String, (name) =>
    importing(`src/sources/${name}/`, new RegExp(`from '([.]|[./]+/sources)/${name}[/']`)).filter(
      (path) => path.startsWith('src/sources/') || files.get(path)!.includes(`/sources/${name}`),
    ),
  )
  expect(Object.keys(found)).toHaveLength(SOURCES.length)
  // Those with a ring are recorded and played by three files of `recording/`.
  expect(beyond(found, 1, { identities: 4, sockets: 4 })).toEqual({})
})

test('a probe: its C and the file that loads it, beside its header', () => {
  const objects = [...files.keys()].flatMap((path) => path.match(/^bpf\/(\w+)\.bpf\.c$/)?.[1] ?? [])
  const found = each(objects, String, (name) => [
    ...new Set([...naming(new RegExp(`\\b${name}\\.bpf`)), ...naming(new RegExp(`include "${name}\\.h"`))]),
  ])
  expect(beyond(found, 2)).toEqual({})
})

test('a table: its declaration, its source, and what fills it', () => {
  const declared = new Map<string, string>()
  for (const text of files.values())
    for (const [, constant, name] of text.matchAll(/const (\w+) = defineTable\(\s*'([\w.]+)'/g))
      declared.set(name!, constant!)
  // A table whose declaration isn't found would be counted by its name alone.
  expect([...declared.keys()].sort()).toEqual(TABLES.map(({ name }) => name).sort())
  const found = each(
    TABLES,
    ({ name }) => name,
    ({ name }) => {
      // Its constant counts where it is imported: a counter or a member of an event may have the same name.
      const constant = `(?:import \\{[^}]*|export const )\\b${declared.get(name)}`
      return naming(new RegExp(`(?:${constant}|(?<![\\w$])${name})(?![\\w$])`))
    },
  )
  // The pages of the UI are made of these two; the words of their columns are functions of PxL. What is shed is added to their
  // rates, two places fill it, and its count has the same name on its way out of the kernel.
  expect(beyond(found, 4, { http_events: 10, conn_stats: 11, shed_exchanges: 8 })).toEqual({})
})

test('a function of PxL: its entry in a list', () => {
  const names = new Set(listFunctions().map(({ name }) => name))
  const found = each(names, String, (name) =>
    naming(new RegExp(`\\bname: '${name}'`)).filter((path) => path.startsWith('src/query/functions/')),
  )
  expect(beyond(found, 1)).toEqual({})
})

test('a route: its declaration and the list', () => {
  const found = each(
    ROUTES,
    ({ id }) => id,
    ({ id }) => naming(new RegExp(`\\bid: '${id}'`)),
  )
  expect(beyond(found, 1)).toEqual({})
})

test('a setting: its declaration, beside where it is used', () => {
  const found = each(
    Object.values(SETTINGS),
    ({ flag }) => flag,
    ({ env }) => naming(new RegExp(`\\b${env}\\b`)),
  )
  // `nixie deploy` gives each node the name of its cluster.
  expect(beyond(found, 1, { 'cluster-name': 2 })).toEqual({})
})

test('a counter: its declaration, beside where it counts', () => {
  const shown = each(COUNTER_NAMES, String, (name) =>
    naming(new RegExp(`counters\\.${name}\\b`)).filter((path) => /^(ui|src\/(api|cli))\//.test(path)),
  )
  // Requests are counted in the API; metrics tell the share of time that draining takes; the overview shows two as rates;
  // the status and the health page say in a sentence how many answers wait for proof.
  expect(beyond(shown, 0, { requests: 1, drainNs: 1, events: 1, connections: 1, unsureAnswers: 2 })).toEqual(
    {},
  )
})
