/** Whatever the text, compiling and running it ends soon in rows or in a NixieError with a place. Seeded. */
import { expect, test } from 'bun:test'
import { listFunctions } from '../../src/query/functions/registry'
import type { DataType } from '../../src/records/types'
import { LIBRARY } from '../../src/scripts/library'
import { random } from '../query/support/tables'
import { failureOf } from './support/outcome'

/** The code of the error, or '' without one. */
const outcome = (text: string): string => failureOf(text, { calls: true })?.shape.code ?? ''

const TOKENS =
  'import px|\n|\n    |(|)|[|]|{|}|,|.|:|=|==|!=|<|+|-|*|/|and|or|not|\'a\'|"b"|1|2.5|True|None|df|x|def f(a):|return|px|DataFrame|' +
  "'http_events'|groupby|agg|merge|append|head|drop|ctx|'pod'|count|sum|select|display|path|latency|lambda|for|if|in|#|\\|@|;|'''|f'|" +
  "import pxtrace|import pxviews|pxtrace|pxviews|UpsertTracepoint|TraceProgram|probe|kprobe|@pxtrace.probe('a')|'a:%d'|otel|Data|" +
  "export|vis|vega|plugin|rolling|stream|'2s'|processes|GetAgentStatus|def|2.|0x|b'a'"
const WORDS = TOKENS.split('|')

test('random tokens', () => {
  const next = random(7)
  const codes = new Set<string>()
  for (let i = 0; i < 1500; i++) {
    const length = 1 + Math.floor(next() * 40)
    const words = Array.from({ length }, () => WORDS[Math.floor(next() * WORDS.length)]!)
    codes.add(outcome(words.join(next() < 0.5 ? ' ' : '')))
  }
  expect([...codes]).toContain('syntax_error')
  expect([...codes]).toContain('compile_error')
})

const SEED_SCRIPT = `import px
def f(start_time: str = '-5m', n: int = 3):
    df = px.DataFrame(table='http_events', start_time=start_time)
    df.pod = df.ctx['pod']
    df = df[px.contains(df.path, 'a') and df.latency > 5]
    t = df.groupby(['path', 'pod']).agg(n=('time_', px.count), m=('latency', px.mean))
    t['x y'] = px.DurationNanos(px.floor(t.m / t.n)) * -1
    return t.merge(df, how='left', left_on=['path'], right_on=['path']).drop(['path_y']).head(n)
px.display(f(n=2), 'two')
`

const SEED_TRACING = `import px
import pxtrace
program = '''kprobe:a { printf("time_:%llu pid:%-6d comm:%16s", nsecs, pid, comm); }'''
@pxtrace.probe('main.f')
def probe():
    return [{'a': pxtrace.ArgExpr('a'), 'latency': pxtrace.FunctionLatency()}]
pxtrace.UpsertTracepoint('a', 'a', pxtrace.TraceProgram(program, min_kernel='5.1'), pxtrace.kprobe(), '5m')
pxtrace.UpsertTracepoint('b', 'b', probe, pxtrace.PodProcess('a/b'), '5m')
df = px.DataFrame('a').rolling('2s').groupby(['comm']).agg(n=('pid', px.count))
px.export(df, px.otel.Data(resource={'service.name': df.comm}, data=[px.otel.metric.Gauge('g', df.n)], endpoint=px.otel.Endpoint('a:1')))
`

test('scripts with a piece cut, doubled, moved or changed', () => {
  const next = random(11)
  const at = (length: number) => Math.floor(next() * length)
  const codes = new Set<string>()
  const seeds = [SEED_SCRIPT, SEED_TRACING, ...[...LIBRARY.values()].map((bundle) => bundle.text)]
  for (let i = 0; i < 500; i++) {
    let text = seeds[i % seeds.length]!
    for (let change = 0; change <= at(3); change++) {
      const from = at(text.length)
      const to = Math.min(text.length, from + at(12))
      const word = WORDS[at(WORDS.length)]!
      const piece = ['', word, text.slice(from, to).repeat(2), String.fromCharCode(at(0x3000))][at(4)]!
      text = text.slice(0, from) + piece + text.slice(to)
    }
    codes.add(outcome(text))
  }
  expect(codes.size).toBeGreaterThan(4)
})

/** Expressions of each type, constants and columns. */
const LEAVES: Readonly<Record<DataType, readonly string[]>> = {
  STRING: ["''", "'a'", "'('", '\'{"a":1.0}\'', "'10.0.0.1'", 'df.path', "df.ctx['pod']"],
  INT64: ['0', '-1', '9223372036854775807', 'df.latency'],
  FLOAT64: ['0.5', '-1e300', 'df.latency / 0', 'df.latency / 3'],
  BOOLEAN: ['True', "df.path == ''"],
  TIME64NS: ['df.time_', "px.parse_time('-5m')"],
  UINT128: ['df.upid', "px.uint128('1:2:3')"],
}

