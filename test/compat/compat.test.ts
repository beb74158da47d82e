/** Bundles as others write them, read from their folder: they compile as they are, with the columns of Pixie's, and run. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Bundle } from '../../src/scripts/bundle'
import { readScripts } from '../../src/scripts/folder'
import { contextOf, run, schema } from '../runner/support'
import { INTERFACES, readInterfaces } from '../scripts/interfaces'

const folder = readScripts(join(import.meta.dir, 'bundles'))
const wanted = new Map([...INTERFACES, ...readInterfaces(join(import.meta.dir, 'interfaces.txt'))])

/** A value for variables that have none by themselves. */
const REQUIRED: Readonly<Record<string, string>> = {
  PX_NAMESPACE: 'default',
  PX_POD: 'default/web',
  PX_SERVICE: 'default/web',
  PX_NODE: 'node-1',
  PX_STRING: 'something',
}

const requestOf = ({ name, text, view }: Bundle) => ({
  name,
  text,
  ...(view && { view: view.text }),
  args: Object.fromEntries(
    (view?.variables ?? []).flatMap((v) =>
      v.defaultValue === undefined ? [[v.name, REQUIRED[v.type]!]] : [],
    ),
  ),
})

test('every folder is read', () => {
  expect(folder.errors).toEqual([])
  expect(folder.bundles.size).toBeGreaterThanOrEqual(45)
})

describe.each([...folder.bundles.values()])('$name', (bundle) => {
  test('has the columns of its tables', () => {
    const { tables } = schema(requestOf(bundle), contextOf([]))
    const columns = tables
      .filter(({ name }) => !name.startsWith('_'))
      .map(({ name, columns }) => [
        name,
        columns.map((c) => [c.name, c.type, c.semantic.slice(3)].filter((part) => part !== 'NONE').join(' ')),
      ])
    const expected = [...wanted.get(bundle.name)!.tables].filter(([name]) => !name.startsWith('_'))
    expect(Object.fromEntries(columns)).toEqual(Object.fromEntries(expected))
  })

  test('runs over no rows', () => {
    const { tables, warnings } = run(requestOf(bundle), contextOf([]))
    expect(tables.length).toBeGreaterThan(0)
    const traces = bundle.text.includes('UpsertTracepoint')
    expect(warnings.some(({ message }) => message.includes('tracing is not enabled'))).toBe(traces)
  })
})

test('what does not compile says where: columns chosen before one of them is assigned', () => {
  const bundle = folder.bundles.get('pxbeta/pii_cluster_egress')!
  const assigned = "    df.protocol = 'Redis'\n"
  const text = bundle.text.replace(assigned, '').replace('    return df\n', `${assigned}    return df\n`)
  const line = text.split('\n').findIndex((l) => l.includes('df = df[shared_columns]')) + 1
  const error = { code: 'unknown_column', message: "There is no column 'protocol'", line, column: 13 }
  expect(() => run({ ...requestOf(bundle), text }, contextOf([]))).toThrow(
    expect.objectContaining({ shape: expect.objectContaining(error) }),
  )
})
