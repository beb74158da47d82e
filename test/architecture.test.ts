/** The rules of the house, checked: imports go along the flow, files stay small, every folder is on the map. */
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dir, '..')
const src = join(root, 'src')

/** What all may import: they know nothing. */
const FOR_ALL = ['direct', 'errors', 'json', 'keys', 'suggest']

/** Folder → what it may import from, besides itself and what all may. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  direct: [],
  errors: [],
  json: [],
  keys: [],
  suggest: [],
  // redaction: whether texts can be searched for a name.
  config: ['redaction'],
  health: [],
  // Whose connection it is: the kernel's tables and the machine's accounts, nothing of Nixie's.
  access: ['config'],
  records: [],
  redaction: ['records'],
  events: ['records'],
  // health: what became of a probe. Sockets and rows are its sources' business.
  kernel: ['health'],
  protocols: ['records', 'redaction'],
  streams: ['events', 'protocols', 'records', 'health'],
  // events: what the kernel tells of processes.
  metadata: ['events', 'records', 'redaction', 'store'],
  store: ['records', 'config', 'health'],
  kubernetes: ['records'],
  // store: what main has learnt of the cluster comes as its entities.
  sources: ['kernel', 'events', 'streams', 'protocols', 'records', 'metadata', 'store', 'health', 'config'],
  capture: [
    'sources',
    'kernel',
    'protocols',
    'records',
    'redaction',
    'metadata',
    'store',
    'health',
    'config',
  ],
  // The way of capture, with a file in the kernel's place. query: rows as cells.
  recording: [
    'capture',
    'sources',
    'kernel',
    'events',
    'streams',
    'protocols',
    'metadata',
    'records',
    'store',
    'query',
    'health',
    'config',
  ],
  // protocols: what their numbers mean.
  query: ['protocols', 'records', 'store', 'metadata'],
  // protocols: whose rows are exchanges.
  pxl: ['query', 'protocols', 'records', 'store', 'metadata'],
  scripts: [],
  runner: ['scripts', 'pxl', 'query', 'records', 'store', 'metadata', 'health', 'config'],
  // runner: whether a script has an argument `node` itself.
  peers: ['runner', 'records', 'config'],
  // Of root's rights, before anything is opened.
  privileges: ['kernel', 'config', 'errors'],
  // Of what main's own threads report.
  'node-status': ['api', 'capture', 'metadata', 'store', 'health', 'config'],
  api: ['access', 'peers', 'runner', 'records', 'health', 'config'],
  // scripts: those of the user's own folder. kubernetes: the way to a cluster.
  cli: [
    'access',
    'kubernetes',
    'api',
    'runner',
    'scripts',
    'kernel',
    'sources',
    'records',
    'store',
    'health',
    'config',
    'capture',
    'recording',
  ],
}

function files(dir: string, wanted: RegExp): string[] {
  return readdirSync(dir).flatMap((name) => {
    if (name === 'node_modules' || name === 'target') return []
    const path = join(dir, name)
    if (statSync(path).isDirectory()) return files(path, wanted)
    return wanted.test(name) ? [path] : []
  })
}

const sources = files(src, /\.tsx?$/)
const folderOf = (path: string) =>
  relative(src, path)
    .split('/')[0]!
    .replace(/\.tsx?$/, '')

describe('imports go along the flow', () => {
  for (const path of sources) {
    const from = folderOf(path)
    if (from === 'main' || from === 'serve') continue
    test(relative(root, path), () => {
      const allowed = MAY_IMPORT[from]
      if (!allowed)
        throw new Error(`src/${from} is not in the dependency rule: add it to MAY_IMPORT with its reason`)
      const text = readFileSync(path, 'utf8')
      for (const match of text.matchAll(/(?:from|import)\s+'(\.[^']+)'/g)) {
        const target = resolve(dirname(path), match[1]!)
        if (!target.startsWith(`${src}/`)) continue
        const to = folderOf(target)
        if (to === from || FOR_ALL.includes(to) || allowed.includes(to)) continue
        throw new Error(
          `${relative(root, path)} imports src/${to}: src/${from} may only know ${allowed.join(', ') || 'itself'}`,
        )
      }
    })
  }
})

test('no protocol imports another', () => {
  for (const path of sources.filter((p) => folderOf(p) === 'protocols')) {
    const own = relative(join(src, 'protocols'), path).split('/')[0]!
    if (own.endsWith('.ts')) continue
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const imported = relative(join(src, 'protocols'), resolve(dirname(path), specifier!)).split('/')[0]!
      expect(['lib', 'protocol', '..', own], `${relative(root, path)} imports ${imported}`).toContain(
        imported,
      )
    }
  }
})

/** Folders with rooms: each room knows those before it. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  pxl: ['language', 'values', 'frames', 'modules', 'evaluate', 'compile.ts', 'editor'],
  'query/functions': ['base', 'values', 'messages', 'network', 'metadata', 'aggregates', 'registry.ts'],
}

for (const [name, rooms] of Object.entries(ROOMS)) {
  test(`a room of ${name} imports only those before it`, () => {
    const folder = join(src, name)
    const roomOf = (path: string) => rooms.indexOf(relative(folder, path).split('/')[0]!)
    const own = sources.filter((path) => path.startsWith(`${folder}/`))
    expect(own.filter((path) => roomOf(path) < 0).map((path) => relative(root, path))).toEqual([])
    for (const path of own) {
      for (const [, specifier] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
        const target = importedFile(path, specifier!)
        if (!target?.startsWith(`${folder}/`)) continue
        expect(roomOf(target), `${relative(root, path)} imports ${specifier}`).toBeLessThanOrEqual(
          roomOf(path),
        )
      }
    }
  })
}

/** The file of an import, or undefined for a text or an asset. */
function importedFile(from: string, specifier: string): string | undefined {
  const path = resolve(dirname(from), specifier)
  const candidates = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`, `${path}/index.tsx`]
  return candidates.find((file) => /\.tsx?$/.test(file) && existsSync(file))
}

test('no file imports itself by way of others, not even for its types', () => {
  const imports = new Map<string, readonly string[]>()
  const circles: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      circles.push([...way.slice(way.indexOf(path)), path].map((file) => relative(root, file)).join(' → '))
      return
    }
    if (imports.has(path)) return
    const found = [...readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    const targets = found.flatMap(([, specifier]) => importedFile(path, specifier!) ?? [])
    for (const target of targets) visit(target, [...way, path])
    imports.set(path, targets)
  }
  const folders = ['ui', 'bpf', 'deploy', 'test'].map((name) => join(root, name))
  for (const path of [...sources, ...folders.flatMap((folder) => files(folder, /\.tsx?$/))]) visit(path, [])
  expect(circles).toEqual([])
})

test('files stay under 500 lines', () => {
  const long = [
    ...sources,
    ...files(join(root, 'ui'), /\.tsx?$/),
    ...files(join(root, 'bpf'), /\.(c|h|rs|ts)$/),
  ]
    .map((path) => ({ path: relative(root, path), lines: readFileSync(path, 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 500)
  expect(long).toEqual([])
})

test('every folder of src is on the map in src/README.md', () => {
  const map = readFileSync(join(src, 'README.md'), 'utf8')
  const missing = readdirSync(src).filter(
    (name) => statSync(join(src, name)).isDirectory() && !map.includes(`${name}/`),
  )
  expect(missing).toEqual([])
})
