/** Runs over tables in memory: arguments, views, errors, limits. */
import { describe, expect, spyOn, test } from 'bun:test'
import { NixieError } from '../../src/errors'
import { checkText } from '../../src/runner/editor'
import { infoOf } from '../../src/runner/results'
import { explainScript, schemaOf, summaries } from '../../src/runner/run-script'
import type { RunRequest } from '../../src/runner/runner'
import { EMPTY } from '../../src/sources/tables'
import { contextOf, readTable, request, rowsOf, run, withScript } from './support'

const ROWS = [5, 4, 3, 2, 1].map((second) =>
  request(second, { req_path: `/${second}`, resp_status: 200 + second }),
)
const context = contextOf(ROWS)

function shapeOf(act: () => unknown) {
  try {
    act()
  } catch (cause) {
    if (cause instanceof NixieError) return cause.shape
    throw cause
  }
  throw new Error('nothing was thrown')
}

const failure = (wanted: RunRequest, within = context) => shapeOf(() => run(wanted, within))

const PXL = `import px
def table(n: int, least: float, sure: bool, path: str):
    df = px.DataFrame('http_events', select=['req_path', 'resp_status'])
    df = df[df.resp_status > least and px.contains(df.req_path, path) or not sure]
    return df.head(n)
def untyped(n):
    return px.DataFrame('http_events', select=['req_path']).head(n)
def several():
    return [untyped(1), untyped(2)]
px.debug(untyped(1), 'seen')
`

const func = (name: string, args: Record<string, string> = {}) => ({
  name,
  args: Object.entries(args).map(([arg, variable]) => ({ name: arg, variable })),
})

const VIS = {
  variables: [
    { name: 'n', type: 'PX_INT64', defaultValue: '2', description: 'Rows.' },
    { name: 'least', type: 'PX_FLOAT64', defaultValue: '202.5' },
    { name: 'sure', type: 'PX_BOOLEAN', defaultValue: 'true' },
    { name: 'path', type: 'PX_STRING', description: 'Part of the path.' },
    { name: 'mode', type: 'PX_STRING', defaultValue: 'a', validValues: ['a', 'b'] },
  ],
  globalFuncs: [
    { outputName: 'shared', func: func('table', { n: 'n', least: 'least', sure: 'sure', path: 'path' }) },
  ],
  widgets: [
    {
      name: 'One',
      position: { x: 0, y: 0, w: 6, h: 3 },
      globalFuncOutputName: 'shared',
      displaySpec: { a: 1 },
    },
    { name: 'Two', position: { x: 6, y: 0, w: 6, h: 3 }, func: func('untyped', { n: 'n' }), displaySpec: {} },
    {
      name: 'Three',
      position: { x: 0, y: 3, w: 6, h: 3 },
      func: func('untyped', { n: 'n' }),
      displaySpec: {},
    },
    { name: 'Lists', func: func('several'), displaySpec: {} },
  ],
}

const own = withScript(context, 'own/view', {
  'any.pxl': PXL,
  'manifest.yaml': 'short: Own\nlong: >\n  A script\n  of ours.\n',
  'vis.json': JSON.stringify(VIS),
})

describe('a view', () => {
  const result = run({ script: 'own/view', args: { path: '/' } }, own)

  test('calls a function with the same arguments once, each result under its name', () => {
    expect(result.tables.map((t) => t.name)).toEqual(['shared', 'Two', 'Lists', 'Lists[1]', '_seen'])
  })

  test('arguments are read as the annotations, else as the variables say', () => {
    expect(rowsOf(result).map((row) => row.resp_status)).toEqual([203, 204])
    expect(rowsOf(result, 1)).toEqual([{ req_path: '/1' }, { req_path: '/2' }])
  })

  test('every variable is there with its value', () => {
    expect(result.args).toEqual({ n: '2', least: '202.5', sure: 'true', path: '/', mode: 'a' })
  })

  test('widgets name the tables that they show', () => {
    const info = infoOf(own.scripts.get('own/view')!)
    expect(info).toMatchObject({ short: 'Own', long: 'A script of ours.' })
    expect(info.widgets.map((w) => [w.name, w.table])).toEqual([
      ['One', 'shared'],
      ['Two', 'Two'],
      ['Three', 'Two'],
      ['Lists', 'Lists'],
    ])
    expect(info.widgets[0]!.displaySpec).toEqual({ a: 1 })
  })
})

