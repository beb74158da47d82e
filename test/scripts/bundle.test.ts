/** Bundles from files and folders: layouts, names, and errors that say which file and where. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { NixieError } from '../../src/errors'
import { readBundle } from '../../src/scripts/bundle'
import { readScript, readScripts } from '../../src/scripts/folder'
import { jsonErrorAt, yamlErrorAt } from '../../src/scripts/positions'

const shapeOf = (act: () => unknown) => {
  try {
    act()
  } catch (cause) {
    if (cause instanceof NixieError) return cause.shape
  }
  throw new Error('no NixieError was thrown')
}

test('of several scripts the one named like the folder is read, else data.pxl', () => {
  const read = (...files: string[]) => readBundle('a/b', Object.fromEntries(files.map((f) => [f, f]))).text
  expect(read('a.pxl')).toBe('a.pxl')
  expect(read('a.pxl', 'data.pxl', 'b.pxl')).toBe('b.pxl')
  expect(read('a.pxl', 'data.pxl')).toBe('data.pxl')
})

describe('files that are refused', () => {
  const vis = (value: unknown) => ({ 'a.pxl': '', 'vis.json': JSON.stringify(value) })
  const file = 'vis.json'
  test.each([
    [{}, { message: 'a/b: the folder needs one .pxl file, it has none' }],
    [
      { 'a.pxl': '', 'c.pxl': '' },
      { message: 'a/b: the folder needs one .pxl file, it has a.pxl, c.pxl', hint: 'Name the script b.pxl.' },
    ],
    [
      { 'a.pxl': '', 'vis.json': '{"a": 1,\n  "b" 2}' },
      { file, line: 2, column: 7 },
    ],
    [
      { 'a.pxl': '', 'viz.json': '[1' },
      { file: 'viz.json', line: 1, column: 3 },
    ],
    [
      { 'a.pxl': '', 'manifest.yaml': 'short: a\nlong: [1,\nx: y' },
      { file: 'manifest.yaml', line: 2 },
    ],
    [vis([]), { file, message: 'vis.json: The view is not an object' }],
    [vis({ variables: {} }), { file, message: 'vis.json: variables is not a list' }],
    [vis({ variables: [{ name: 'x' }] }), { file, message: 'vis.json: variables[0].type is missing' }],
    [vis({ globalFuncs: [{ outputName: 'x' }] }), { message: 'vis.json: globalFuncs[0].func is missing' }],
    [
      vis({ widgets: [{ func: { name: 'f', args: [{}] } }] }),
      { message: 'vis.json: widgets[0].func.args[0].name is missing' },
    ],
  ] as [Record<string, string>, object][])('%j', (files, expected) => {
    expect(shapeOf(() => readBundle('a/b', files))).toMatchObject({ code: 'bad_request', ...expected })
  })
})

test('a byte order mark, numbers and switches as defaults are taken', () => {
  const view = { variables: [{ name: 'n', type: 'PX_INT64', defaultValue: 5 }], widgets: [] }
  const bundle = readBundle('a/b', { 'x.pxl': 'import px', 'vis.json': `\ufeff${JSON.stringify(view)}` })
  expect(bundle.view!.variables[0]!.defaultValue).toBe('5')
})

describe('where a text stops being JSON', () => {
  test.each([
    ['{"a": [1, 2, {"b": null}], "c": "x\\n\\u00e9", "d": -1.5e3}', undefined],
    [' \n', [2, 1]],
    ['{"a": 1,}', [1, 9]],
    ['[1 2]', [1, 4]],
    ['[1,]', [1, 4]],
    ['{"a"\n: tru}', [2, 3]],
    ['"a\nb"', [1, 1]],
    ['[01]', [1, 2]],
    ['{} {}', [1, 4]],
    ['[}', [1, 2]],
    ['{"a": {"b": 1}', [1, 15]],
  ] as [string, [number, number] | undefined][])('%j', (text, at) => {
    expect(jsonErrorAt(text)).toEqual(at && { line: at[0], column: at[1] })
  })

  test('agrees with JSON.parse on every beginning and on every text with one character less', () => {
    const text = '{"a": [1, -2.5e1, "x\\"y", {}], "b": {"c": [], "d": true}}'
    const texts = Array.from(text, (_, i) => [text.slice(0, i), text.slice(0, i) + text.slice(i + 1)]).flat()
    for (const broken of texts) {
      let fits = true
      try {
        JSON.parse(broken)
      } catch {
        fits = false
      }
      expect([broken, jsonErrorAt(broken) === undefined]).toEqual([broken, fits])
    }
  })

  test('YAML: the line from which on nothing helps', () => {
    expect(yamlErrorAt('a: 1\nb: 2\nc: [1,\nd: 3\n')).toEqual({ line: 3, column: 1 })
  })
})

describe('a folder', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-bundles-'))
  beforeAll(() => {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), text)
    }
    write('px/one/data.pxl', 'import px')
    write('px/one/manifest.yaml', 'short: One\n')
    write('px/one/README.md', '# no part of it')
    write('px/two/two.pxl', 'import px')
    write('px/two/vis.json', '{"widgets": [}')
    write('own/three/three.pxl', 'import px')
    write('own/empty/notes.txt', '')
    write('.git/px/x.pxl', 'import px')
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  test('is listed, with what is wrong in it', () => {
    const { bundles, errors } = readScripts(dir)
    expect([...bundles.keys()]).toEqual(['own/three', 'px/one'])
    expect(bundles.get('px/one')).toMatchObject({ short: 'One', file: 'data.pxl' })
    expect(errors.map((error) => error.shape)).toMatchObject([
      { file: 'vis.json', line: 1, column: 14, message: expect.stringContaining(join(dir, 'px/two')) },
    ])
  })

  test('may be the folder of a namespace, or of one script', () => {
    expect([...readScripts(join(dir, 'own')).bundles.keys()]).toEqual(['own/three'])
    expect([...readScripts(join(dir, 'px/one')).bundles.keys()]).toEqual(['px/one'])
  })

  test('a script is found from all three', () => {
    for (const [from, name] of [
      [dir, 'px/one'],
      [join(dir, 'px'), 'px/one'],
      [join(dir, 'px'), 'one'],
      [join(dir, 'px/one'), 'px/one'],
    ] as const) {
      expect(readScript(from, name)).toMatchObject({ bundle: { name, text: 'import px' } })
    }
  })

  test('what is not there', () => {
    expect(shapeOf(() => readScript(dir, 'px/oen'))).toMatchObject({
      code: 'unknown_script',
      hint: "Did you mean 'px/one'?",
    })
    expect(shapeOf(() => readScript(dir, 'one')).hint).toBe("Did you mean 'px/one'?")
    expect(shapeOf(() => readScript(join(dir, 'own'), 'px/one')).code).toBe('unknown_script')
    expect(shapeOf(() => readScript(join(dir, 'none'), 'px/one')).message).toContain('no directory')
    expect(shapeOf(() => readScripts(join(dir, 'none'))).message).toContain('no directory')
    expect(shapeOf(() => readScript(dir, 'px/two'))).toMatchObject({ line: 1, column: 14, file: 'vis.json' })
  })
})
