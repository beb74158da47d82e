/**
 * Each function, aggregate, method and operator with values of every kind in every place: rows, or an error that names the script's
 * line in PxL's own words. Seeded.
 */
import { expect, test } from 'bun:test'
import { METHOD_NAMES } from '../../src/pxl/evaluate/methods'
import { Modules } from '../../src/pxl/modules/modules'
import type { Module } from '../../src/pxl/values/values'
import { listFunctions } from '../../src/query/functions/registry'
import { random } from '../query/support/tables'
import { failureOf } from './support/outcome'

const HEAD = `import px
import pxtrace
import pxconfig
def f(x):
    return x
df = px.DataFrame('http_events')
`

/** Of each kind of value that PxL has, the odd ones too. */
const VALUES =
  "''|'a'|'time_'|'latency'|'-5m'|'99999999999999999999s'|'\\x00\\ud800'|0|-1|3|9223372036854775807|-9223372036854775808|1e308|0.5|-0.0|True|None|" +
  "df|df.path|df.latency|df.time_|df.upid|df.nope|df.ctx|df.ctx['pod']|df.head|df.groupby('path')|df.rolling('2s')|df[df.latency > 3]|df[['path']]|-df.path|" +
  "[]|()|{}|['path']|[df]|[1, 2]|[None]|[[[]]]|{'a': 1}|{'a': df.path}|{1: 2}|('path', px.count)|('path',)|[('a', px.count)]|f|f(1)|" +
  "px|px.vis|px.otel|px.count|px.floor|px.DataFrame|px.Pod|px.otel.Endpoint('a:1')|px.now()|px.uint128('1:2:3')|px.minutes(2)"
const values = VALUES.split('|')
const KEYWORDS =
  'table select start_time end_time how left_on right_on suffixes right n by window on columns objs name df'.split(
    ' ',
  )
const OPERATORS = '+ - * / % == != < >= and or'.split(' ')

interface Callable {
  readonly name: string
  readonly parameters: number
}

const membersOf = (module: Module): Callable[] =>
  [...module.members].flatMap(([member, value]): Callable[] => {
    if (value.kind === 'module') return membersOf(value)
    const parameters = value.kind === 'builtin' ? value.builtin.params.length : 1
    return [{ name: `${module.name}.${member}`, parameters }]
  })

const modules = new Modules(1n, () => new Map())
const scalar = listFunctions().filter(({ kind, name }) => kind === 'function' && name !== 'nslookup')
const aggregates = listFunctions().filter(({ kind }) => kind === 'aggregate')
const callables: readonly Callable[] = [
  ...[...scalar, ...aggregates].map(({ name, args }) => ({ name: `px.${name}`, parameters: args.length })),
  ...['px', 'pxtrace', 'pxconfig'].flatMap((name) => membersOf(modules.get(name))),
  ...METHOD_NAMES.flatMap((name) =>
    ['df', "df.groupby('path')", "df.rolling('2s')"].map((of) => ({ name: `${of}.${name}`, parameters: 2 })),
  ),
]

/** As many of them as a unit test has time for. */
const MOST = 1500
const some = <T>(all: readonly T[], next: () => number): readonly T[] =>
  all.filter(() => next() < MOST / all.length)

/** How many of the scripts run, how many are refused. The error's own words and place are checked by `failureOf`. */
function outcomes(scripts: Iterable<string>) {
  const counts = { run: 0, refused: 0 }
  for (const script of scripts) counts[failureOf(HEAD + script) ? 'refused' : 'run']++
  return counts
}

test('calls', () => {
  const next = random(23)
  const one = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
  const calls = callables.flatMap(({ name, parameters }) => [
    name,
    `${name}()`,
    ...Array.from({ length: 4 }, () => {
      const count = Math.max(1, parameters + Math.floor(next() * 3) - 1)
      const args = Array.from({ length: count }, () =>
        next() < 0.1 ? `${one(KEYWORDS)}=${one(values)}` : one(values),
      )
      return `${name}(${args.join(', ')})`
    }),
  ])
  const { run, refused } = outcomes(calls.map((call) => `df.x = ${call}\npx.display(df)\n`))
  const shown = outcomes(calls.map((call) => `px.display(${call})\n`))
  expect(run).toBeGreaterThan(50)
  expect(refused).toBeGreaterThan(1000)
  expect(shown.run).toBeGreaterThan(10)
})

test('aggregates', () => {
  const names = [...aggregates.map(({ name }) => `px.${name}`), ...values]
  const scripts = names.flatMap((fn) =>
    values.flatMap((value) => [
      `px.display(df.groupby('path').agg(x=(${value}, ${fn})))`,
      `px.display(df.agg(x=('path', ${value}, ${fn})))`,
    ]),
  )
  const { run, refused } = outcomes(some(scripts, random(31)))
  expect(run).toBeGreaterThan(10)
  expect(refused).toBeGreaterThan(1000)
})

/** Two values, where a script may have any. */
const STATEMENTS: readonly ((a: string, b: string) => string)[] = [
  (a, b) => `px.display(df[${a}][${b}])`,
  (a, b) => `df[${a}] = ${b}\npx.display(df)`,
  (a, b) => `px.display(${a}[${b}])`,
  (a, b) => `(${a}).path = ${b}\npx.display(df)`,
  (a, b) => `px.display((${a}).path, ${b})`,
  (a, b) => `px.display(df.merge(${a}, how='inner', left_on=${b}, right_on=${b}))`,
  (a, b) => `px.display(df.append(${a}).drop(${b}))`,
  (a, b) => `px.display(px.DataFrame('http_events', select=${a}, start_time=${b}))`,
  (a, b) => `px.display(px.DataFrame(${a}, start_time='-1m', end_time=${b}))`,
  (a, b) => `def g(x: ${a} = ${b}):\n    return x\npx.display(g())`,
  (a, b) => `@px.vis.vega(${a})\ndef g(x):\n    return df\npx.display(g(${b}))`,
  (a, b) => `px.Pod = ${a}\ndf.p = px.Pod(${b})\npx.display(df)`,
]

test('operators and statements', () => {
  const next = random(29)
  const scripts = values.flatMap((a) =>
    values.flatMap((b) => {
      const operator = OPERATORS[Math.floor(next() * OPERATORS.length)]!
      const statement = STATEMENTS[Math.floor(next() * STATEMENTS.length)]!
      return [`df.x = ${a} ${operator} ${b}\npx.display(df)`, statement(a, b)]
    }),
  )
  const { run, refused } = outcomes(some(scripts, next))
  expect(run).toBeGreaterThan(20)
  expect(refused).toBeGreaterThan(1000)
})
