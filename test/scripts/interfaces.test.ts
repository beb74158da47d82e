/** Every script of the library: found by listing, with the variables, calls and columns that Pixie's has. */
import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../../src/pxl/compile'
import { LIBRARY } from '../../src/scripts/library'
import { NOW } from '../pxl/support/stored-tables'
import { contextOf, repository, run, schema } from '../runner/support'
import { ADDITIONS, INTERFACES } from './interfaces'
import { ANYTHING, argumentsFor } from './support/arguments'

const folder = join(repository, 'src/scripts/library')

test('every folder of the library is a script, and every script of the list has its folder', () => {
  const listed = readdirSync(folder).flatMap((namespace) =>
    readdirSync(join(folder, namespace)).map((name) => `${namespace}/${name}`),
  )
  expect([...LIBRARY.keys()].sort()).toEqual(listed.sort())
  expect(listed).toEqual([...INTERFACES.keys()].sort())
})

describe.each([...LIBRARY.values()])('$name', (bundle) => {
  const wanted = INTERFACES.get(bundle.name)!
  const added = ADDITIONS.get(bundle.name)
  const wantedTables = new Map([...wanted.tables, ...(added?.tables ?? [])])
  const variables = bundle.view?.variables ?? []
  const args = argumentsFor(variables, ANYTHING)

  test('says what it is for', () => {
    expect(bundle.short).toMatch(/^[A-Z].*[^.]$/)
    expect(bundle.long).toMatch(/^[A-Z].*\.$/)
    for (const variable of variables) expect(variable.description).toMatch(/\.$/)
  })

  test('has its variables', () => {
    const declared = variables.map(({ name, type, defaultValue, validValues }) =>
      [
        name,
        type,
        ...(defaultValue === undefined ? [] : [JSON.stringify(defaultValue)]),
        ...(validValues ? [`in ${validValues.join(',')}`] : []),
      ].join(' '),
    )
    expect(declared).toEqual([...wanted.variables])
  })

  test('calls its functions with the arguments that they take', () => {
    const module = compile(bundle.text, { tables: contextOf([]).store.tables(), nowNs: NOW })
    const view = bundle.view
    const calls = [
      ...(view?.globalFuncs ?? []).map((g) => g.func),
      ...(view?.widgets ?? []).flatMap((w) => (typeof w.source === 'string' ? [] : [w.source])),
    ]
    for (const { name, args: given } of calls) {
      const params = module.functions.find((f) => f.name === name)!.params
      expect(given.map((arg) => arg.name)).toEqual([...params])
    }
    const written = calls.map(({ name, args: given }) => {
      const list = given.map((arg) =>
        'variable' in arg && arg.variable !== arg.name ? `${arg.name}=${arg.variable}` : arg.name,
      )
      return `${name}(${list.join(', ')})`
    })
    expect([...new Set(written)].sort()).toEqual([...wanted.calls, ...(added?.calls ?? [])].sort())
  })

  test('has the columns of its tables', () => {
    const { tables } = schema({ script: bundle.name, args }, contextOf([]))
    const columns = tables.map(({ name, columns }) => {
      const list = columns.map((c) =>
        [c.name, c.type, c.semantic.slice(3)].filter((part) => part !== 'NONE').join(' '),
      )
      return [name, typeof wantedTables.get(name) === 'number' ? list.length : list]
    })
    expect(Object.fromEntries(columns)).toEqual(Object.fromEntries(wantedTables))
  })

  test('runs over no rows', () => {
    expect(run({ script: bundle.name, args }, contextOf([])).tables.length).toBeGreaterThan(0)
  })
})