test('random calls of functions, over constants and columns', () => {
  const next = random(5)
  const one = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
  const functions = listFunctions().filter(({ kind, name }) => kind === 'function' && name !== 'nslookup')
  const expression = (type: DataType, depth: number): string => {
    const fitting = functions.filter(({ returns }) => returns === type)
    if (depth === 0 || next() < 0.3 || fitting.length === 0) return one(LEAVES[type])
    const { name, args } = one(fitting)
    return `px.${name}(${args.map((arg) => expression(arg.type, depth - 1)).join(', ')})`
  }
  const codes = new Set<string>()
  for (let i = 0; i < 1000; i++) {
    const lines = [0, 1].map((n) => `df.x${n} = ${expression(one(Object.keys(LEAVES) as DataType[]), 3)}`)
    codes.add(outcome(`import px\ndf = px.DataFrame('http_events')\n${lines.join('\n')}\npx.display(df)`))
  }
  expect([...codes].sort()).toEqual(['', 'bad_request'])
})

const HOSTILE: Record<string, string> = {
  parentheses: '('.repeat(100_000),
  'balanced parentheses': '('.repeat(50_000) + ')'.repeat(50_000),
  'a long sum': `x = 1${'+1'.repeat(100_000)}`,
  'a long path': `x = a${'.a'.repeat(100_000)}`,
  'nested lists': `x = ${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  'many nots': `x = ${'not '.repeat(50_000)}1`,
  quotes: '"""'.repeat(50_001),
  'empty lines in a call': `f(a${'\n'.repeat(200_000)}b=1)`,
  'nested functions': Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}def f():\n`).join(''),
  'a large text': `x = '${'a'.repeat(600_000)}'`,
  'calls that multiply':
    `${Array.from({ length: 40 }, (_, i) => `def f${i + 1}(a):\n    f${i}(a)\n    f${i}(a)\n`).join('')}f40(1)`.replace(
      'f0(a)',
      'a',
    ),
  'frames that double': `import px\ndf = px.DataFrame('http_events')\n${'df = df.append(df)\n'.repeat(100)}`,
  'columns that double': `import px\ndf = px.DataFrame('http_events')\n${"df = df.merge(df, left_on='path', right_on='path')\ndf.path = 'a'\n".repeat(100)}`,
  'texts that double': `x = 'a'\n${'x = x + x\n'.repeat(100)}`,
  'lists that double': `x = [1]\n${'x = x + x\n'.repeat(100)}`,
  'expressions that double': `import px\nx = px.DataFrame('http_events').latency\n${'x = x + x\n'.repeat(100)}`,
  'many steps': `import px\ndf = px.DataFrame('http_events')\n${'df.x = df.latency\n'.repeat(20_000)}`,
  'many tables': `import px\ndf = px.DataFrame('http_events')\n${'px.display(df)\n'.repeat(2_000)}`,
  'names of objects': "import px\nx = px.constructor\ny = px.DataFrame('http_events').ctx['__proto__']",
  'a long program': `import pxtrace\npxtrace.UpsertTracepoint('a', 'a', '${'a%'.repeat(100_000)}', pxtrace.kprobe(), '5m')`,
  'a program of quotes': `import pxtrace\npxtrace.UpsertTracepoint('a', 'a', '${'printf("/*'.repeat(40_000)}', pxtrace.kprobe(), '5m')`,
  'a program of one word': `import pxtrace\npxtrace.UpsertTracepoint('a', 'a', 'printf("${'a'.repeat(300_000)}")', pxtrace.kprobe(), '5m')`,
  'a program of spaces': `import pxtrace\npxtrace.UpsertTracepoint('a', 'a', 'printf("${'a '.repeat(100_000)}:${' '.repeat(100_000)}%d")', pxtrace.kprobe(), '5m')`,
  'a probe that calls itself': `import pxtrace\n@pxtrace.probe('a')\ndef f():\n    pxtrace.UpsertTracepoint('a', 'a', f, pxtrace.kprobe(), '5m')\nf()`,
  'decorators over decorators': `${"@pxtrace.probe('a')\n".repeat(20_000)}def f():\n    return 1\n`,
  'a module that is overwritten': 'import px\npx.otel = px\npx.otel.otel.otel.DataFrame = 1\npx.DataFrame()',
  'many warnings': `import px\ndef f(df):\n    df.stream()\n    df.stream()\n${'f(px.GetTables())\n'.repeat(9_000)}x`,
  'nul bytes': '\0'.repeat(1000),
  'lone surrogates': "x = '\ud800' + '\udfff'\npx\ud800",
}

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`hostile: ${name}`, () => {
    expect(outcome(text)).not.toBe('')
  })
}
