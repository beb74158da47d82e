/**
 * What adding one thing costs: how many files name it in their code. A unit that more files name than `src/README.md` says
 * ("How to add") fails, with their names. Comments, tests, texts for people and the library's scripts are not counted.
 */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Glob } from 'bun'
import { ROUTES } from '../src/api/routes'
import { SETTINGS } from '../src/config'
import { COUNTER_NAMES } from '../src/health/counters'
import { PROTOCOLS } from '../src/protocols'
import { listFunctions } from '../src/query/functions/registry'
import { SOURCES } from '../src/sources'
import { TABLES } from '../src/sources/tables'

const root = resolve(import.meta.dir, '..')

/** Comments of TypeScript, C and Rust; a path such as DIR/*.pxl begins none. */
const COMMENTS = /(?<![\w'"])\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm
const PXL_COMMENTS = /^\s*#.*$/gm

const PATTERNS = [
  'src/**/*.ts',
  'ui/*.{ts,tsx}',
  'ui/{client,pages,widgets}/**/*.{ts,tsx,pxl}',
  'bpf/*.{c,h,ts}',
  'bpf/lib/*.h',
  'bpf/loader/src/*.rs',
  'deploy/*.ts',
]

/** The code of each file, without comments. */
const files = new Map(
  PATTERNS.flatMap((pattern) => [...new Glob(pattern).scanSync(root)])
    .filter((path) => !path.startsWith('src/scripts/library/'))
    .map((path) => [
      path,
      readFileSync(join(root, path), 'utf8').replaceAll(path.endsWith('.pxl') ? PXL_COMMENTS : COMMENTS, ''),
    ]),
)

type Found = Readonly<Record<string, readonly string[]>>

const naming = (pattern: RegExp) => [...files].flatMap(([path, text]) => (pattern.test(text) ? [path] : []))

const each = <T>(
  units: Iterable<T>,
  name: (unit: T) => string,
  find: (unit: T) => readonly string[],
): Found => Object.fromEntries([...units].map((unit) => [name(unit), find(unit)]))

/** Those that more files name than `most`, or than their own number in `more`: it has its reason beside it, and must be needed. */
function beyond(found: Found, most: number, more: Readonly<Record<string, number>> = {}): Found {
  expect(Object.keys(found).length).toBeGreaterThan(2)
  // Each is named somewhere: a pattern that finds nothing counts nothing.
  expect(Object.keys(found).filter((unit) => found[unit]!.length === 0)).toEqual([])
  expect(Object.keys(more).filter((unit) => (found[unit]?.length ?? 0) <= most)).toEqual([])
  return Object.fromEntries(
    Object.entries(found).filter(([unit, { length }]) => length > (more[unit] ?? most)),
  )
}

const folders = (within: string) => [
  ...new Set([...files.keys()].flatMap((path) => path.match(`^${within}/([^/]+)/`)?.[1] ?? [])),
]

/** Files that import something of a folder of `src`, those in it left out. */
const importing = (folder: string): readonly string[] =>
  [...files].flatMap(([path, text]) => {
    if (path.startsWith(`${folder}/`)) return []
    const imported = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, specifier]) =>
      resolve(root, path, '..', specifier!),
    )
    const own = join(root, folder)
    return imported.some((target) => target === own || target.startsWith(`${own}/`)) ? [path] : []
  })

test('a protocol: its folder and the list', () => {
  const names = folders('src/protocols').filter((name) => name !== 'lib')
  const found = each(names, String, (name) => importing(`src/protocols/${name}`))
  // Secrets in a recording are found without a connection, by the grammar of these two.
  expect(beyond(found, 1, { http: 2, 'proxy-protocol': 2 })).toEqual({})
  // Its name and its functions stand in its folder alone.
  const words = PROTOCOLS.flatMap(({ label, names = [] }) => [label, ...names.map(({ name }) => name)])
  const named = each(words, String, (word) =>
    naming(new RegExp(`'${word}'`)).filter((path) => path.startsWith('src/')),
  )
  expect(beyond(named, 1)).toEqual({})
})

test('a source of rows: its folder and the list', () => {
  const found = each(folders('src/sources'), String, (name) => importing(`src/sources/${name}`))
  expect(Object.keys(found)).toHaveLength(SOURCES.length)
  // Those with a ring are recorded and played by three files of `recording/`.
  expect(beyond(found, 1, { identities: 4, sockets: 4 })).toEqual({})
})

test('a probe: its C, and the file that loads it', () => {
  const objects = [...files.keys()].flatMap((path) => path.match(/^bpf\/(\w+)\.bpf\.c$/)?.[1] ?? [])
  const found = each(objects, String, (name) => [
    `bpf/${name}.bpf.c`,
    ...naming(new RegExp(`\\b${name}\\.(x64|arm64)\\.bpf\\.o\\b`)),
  ])
  expect(beyond(found, 2)).toEqual({})
})