describe('a view that does not fit its script', () => {
  const withView = (change: object) => {
    const files = { 'any.pxl': PXL, 'vis.json': JSON.stringify({ ...VIS, ...change }) }
    return failure({ script: 'own/odd', args: { path: '' } }, withScript(context, 'own/odd', files))
  }
  const widget = (source: object) => ({ widgets: [{ name: 'W', ...source }] })
  test.each([
    [widget({ func: func('tabel') }), "vis.json: widgets[0].func.name names the function 'tabel'", "'table'"],
    [
      { globalFuncs: [{ outputName: 'x', func: func('untyped', { m: 'n' }) }], widgets: [] },
      "globalFuncs[0].func.args[0].name names an argument of untyped: 'm'",
      "'n'",
    ],
    [
      widget({ func: func('untyped', { n: 'm' }) }),
      "widgets[0].func.args[0].variable names the variable 'm'",
      "'n'",
    ],
    [
      widget({ globalFuncOutputName: 'sharde' }),
      "widgets[0].globalFuncOutputName names the result 'sharde'",
      "'shared'",
    ],
  ] as [object, string, string][])('%j', (change, message, hint) => {
    const shape = withView(change)
    expect(shape).toMatchObject({ code: 'bad_request', file: 'vis.json' })
    expect(shape.message).toContain(message)
    expect(shape.hint).toContain(hint)
  })
})

test('a text with its view, under a name', () => {
  const result = run(
    { text: PXL, view: JSON.stringify(VIS), name: 'px/mine', args: { path: '/', n: '1' } },
    context,
  )
  expect([result.script, result.tables[0]!.rows, result.tables[0]!.name]).toEqual(['px/mine', 1, 'shared'])
  expect(failure({ text: PXL, view: '{' })).toMatchObject({ file: 'vis.json', line: 1, column: 2 })
})

test('columns are told without the arguments that a run needs', () => {
  const { tables } = schemaOf({ script: 'own/view' }, own)
  expect(tables).toHaveLength(5)
  expect(tables[0]!.columns.map((column) => column.name)).toEqual(['req_path', 'resp_status'])
})

test('tables of px.debug come last', () => {
  const text = `import px
df = px.DataFrame('http_events', select=['req_path'])
px.debug(df, 'early')
px.display(df, 'shown')`
  expect(run({ text }, context).tables.map((table) => table.name)).toEqual(['shown', '_early'])
})

test('what has no source is a warning with its place', () => {
  const { name } = EMPTY.at(-1)!
  const text = `import px\npx.display(px.DataFrame('http_events'))\npx.display(px.DataFrame('${name}'), 'none')`
  const { warnings, tables } = run({ text }, context)
  expect(warnings).toMatchObject([{ message: expect.stringContaining(name), line: 3 }])
  expect(tables.map((table) => table.rows)).toEqual([5, 0])
})

test('what the store left out is a warning', () => {
  let damaged = 3
  const store = { ...context.store, tables: () => context.store.tables() }
  const damaging = {
    ...context,
    store: {
      ...store,
      scan: (...args: Parameters<typeof context.store.scan>) => {
        damaged += 2
        return context.store.scan(...args)
      },
    } as typeof context.store,
    damaged: () => damaged,
  }
  const text = "import px\npx.display(px.DataFrame('http_events'))"
  expect(run({ text }, damaging).warnings).toEqual([
    { message: '2 damaged chunks of the store left out: rows are missing' },
  ])
})

test('what would run', () => {
  const explained = explainScript({ script: 'px/http_data' }, context)
  expect(explained.outputs[0]!.step).toBe(explained.steps.length)
  expect(explained.text).toContain('scan http_events')
})

test('a text is checked with the calls of its view', () => {
  const text = 'import px\ndef f(n):\n    return px.DataFrame(n)\n'
  const view = {
    variables: [{ name: 'n', type: 'PX_STRING', defaultValue: 'http_evnts' }],
    widgets: [{ func: func('f', { n: 'n' }) }],
  }
  expect(checkText(text, undefined, context)).toEqual([])
  expect(checkText(text, JSON.stringify(view), context)).toMatchObject([
    { severity: 'error', line: 3, message: "There is no table 'http_evnts'" },
  ])
})

