/** Everything that Python has and PxL hasn't: refused at its place, with what to write instead. */
import { expect, test } from 'bun:test'
import { NixieError } from '../../src/errors'
import { NOT_PXL, OPERATOR_HINTS } from '../../src/pxl/language/not-pxl'
import { parse } from '../../src/pxl/language/parse'
import { SourceText } from '../../src/pxl/language/source-text'

/** Text, what the error names, its line and column. */
const STATEMENTS: readonly (readonly [string, string, string])[] = [
  ['x = 1\nif x:\n    y = 1', 'if statements', '2:1'],
  ['for x in y:\n    z = x', 'loops', '1:1'],
  ['def f():\n    while True:\n        x = 1', 'loops', '2:5'],
  ['try:\n    x = 1\nfinally:\n    y = 1', 'try statements', '1:1'],
  ['with x as y:\n    z = 1', 'with statements', '1:1'],
  ['class A:\n    x = 1', 'classes', '1:1'],
  ['x += 1', 'augmented assignment', '1:1'],
  ['del x', 'del', '1:1'],
  ['def f():\n    pass', 'pass', '2:5'],
  ['break', 'break', '1:1'],
  ['continue', 'continue', '1:1'],
  ['raise x', 'raise', '1:1'],
  ['assert x', 'assert', '1:1'],
  ['def f():\n    global x', 'global and nonlocal', '2:5'],
  ["print 'x'", 'print', '1:1'],
  ['match x:\n    case 1:\n        y = 1', 'match statements', '1:1'],
  ['type A = int', 'type statements', '1:1'],
  ['def f():\n    yield 1', 'yield', '2:5'],
  ['x = (yield 1)', 'yield', '1:6'],
  ['x = lambda: 1', 'lambda', '1:5'],
  ['x = a if b else c', 'conditional expressions', '1:5'],
  ['x = [a for a in b]', 'comprehensions', '1:5'],
  ['x = (a for a in b)', 'comprehensions', '1:5'],
  ['x = {a for a in b}', 'comprehensions', '1:5'],
  ['x = {a: a for a in b}', 'comprehensions', '1:5'],
  ['x = {a, b}', 'sets', '1:5'],
  ["x = f'{a}'", 'f-strings', '1:5'],
  ['x = await a', 'await', '1:5'],
  ['x = (y := 1)', 'assignment expressions', '1:6'],
  ['x = ...', '...', '1:5'],
]

const OTHERS: readonly (readonly [string, string, string])[] = [
  ['x: int = 1', 'annotated assignment', '1:2'],
  ['a = b = 1', 'chained assignment', '1:7'],
  ['a, b = 1, 2', 'assignment to several names', '1:2'],
  ['x = a[1:2]', 'slices', '1:8'],
  ['x = 1 < 2 < 3', 'chained comparisons', '1:11'],
  ['from px import *', 'import *', '1:16'],
  ['def f(*a):\n    return a', '* in a parameter list', '1:7'],
  ['def f(**a):\n    return a', '** in a parameter list', '1:7'],
  ['x = f(*a)', '* in a call', '1:7'],
  ['x = {**a}', '** in a dictionary', '1:6'],
  ['async def f():\n    return 1', 'async functions', '1:1'],
  ['x = 1j', 'this number', '1:5'],
]

function refusal(text: string): NixieError {
  try {
    parse(new SourceText('script', text))
  } catch (cause) {
    if (cause instanceof NixieError) return cause
    throw cause
  }
  throw new Error(`It is accepted: ${text}`)
}

test.each([...STATEMENTS, ...OTHERS])('%j: PxL does not have %s', (text, what, place) => {
  const { code, message, hint, line, column } = refusal(text).shape
  expect(message).toBe(`PxL does not have ${what}`)
  expect(`${line}:${column}`).toBe(place)
  expect(code).toBe('compile_error')
  expect(hint).not.toBe('')
})

test('every refusal is tried', () => {
  const tried = new Set(STATEMENTS.map(([, what]) => what))
  expect([...new Set(Object.values(NOT_PXL).map(([what]) => what))].sort()).toEqual([...tried].sort())
})

test.each(Object.entries(OPERATOR_HINTS))('the operator %s', (operator, wanted) => {
  const { message, hint, line, column } = refusal(`x = a ${operator} b`).shape
  expect(message).toBe(`PxL does not have the operator ${operator}`)
  expect([hint, line, column]).toEqual([wanted, 1, 7])
})
