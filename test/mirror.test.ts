/** test/ mirrors src/, ui/ and deploy/: who changes a folder finds its tests under the same path. What does not is listed here. */
import { describe, expect, test } from 'bun:test'
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Glob } from 'bun'

const root = resolve(import.meta.dir, '..')

/** Folder of test/ with tests, none of whose code lies in a folder of that name → why. */
const FOLDERS: Readonly<Record<string, string>> = {
  cluster: 'whole clusters, with Nixie in them',
  compat: 'scripts of other sources, as Pixie runs them',
  e2e: 'the built executable, from the wire to the answer',
  'protocols/conformance': 'one suite that every protocol runs, and its own tests',
  'protocols/fuzz': 'mutated conversations against every parser',
  vm: 'kernels of other releases, in virtual machines',
}

/** Test in test/ itself that is no file of src/ → what it is about. */
const AT_THE_TOP: Readonly<Record<string, string>> = {
  architecture: 'the whole of the sources',
  casts: 'the whole of the sources',
  failures: 'test/support/failures.ts',
  junit: 'test/support/junit.ts',
  mirror: 'the whole of the tests',
  sleeps: 'the whole of the tests',
  'touch-counts': 'the whole of the sources',
}

/** Test with the name of a source file that lies elsewhere → what it is about. */
const NAMESAKES: Readonly<Record<string, string>> = {
  'test/cli/cluster/delete.test.ts':
    'what install.ts and purge.ts delete, beside the tests of what they make',
}

/** Folder of the sources without tests of its own → where it is tested. */
const UNTESTED: Readonly<Record<string, string>> = {
  'src/pxl/evaluate': 'whole scripts: test/pxl/language.test.ts and its texts',
  'src/pxl/frames': 'whole scripts: test/pxl/language.test.ts and its texts',
  'src/query/functions/values': 'test/query/functions, by what users call',
  'src/query/operators': 'whole plans: test/query/engine.test.ts, random-plans.test.ts',
  'src/runner/formats': 'test/runner/stream.test.ts, test/e2e/results.test.ts',
  'ui/client': 'in Chromium: test/ui/browser.test.ts',
  'ui/client/charts': 'in Chromium: test/ui/browser.test.ts, cluster.browser.test.ts',
  'ui/client/editor': 'in Chromium: test/ui/editor.browser.test.ts',
  'ui/client/flame': 'in Chromium: test/ui/graph.browser.test.ts',
  'ui/client/graph': 'in Chromium: test/ui/graph.browser.test.ts',
  'ui/client/lib': 'in Chromium, with all that uses it',
}

/** A protocol that has a name and a table and no parser yet: test/protocols/known.test.ts, test/sources/tables.test.ts. */
const NAMED_ONLY = ['identity', 'table']

const found = (pattern: string): string[] =>
  [...new Glob(pattern).scanSync({ cwd: root })].filter((path) => !path.includes('node_modules')).sort()

const tests = found('test/**/*.test.ts')
const sources = ['src/**/*.{ts,tsx}', 'ui/**/*.{ts,tsx}', 'deploy/**/*.ts'].flatMap(found)

/** `test/api/errors.test.ts` → `src/api`; a page's test stands for `ui/`. */
const placesOf = (path: string): string[] => {
  const folder = relative('test', dirname(path))
  return folder === '' ? ['src'] : [join('src', folder), folder]
}
const nameOf = (path: string) => basename(path).replace(/(\.browser)?\.test\.ts$|\.tsx?$/, '')
const isFolder = (path: string) => existsSync(join(root, path)) && statSync(join(root, path)).isDirectory()

const exempt = (path: string) =>
  Object.keys(FOLDERS).some((folder) => path.startsWith(join('test', folder, '/')))

describe('each folder of tests', () => {
  const folders = [...new Set(tests.map((path) => relative('test', dirname(path))))].filter(Boolean)
  test('is a folder of the sources, or is listed', () => {
    const strange = folders.filter((folder) => ![join('src', folder), folder].some(isFolder))
    expect(strange.sort()).toEqual(Object.keys(FOLDERS).sort())
  })
})

test('a test at the top is about a file of src, or is listed', () => {
  const top = tests.filter((path) => dirname(path) === 'test').map(nameOf)
  expect(top.filter((name) => !existsSync(join(root, `src/${name}.ts`)))).toEqual(
    Object.keys(AT_THE_TOP).sort(),
  )
})

test('a test with the name of a source file lies where that file lies', () => {
  const astray = tests.filter((path) => {
    if (exempt(path) || dirname(path) === 'test') return false
    const parts = placesOf(path).map(
      (place) =>
        `${place
          .split('/')
          .slice(0, place.startsWith('src/') ? 2 : 1)
          .join('/')}/`,
    )
    const namesakes = sources.filter(
      (source) => nameOf(source) === nameOf(path) && parts.some((part) => source.startsWith(part)),
    )
    const isHere = placesOf(path).some(
      (place) => namesakes.some((source) => dirname(source) === place) || isFolder(join(place, nameOf(path))),
    )
    // A browser's test is about what the page draws with, wherever that is in ui/client.
    return namesakes.length > 0 && !isHere && !path.includes('.browser.')
  })
  expect(astray).toEqual(Object.keys(NAMESAKES))
})

test('each folder of the sources has tests, at any depth, or says where they are', () => {
  const folders = [...new Set(sources.map((path) => dirname(path)))]
  const isTested = (folder: string) => {
    const place = join('test', folder.replace(/^src(\/|$)/, ''))
    return tests.some((path) => path.startsWith(`${place}/`) || path === `${place}.test.ts`)
  }
  const isNamedOnly = (folder: string) =>
    sources.every((path) => dirname(path) !== folder || NAMED_ONLY.includes(nameOf(path)))
  const without = folders.filter((folder) => !isTested(folder) && !isNamedOnly(folder))
  expect(without.sort()).toEqual(Object.keys(UNTESTED).sort())
})