test('the events of a probe: their header is included once', () => {
  const headers = [...files.keys()].flatMap((path) => path.match(/^bpf\/(\w+)\.h$/)?.[1] ?? [])
  const included = each(headers, String, (name) => naming(new RegExp(`include "(\\.\\./)?${name}\\.h"`)))
  // Three objects capture sockets, by headers that they share.
  expect(beyond(included, 1, { socket: 4 })).toEqual({})
})

test('a table: its declaration, its source, and what fills it', () => {
  const declared = new Map<string, string>()
  for (const text of files.values())
    for (const [, constant, name] of text.matchAll(/const (\w+)(?:: [^=]+)? = defineTable\(\s*'([\w.]+)'/g))
      declared.set(name!, constant!)
  // A table whose declaration isn't found would be counted by its name alone.
  expect([...declared.keys()].sort()).toEqual(TABLES.map(({ name }) => name).sort())
  const found = each(
    TABLES,
    ({ name }) => name,
    ({ name }) => {
      // Its constant counts where it is imported: a counter or a member of an event may have the same name.
      const constant = `(?:import (?:type )?\\{[^}]*|export const )\\b${declared.get(name)}`
      return naming(new RegExp(`(?:${constant}|(?<![\\w$])${name.replace('.', '\\.')})(?![\\w$])`))
    },
  )
  const more = {
    // Its source has its name.
    process_stats: 4,
    // The pages of the UI are made of these two; the command that replays prints one of them first.
    // Of the map of all protocols it is the one with a view of its own for an edge, and without health checks.
    http_events: 11,
    conn_stats: 7,
    // What is shed is added to their rates, two places fill it, and its count has the same name on its way out of the kernel.
    shed_exchanges: 9,
  }
  expect(beyond(found, 3, more)).toEqual({})
})

/** Words of the language that are calls: its operators, its casts, and those of `df.ctx`. */
const WORDS = /^src\/pxl\/frames\/(operators|casts|context)\.ts$/

test('a function of PxL: its entry in a list', () => {
  const names = new Set(listFunctions().map(({ name }) => name))
  const found = each(names, String, (name) =>
    naming(new RegExp(`'${name}'`)).filter(
      (path) => /^src\/(query|pxl|protocols\/\w+\/identity)/.test(path) && !WORDS.test(path),
    ),
  )
  // The others are made of parts: a kind of object, a key and what is told of it.
  const named = Object.fromEntries(Object.entries(found).filter(([, files]) => files.length > 0))
  expect(Object.keys(named).length).toBeGreaterThan(100)
  const more = {
    // Called for a part of the language: a link to a script, a slice of time, an index, a column of its own.
    _script_reference: 2,
    bin: 2,
    itoa: 2,
    asid: 3,
    upid: 3,
    // Also words of something else: a sample of a profile, a kind of metric, a parameter of `px.DataFrame`.
    count: 3,
    sum: 2,
    select: 3,
    // Found by the optimiser.
    contains: 2,
    logicalAnd: 2,
    logicalNot: 2,
    pluck_float64: 2,
    quantiles: 2,
  }
  expect(beyond(named, 1, more)).toEqual({})
})

test('a route: its declaration and the list', () => {
  const found = each(
    ROUTES,
    ({ id }) => id,
    ({ id, path }) => {
      const constant = [...files.values()].flatMap(
        (text) => new RegExp(`const (\\w+)[^=\\n]*= (?:\\w+\\()?\\{\\s*id: '${id}'`).exec(text)?.[1] ?? [],
      )
      const place = path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')
      return naming(new RegExp(`\\b(${constant[0] ?? id})\\b|'${id}'|['"\`]${place}['"\`]`)).filter((file) =>
        file.startsWith('src/api/'),
      )
    },
  )
  // Errors are JSON there, too.
  expect(beyond(found, 2, { readMetrics: 3 })).toEqual({})
})

test('a setting: its declaration, beside where it is used', () => {
  const found = each(
    Object.entries(SETTINGS),
    ([name]) => name,
    ([name, { env, flag }]) => [
      // Other commands have options of the same name.
      ...naming(new RegExp(`\\b${env}\\b|'${flag}'`)).filter(
        (path) => !path.startsWith('src/cli/') && (path === 'src/config.ts' || flag.includes('-')),
      ),
      // Whoever takes it out of all settings, or makes settings with another value.
      ...naming(new RegExp(`Pick<Config,[^>]*'${name}'|\\bconfig: \\{[^}]*\\b${name}:`)),
    ],
  )
  expect(beyond(found, 2)).toEqual({})
})

test('a counter: its declaration, beside where it counts', () => {
  const shown = each(COUNTER_NAMES, String, (name) => [
    'src/health/counters.ts',
    ...naming(new RegExp(`counters\\??\\.${name}\\b`)).filter((path) => /^(ui|src\/(api|cli))\//.test(path)),
  ])
  // Requests are counted in the API; the overview shows two as rates;
  // the status and the health page say in a sentence how many answers wait for proof.
  expect(beyond(shown, 1, { requests: 2, events: 2, connections: 2, unsureAnswers: 3 })).toEqual({})
})