describe('arguments that are refused', () => {
  const cases: [string, Record<string, string>, string, string][] = [
    ['an unknown one', { path: '', m: '1' }, 'unknown_argument', "own/view has no argument 'm'"],
    ['a missing one', {}, 'bad_request', 'own/view needs the argument path (PX_STRING)'],
    ['no integer', { path: '', n: 'many' }, 'bad_request', "n: 'many' is not an integer"],
    ['no number', { path: '', least: '1,5' }, 'bad_request', "least: '1,5' is not a number"],
    ['no boolean', { path: '', sure: 'maybe' }, 'bad_request', "sure: 'maybe' is not true or false"],
    [
      'none of the valid values',
      { path: '', mode: 'c' },
      'bad_request',
      "mode: 'c' is not one of its values",
    ],
  ]
  test.each(cases)('%s', (_, args, code, message) => {
    const shape = failure({ script: 'own/view', args }, own)
    expect(shape).toMatchObject({ code, message } as never)
    expect(shape.hint).not.toBe('')
  })

  test('the hint lists what there is', () => {
    expect(failure({ script: 'px/http_data', args: { start: '-5m' } }).hint).toContain(
      'start_time, source_filter, destination_filter, max_num_records',
    )
    expect(failure({ text: 'import px', args: { a: '1' } }).code).toBe('unknown_argument')
  })

  test('a time that is no time names the argument', () => {
    const shape = failure({ script: 'px/http_data', args: { start_time: 'soon' } })
    expect(shape).toMatchObject({ code: 'bad_time_range', message: "start_time: 'soon' is not a time" })
  })
})

describe('text', () => {
  test('shows what it displays', () => {
    const text = "import px\npx.display(px.DataFrame('http_events', select=['req_path']), 'paths')"
    const { script, tables, stats } = run({ text }, context)
    expect([script, tables[0]!.name, tables[0]!.rows, tables[0]!.truncated]).toEqual(['', 'paths', 5, false])
    expect(stats).toMatchObject({ rowsRead: 5, chunksRead: 2, rowsOut: 5 })
  })

  test('that shows nothing says so', () => {
    expect(failure({ text: 'import px\n' })).toMatchObject({
      code: 'compile_error',
      message: 'The script shows nothing',
    })
    expect(failure({})).toMatchObject({ code: 'bad_request' })
  })

  test('that only traces shows no table, and is told why', () => {
    const target = `'kprobe:a { printf("pid:%d", pid); }', pxtrace.kprobe(), '5m'`
    const text = `import pxtrace\npxtrace.UpsertTracepoint('t', 'x', ${target})\n`
    const { tables, warnings } = run({ text }, context)
    expect(tables).toEqual([])
    const message = 'Dynamic tracing is not enabled yet: x is empty'
    expect(warnings).toEqual([{ message, line: 2, column: 1 }])
    expect(schemaOf({ text }, context).tables).toEqual([])
  })

  test('only compiled: columns without rows', () => {
    const text = "import px\npx.display(px.DataFrame('http_events', select=['req_path']))"
    const [table] = schemaOf({ text }, context).tables
    expect(table).toEqual({
      name: 'output',
      columns: [{ name: 'req_path', type: 'STRING', semantic: 'ST_NONE' }],
    })
  })

  test('errors carry line, column and a hint', () => {
    expect(failure({ text: "import px\ndf = px.DataFrame('http_event')" })).toEqual({
      code: 'unknown_table',
      message: "There is no table 'http_event'",
      hint: "Did you mean 'http_events'?",
      line: 2,
      column: 19,
    })
  })

  test('the row limit cuts and says so', () => {
    const text = "import px\npx.display(px.DataFrame('http_events', select=['req_path']))"
    const [table] = run({ text, limits: { rows: 3 } }, context).tables
    expect([table!.rows, table!.truncated]).toEqual([3, true])
  })

  test('the row limit keeps the newest rows', () => {
    const text =
      "import px\ndf = px.DataFrame('http_events', select=['req_path', 'latency'])\npx.display(df[df.latency >= 0][['req_path']])"
    const [table] = run({ text, limits: { rows: 2 } }, context).tables
    expect(table!.values).toEqual([['/1', '/2']])
  })

  test('cancellation ends it', () => {
    const text = "import px\npx.display(px.DataFrame('http_events'))"
    expect(failure({ text }, { ...context, cancelled: () => true }).code).toBe('cancelled')
  })
})

test('an unknown script', () => {
  expect(failure({ script: 'px/http_dta' })).toMatchObject({
    code: 'unknown_script',
    hint: "Did you mean 'px/http_data'?",
  })
})

