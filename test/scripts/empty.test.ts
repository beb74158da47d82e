/** Variables whose help says that empty means all: they can be left empty, and then nothing is left out. */
import { describe, expect, test } from 'bun:test'
import type { Bundle, ScriptVariable } from '../../src/scripts/bundle'
import { LIBRARY } from '../../src/scripts/library'
import { TABLES } from '../../src/sources/tables'
import { rowOf, shown } from '../runner/support'
import { argumentsFor, IN_SHOP } from './support/arguments'
import { cluster, KUBELET, OUTSIDE, WEB, WEB_IP } from './support/cluster'

const PROMISE = /\bempty:/

const variablesOf = ({ view }: Bundle): readonly ScriptVariable[] => view?.variables ?? []
const promised = (bundle: Bundle) => variablesOf(bundle).filter((v) => PROMISE.test(v.description))

/** Function → its parameters whose docstring makes the promise. */
function promisingParameters(text: string): Map<string, string[]> {
  const functions = text.split(/^(?=def )/m).slice(1)
  return new Map(
    functions.map((source) => {
      const [, name] = /^def (\w+)/.exec(source)!
      const doc = /'''(.*?)'''/s.exec(source)?.[1] ?? ''
      return [name!, [...doc.matchAll(/^ +(\w+): .*\bempty:/gm)].map(([, param]) => param!)]
    }),
  )
}

test('the library makes the promise', () => {
  expect([...LIBRARY.values()].flatMap(promised).length).toBeGreaterThan(50)
})

describe.each([...LIBRARY.values()].map((bundle) => [bundle.name, bundle] as const))('%s', (_, bundle) => {
  test('what may be empty is so by default', () => {
    const wrong = promised(bundle).filter(({ defaultValue }) => defaultValue === undefined)
    expect(wrong.map(({ name }) => name)).toEqual([])
  })

  test('what a function lets be empty has a variable that says so', () => {
    const parameters = promisingParameters(bundle.text)
    const { view } = bundle
    const calls = [
      ...(view?.globalFuncs ?? []).map(({ func }) => func),
      ...(view?.widgets ?? []).flatMap(({ source }) => (typeof source === 'string' ? [] : [source])),
    ]
    const names = calls.flatMap(({ name, args }) =>
      args.flatMap((arg) =>
        'variable' in arg && parameters.get(name)?.includes(arg.name) ? [arg.variable] : [],
      ),
    )
    const said = promised(bundle).map(({ name }) => name)
    expect(names.filter((name) => !said.includes(name))).toEqual([])
  })
})

/** Rows of every table: of a pod and of a process outside of one, which serve and ask. */
const ROWS = Object.fromEntries(
  TABLES.map(({ name }) => {
    const ends = { local_addr: WEB_IP, remote_addr: OUTSIDE, remote_port: 5000 }
    const values = { ...ends, latency: 5, req_path: '/', count: 1 }
    const rows = [KUBELET, WEB].flatMap((upid) =>
      [1, 2].map((trace_role) =>
        rowOf(name, 10, { ...values, upid, trace_role, bytes_sent: 9, bytes_recv: 9 }),
      ),
    )
    return [name, rows]
  }),
)

/** Scripts that find something in these rows; some others look for more than they hold. */
const CERTAIN = ['px/slow_http_requests', 'px/net_flow_graph', 'px/http_data', 'px/redis_data']

const promises = [...LIBRARY.values()].flatMap((bundle) =>
  promised(bundle).map((variable) => [bundle.name, variable.name, { bundle, variable }] as const),
)

test.each(promises)('%s: an empty %s leaves nothing out', (script, name, { bundle, variable }) => {
  const needed = argumentsFor(variablesOf(bundle), IN_SHOP)
  const rows = (value: string) =>
    Object.values(shown(script, { ...needed, [name]: value }, ROWS, cluster)).flat().length
  const all = rows('')
  if (CERTAIN.includes(script)) expect(all).toBeGreaterThan(0)
  for (const value of [IN_SHOP[variable.type] ?? 'shop', 'web', OUTSIDE, '/']) {
    expect(rows(value), value).toBeLessThanOrEqual(all)
  }
})
