import { describe, expect, test } from 'bun:test'
import { listFunctions } from '../../../src/query/functions/registry'
import { type Cases, expectLinear, value } from './apply'
import { GRPC } from './cases/grpc'
import { HTTP_VIEWS } from './cases/http-views'
import { METADATA } from './cases/metadata'
import { SEARCH_AND_CLICKHOUSE } from './cases/search-and-clickhouse'
import { VALUES } from './cases/values'

const CASES: Cases = { ...VALUES, ...HTTP_VIEWS, ...SEARCH_AND_CLICKHOUSE, ...GRPC, ...METADATA }

for (const [name, cases] of Object.entries(CASES)) {
  describe(name, () => {
    for (const [args, result] of cases) {
      const shown = args.map((arg) => (typeof arg === 'object' ? `${arg.type} ${arg.value}` : String(arg)))
      test(`${shown.join(', ')} → ${result}`, () => expect(value(name, ...args)).toEqual(result))
    }
  })
}

test('texts of attackers take linear time', () => {
  const parts = [
    ' ',
    'a',
    '/',
    ':',
    '?',
    '@',
    '%',
    '[',
    '{',
    '"',
    '\\',
    '1',
    '0x',
    'a/',
    '/1',
    '..',
    ',',
    '\n',
    'é',
    '[[',
    '{"a":',
  ]
  for (const name of ['uri_parse', 'trim', 'tolower', 'toupper', 'length', 'bytes_to_hex', 'hex_to_ascii'])
    expectLinear(name, parts)
  for (const name of [
    '_predict_request_path_cluster',
    '_match_endpoint',
    'pluck',
    'has_service_name',
    'split',
  ])
    expectLinear(name, parts, '/')
  expectLinear('jsonrpc_call', parts, '', '', '')
  expectLinear('atoi', parts, 0n)
  expectLinear('pluck_array', parts, 0n)
})

test('every function has cases', () => {
  const names = listFunctions().flatMap(({ kind, name }) => (kind === 'function' ? [name] : []))
  expect([...new Set(names)].filter((name) => !CASES[name])).toEqual([])
})

describe('regular expressions of users', () => {
  test('that would make a backtracking engine run for ever', () => {
    const text = 'x'.repeat(20_000)
    expect(value('regex_match', '(x+x+)+y', text)).toBe(false)
    expect(value('regex_match', '((((x*)*)*)*)*z', text)).toBe(false)
  })

  for (const pattern of ['(', 'a(?=b)', '(a)\\1', 'x{2000}', `${'a'.repeat(5000)}`]) {
    test(`a bad one is an error of the user: ${pattern.slice(0, 20)}`, () => {
      expect(() => value('regex_match', pattern, 'a')).toThrow(expect.objectContaining({ status: 400 }))
    })
  }
})

test('trim, split and atoi take hostile texts in linear time', () => {
  const white = `${' '.repeat(200_000)}x${' '.repeat(200_000)}`
  expect(value('trim', `a${white}b`)).toBe(`a${white}b`)
  expect(value('atoi', white, 1n)).toBe(1)
})
