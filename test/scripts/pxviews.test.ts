/** The module pxviews: its columns, and what its rows say. */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contextOf, run, withScript } from '../runner/support'

const BLOCK = /^(\w+)\((.*)\)\n {2}(.*)$/gm
const VIEWS = [...readFileSync(join(import.meta.dir, 'pxviews.txt'), 'utf8').matchAll(BLOCK)]

const ARGUMENTS: Readonly<Record<string, string>> = {
  start_time: "'-5m'",
  end_time: 'px.now()',
  window_ns: 'px.DurationNanos(px.seconds(10))',
}

/** A script that shows what a view returns. */
function scriptOf(view: string, params: readonly string[]) {
  const args = params.map((param) => `${param}=${ARGUMENTS[param]}`).join(', ')
  return `import px\nimport pxviews\npx.display(pxviews.${view}(${args}))\n`
}

const columnsOf = (text: string) =>
  run(
    { script: 'test/view', schemaOnly: true },
    withScript(contextOf([]), 'test/view', { 'data.pxl': text }),
  ).tables[0]!.columns.map((c) =>
    [c.name, c.type, c.semantic.slice(3)].filter((part) => part !== 'NONE').join(' '),
  )

test('there are twelve', () => {
  expect(VIEWS).toHaveLength(12)
})

test.each(VIEWS.map(([, view, params, columns]) => [view!, params!, columns!] as const))(
  '%s has its columns',
  (view, params, columns) => {
    expect(columnsOf(scriptOf(view, params.split(', ')))).toEqual(columns.split('; '))
  },
)
