/** Contents of rows, as views read them: hostile ones take linear time, and what is behind the kept text counts. */
import { describe, expect, test } from 'bun:test'
import { contentFacts, countOf } from '../../../../src/query/functions/messages/content-facts'
import { operationsIn } from '../../../../src/query/functions/messages/graphql'
import { findOverload } from '../../../../src/query/functions/registry'
import { cpuMs } from '../../../support/cpu-time'
import { functionContext } from '../apply'

const call = (name: string, ...args: readonly string[]): string => {
  const overload = findOverload(
    name,
    args.map(() => ({ type: 'STRING' as const, semantic: 'ST_NONE' as const })),
  )!
  if (overload.implementation.kind !== 'scalar') throw new Error(`${name} is no scalar`)
  return String(overload.implementation.run(functionContext, ...(args as never[])))
}

const callOfGrpc = (path: string, asked: string, said: string, body: string): void => {
  const types = ['STRING', 'STRING', 'INT64', 'STRING', 'STRING'] as const
  const { implementation } = findOverload(
    'grpc_call',
    types.map((type) => ({ type, semantic: 'ST_NONE' as const })),
  )!
  if (implementation.kind === 'scalar')
    implementation.run(functionContext, ...([path, asked, 200, said, body] as never[]))
}

const PARTS = [
  '"',
  '\\"',
  '\\',
  '[',
  '{',
  '{"a":',
  '{"query":"',
  '# ',
  '"""',
  '(',
  '{ a ',
  'query a',
  'data: {',
  '\n',
  '&Action=',
  'grpc-status: ',
  'grpc-message:%C3',
  '1',
  '@',
]
/** Quadratic work on such a text takes a hundred times as long. */
const LINEAR_MS = 400

describe('hostile texts take linear time', () => {
  for (const part of PARTS) {
    test(JSON.stringify(part), () => {
      const text = part.repeat(Math.ceil(200_000 / part.length))
      const spent = cpuMs(() => {
        call('llm_call', '/v1/chat/completions', text, '', text, '')
        call('llm_call', '/v1/chat/completions', '{"model":"a"}', text, `data: ${text}`, text)
        call('jsonrpc_call', `{"method":${text}`, '', text, '')
        call('graphql_call', 'POST', '/graphql', text, '', text, '')
        call('graphql_call', 'POST', '/', `{"query":${text}`, '', text, '')
        call('graphql_call', 'GET', `/?query=${text}`, '', '', '', '')
        call('http_operation', 'GET', `/?x-id=&${text}`, '{"x-amz-target":"a"}', text)
        for (const mark of ['"x-elastic-product":"Elasticsearch"', ''])
          for (const place of ['/_bulk', '/_msearch', '/_mget', `/_${text}`])
            call(
              'elasticsearch_call',
              'POST',
              place,
              `{${mark}}`,
              text,
              '{}',
              `{"took":1,"errors":true,${text}`,
            )
        call(
          'clickhouse_call',
          `/?query=${text}`,
          '{}',
          text,
          '{"X-ClickHouse-Summary":"{"}',
          `Code: 1, ${text}`,
        )
        callOfGrpc(
          `/${text}`,
          `{"content-type":"application/grpc-web","a":${JSON.stringify(text)}}`,
          text,
          text,
        )
        callOfGrpc(text, '{"content-type":"application/connect+proto"}', '{}', `${text}\n{"error":${text}`)
        call('http_operation', 'GET', text, `{"soapaction":${text}`, text)
      })
      expect(spent).toBeLessThan(LINEAR_MS)
    })
  }
})

test('what stands in the facts counts, not what the kept beginning says', () => {
  const facts = contentFacts(
    '{"model":"a","usage":{"prompt_tokens":1',
    '{"model":"b","input":"5","tools":["x"],"ids#":40,"ids":["1"]}',
  )
  expect([facts.last('model'), facts.last('input'), facts.list('tools'), facts.count('ids')]).toEqual([
    'b',
    '5',
    ['x'],
    40,
  ])
  expect(contentFacts('{"model":"a"}', 'none').last('model')).toBe('')
  expect(contentFacts('<html>', '').last('model')).toBe('')
})

test('how many calls a batch has isn’t said when a part of it was not read', () => {
  const facts = '{"jsonrpc":"2.0","methods":["a","b"],"ids":["1","2"]}'
  const calls = (asked: string, answered: string) =>
    JSON.parse(String(call('jsonrpc_call', '[{"jsonrpc":"2.0","me', asked, '[', answered)))
  const parted = facts.replace('}', ',"parted":true}')
  expect(calls(facts, '')).toMatchObject({ calls: 2, errors: 0 })
  expect(calls(parted, parted)).toMatchObject({ calls: -1, errors: -1, method: 'a, b' })
})

test('a count is a number, or unknown', () => {
  expect(['12', '0', '', '-1', '1e3', '12a', '99999999999999999999', '[redacted]'].map(countOf)).toEqual([
    12, 0, -1, -1, -1, -1, -1, -1,
  ])
})

test('documents of GraphQL', () => {
  const named = (text: string) => operationsIn(text)?.map(({ kind, name }) => `${kind} ${name}`.trim())
  expect(
    named(
      'query A { a(x: "} query B {", y: {k: [1, 2]}) { b } } mutation C($v: [Int!]! = [1]) @d(x: 1) { e }',
    ),
  ).toEqual(['query A', 'mutation C'])
  expect(named('"""query Not { a }""" query Yes { a }')).toEqual(['query Yes'])
  expect(named('{ a: b ...F ... on T @include(if: $x) { c } }')).toEqual(['query'])
  expect(named('fragment F on T { a }')).toEqual([])
  expect(named('query')).toEqual(['query'])
  for (const text of [
    '',
    '#',
    'type T { a: Int }',
    'query A B { a }',
    '{ a = 1 }',
    '{"a": 1}}',
    'MATCH (n) RETURN n',
  ])
    expect(named(text)).toBeUndefined()
})