describe('tables of functions', () => {
  const rows = (fn: string) => rowsOf(run({ text: `import px\npx.display(px.${fn}())` }, context))

  test('list functions, aggregates and tables', () => {
    expect(rows('GetUDFList')).toContainEqual({
      name: 'contains',
      return_type: 'BOOLEAN',
      args: '[STRING, STRING]',
    })
    expect(rows('GetUDAList')).toContainEqual({ name: 'mean', return_type: 'FLOAT64', args: '[INT64]' })
    expect(rows('GetUDTFList').map((row) => row.name)).toContain('GetSchemas')
  })

  test('can be worked with as any table', () => {
    const text =
      "import px\ndf = px.GetSchemas()\ndf = df[df.column_name == 'resp_message']\npx.display(df[['table_name']])"
    expect(rowsOf(run({ text }, context))).toEqual([{ table_name: 'http_events' }])
  })
})

describe('newest rows of a table', () => {
  const read = (options: { startTime?: string; endTime?: string; limit: number }) =>
    readTable({ name: 'http_events', ...options }, context)

  test('newest first, in a range', () => {
    const paths = (table: ReturnType<typeof read>) =>
      table.values[table.columns.findIndex((c) => c.name === 'req_path')]
    expect(paths(read({ limit: 2 }))).toEqual(['/1', '/2'])
    expect(paths(read({ limit: 9, startTime: '-4s', endTime: '-2s' }))).toEqual(['/2', '/3', '/4'])
  })

  test('with the columns that Pixie lacks, which a script shows only by name', () => {
    const extra = [
      'outcome',
      'req_messages',
      'resp_messages',
      'req_facts',
      'resp_facts',
      'first_body_latency',
      'remote_upid',
    ]
    expect(read({ limit: 1 }).columns.slice(-7)).toEqual([
      { name: 'outcome', type: 'STRING', semantic: 'ST_NONE' },
      { name: 'req_messages', type: 'INT64', semantic: 'ST_NONE' },
      { name: 'resp_messages', type: 'INT64', semantic: 'ST_NONE' },
      { name: 'req_facts', type: 'STRING', semantic: 'ST_NONE' },
      { name: 'resp_facts', type: 'STRING', semantic: 'ST_NONE' },
      { name: 'first_body_latency', type: 'INT64', semantic: 'ST_DURATION_NS' },
      { name: 'remote_upid', type: 'UINT128', semantic: 'ST_UPID' },
    ])
    const namesOf = (script: string) =>
      run({ text: `import px\n${script}` }, context).tables[0]!.columns.map(({ name }) => name)
    const whole = namesOf("px.display(px.DataFrame('http_events'))")
    expect(whole.at(-1)).toBe('latency')
    expect(whole).toEqual(
      read({ limit: 1 }).columns.flatMap(({ name }) => (extra.includes(name) ? [] : [name])),
    )
    expect(namesOf(`px.display(px.DataFrame('http_events', select=${JSON.stringify(extra)}))`)).toEqual(extra)
  })

  test('refusals', () => {
    expect(shapeOf(() => readTable({ name: 'nope', limit: 1 }, context)).code).toBe('unknown_table')
    expect(shapeOf(() => read({ limit: -1 })).code).toBe('bad_request')
    expect(shapeOf(() => read({ limit: 1, startTime: 'x' })).message).toContain('start_time')
    expect(shapeOf(() => read({ limit: 1, startTime: '-1s', endTime: '-2s' })).code).toBe('bad_time_range')
  })
})

test('summaries say what is stored', () => {
  const [http, conn] = summaries(context.store.tables())
  expect(http).toMatchObject({ name: 'http_events', rows: 5, span: 4, oldest: '1799999995000000000' })
  expect(http!.columns.filter(({ extra }) => extra).map(({ name }) => name)).toEqual([
    'outcome',
    'req_messages',
    'resp_messages',
    'req_facts',
    'resp_facts',
    'first_body_latency',
    'remote_upid',
  ])
  expect(conn).toMatchObject({ rows: 0, oldest: null, newest: null, span: 0 })
})

test('a defect in a function names the line of the script, and no engine speaks', () => {
  const log = spyOn(console, 'error').mockImplementation(() => {})
  const metadata = {
    ...context.metadata,
    podName: () => {
      throw new TypeError('undefined is not an object')
    },
  }
  const text = "import px\ndf = px.DataFrame('http_events')\ndf.pod = df.ctx['pod']\npx.display(df[['pod']])"
  expect(failure({ text }, { ...context, metadata })).toMatchObject({
    code: 'internal',
    message: expect.stringMatching(/^px\.upid_to_pod_name: A part of Nixie failed \(TypeError in /),
    line: 3,
    column: 10,
  })
  expect(log).toHaveBeenCalledTimes(1)
  log.mockRestore()
})
