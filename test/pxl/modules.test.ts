/** Modules that are PxL themselves: where their errors and warnings stand. */
import { expect, test } from 'bun:test'
import { NixieError } from '../../src/errors'
import { compile } from '../../src/pxl/compile'
import type { TableSchema } from '../../src/pxl/values/table-schema'
import { stackTraces } from '../../src/records/stack-traces'
import { NOW } from './support/stored-tables'

const column = { pattern: 'GENERAL', description: '' } as const
const processStats: TableSchema = {
  name: 'process_stats',
  recorded: false,
  columns: [
    { ...column, name: 'time_', type: 'TIME64NS', semantic: 'ST_NONE' },
    { ...column, name: 'upid', type: 'UINT128', semantic: 'ST_UPID' },
  ],
}

const compiled = (text: string) => compile(text, { tables: [processStats, stackTraces], nowNs: NOW })

test('an error in the text of a module names its place there and stands where the script calls it', () => {
  const script = "import pxviews\nx = 1\ndf = pxviews.processes('-5q', '-1m')\n"
  try {
    compiled(script)
    throw new Error('it compiled')
  } catch (cause) {
    const { code, message, line, column } = (cause as NixieError).shape
    expect(cause).toBeInstanceOf(NixieError)
    expect(code).toBe('bad_time_range')
    expect(message).toMatch(/^pxviews \d+:\d+: start_time: '-5q' is not a time$/)
    expect([line, column]).toEqual([3, 6])
  }
})

test('a warning from the text of a module stands where the script calls it, each call once', () => {
  const call = "pxviews.processes('-5m', '-1m')"
  const { warnings } = compiled(`import pxviews\na = ${call}\ndef f():\n    return ${call}\nb = [f(), f()]\n`)
  const message = 'process_stats: nothing records it yet, it is empty'
  expect(warnings).toEqual([
    { message, line: 2, column: 5 },
    { message, line: 4, column: 12 },
  ])
})

test("what a script assigns to px is its own: a module's text has another px", () => {
  const { displays } = compiled(
    "import px\nimport pxviews\npx.Node = str\npx.display(pxviews.stacktraces('-5m', '-1m'))\n",
  )
  const node = displays[0]!.node.columns.find((column) => column.name === 'node')
  expect(node?.semantic).toBe('ST_NODE_NAME')
})
