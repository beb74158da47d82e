/** Columns that share their texts share them in every step: a script may show one long text in a thousand columns. */
import { describe, expect, test } from 'bun:test'
import { toCells } from '../../src/query/cells'
import { execute } from '../../src/query/engine'
import type { Expr, Node } from '../../src/query/plan'
import { memoryOf } from '../../src/query/vectors'
import type { Batch } from '../../src/records/batch'
import {
  call,
  column,
  contextOf,
  filter,
  joined,
  literal,
  MemorySource,
  NOW,
  project,
  scan,
  tableOf,
  typed,
  union,
} from './support/tables'

const COLUMNS = [typed('time_', 'TIME64NS'), typed('path', 'STRING'), typed('n', 'INT64')]
const WIDTH = 100
const TEXT = 'x'.repeat(1000)
const rows = Array.from({ length: 400 }, (_, i) => ({
  time_: NOW + BigInt(i),
  path: `${i}${TEXT}`,
  n: BigInt(i),
}))
const table = tableOf(COLUMNS, rows, 100)
const http = scan('http', COLUMNS)
/** All texts of one column, in UTF-8 and as texts, are 0.8 MB. Once more for each column they would be 80 MB. */
const MOST_BYTES = 8_000_000

const wide = (input: Node, value: (i: number) => Expr): Node =>
  project(input, {
    time_: column(input, 'time_'),
    n: column(input, 'n'),
    ...Object.fromEntries(Array.from({ length: WIDTH }, (_, i) => [`c${i}`, value(i)])),
  })
const same = wide(http, () => call('toupper', column(http, 'path')))
const own = wide(http, (i) => literal('STRING', `own ${i}`))

function run(
  node: Node,
  limits: { rows?: number; memoryBytes?: number } = {},
  emit?: (batch: Batch) => void,
) {
  const { tables } = execute(
    { outputs: [{ name: 'o', node }] },
    contextOf(new MemorySource({ http: table }), {
      limits: { rows: 1_000_000, memoryBytes: 64 << 20, deadlineMs: 60_000, ...limits },
      ...(emit && { emit: (_, batch) => emit(batch) }),
    }),
  )
  return tables[0]!.batch
}

const CASES: Readonly<Record<string, Node>> = {
  'a result of several batches': same,
  'rows in the order of time, beside others that share only some': union([same, own]),
  'the held side of a join': joined(scan('http', COLUMNS), same, 'left', ['n']),
  'some of the rows': filter(same, call('lessThan', column(same, 'n'), literal('INT64', 150n))),
}

describe('texts of a hundred columns take the memory of one', () => {
  for (const [name, node] of Object.entries(CASES))
    test(name, () => {
      const batch = run(node)
      expect(memoryOf(batch)).toBeLessThan(MOST_BYTES)
      const places = node.columns.flatMap(({ name }, i) => (/c\d+$/.test(name) ? [i] : []))
      expect(places.length).toBe(WIDTH)
      const cells = toCells(batch)
      const shown = new Set(
        places.map((place) => JSON.stringify(cells[place]!.filter((c) => !String(c).startsWith('own')))),
      )
      expect(shown.size).toBe(1)
      expect([...shown][0]).toContain(`"149${TEXT.toUpperCase()}"`)
    })

  test('the rows that a limit leaves', () => {
    const batches: Batch[] = []
    run(same, { rows: 10 }, (batch) => batches.push(batch))
    expect(batches.map((batch) => batch.rows)).toEqual([10])
    expect(memoryOf(batches[0]!)).toBeLessThan(60_000)
  })

  test('one text for all rows', () => {
    const repeated = wide(http, () => call('toupper', literal('STRING', TEXT.repeat(10))))
    expect(memoryOf(run(repeated))).toBeLessThan(MOST_BYTES)
  })
})

test('long texts that stand for all rows are accounted for, before they are columns', () => {
  const texts = wide(http, (i) => call('toupper', literal('STRING', `${i}${TEXT.repeat(100)}`)))
  let emitted = 0
  expect(() => void run(texts, { memoryBytes: 4 << 20 }, () => emitted++)).toThrow(
    'more than 4 MiB of memory',
  )
  expect(emitted).toBe(0)
})
