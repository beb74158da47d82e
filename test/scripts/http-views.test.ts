/** Views of http_events: what runs within HTTP. Rows in, what they say out; what each function reads is in test/query/functions. */
import { describe, expect, test } from 'bun:test'
import { linkTo, request, SHELL, shown } from '../runner/support'

const start_time = '-5m'
const ENDS = { remote_addr: '10.0.0.7', local_addr: '10.0.0.1', resp_status: 200, outcome: 'complete' }
const json = JSON.stringify

const post = (path: string, body: unknown, answer: unknown) => ({
  ...ENDS,
  req_method: 'POST',
  req_path: path,
  req_body: json(body),
  resp_body: json(answer),
})

const CHAT = post(
  '/v1/chat/completions',
  { model: 'm', stream: false },
  { model: 'm-1', choices: [{ finish_reason: 'stop' }], usage: { prompt_tokens: 7, completion_tokens: 5 } },
)
const ROWS = [
  request(40, { ...CHAT, latency: 400, first_body_latency: 100 }),
  // Longer than what is kept: the counts are among its facts.
  request(30, {
    ...CHAT,
    resp_body: '{"model":"m-1","choices":[{"message":{"content":"Once',
    resp_facts: json({ model: 'm-1', stop: 'length', input: '10', output: '800', tools: ['now'] }),
    latency: 600,
    first_body_latency: 300,
  }),
  request(20, {
    ...CHAT,
    resp_status: 429,
    resp_body: '{"error":{"message":"slow down","type":"rate_limit"}}',
    req_body: '{"model":"m-1"}',
    latency: 200,
    first_body_latency: -1,
    upid: SHELL,
    trace_role: 1,
    remote_addr: '10.0.0.5',
  }),
  request(
    12,
    post(
      '/rpc',
      { jsonrpc: '2.0', method: 'add', id: 1 },
      { jsonrpc: '2.0', error: { code: -32602, message: 'no' }, id: 1 },
    ),
  ),
  request(10, post('/graphql', { query: 'mutation Buy { buy }' }, { errors: [{ message: 'sold out' }] })),
  request(8, {
    ...ENDS,
    req_method: 'POST',
    req_path: '/',
    req_headers: json({ 'X-Amz-Target': 'DynamoDB_20120810.PutItem' }),
    latency: 10,
  }),
  request(6, {
    ...ENDS,
    req_method: 'POST',
    req_path: '/',
    req_headers: json({ 'X-Amz-Target': 'DynamoDB_20120810.PutItem' }),
    latency: 30,
    resp_status: 400,
  }),
  ...[5, 4, 0].map((status) =>
    request(5.5 + status / 100, {
      ...ENDS,
      req_method: 'POST',
      req_path: '/shop.Orders/Get',
      req_headers: json({
        'content-type': 'application/grpc',
        'grpc-timeout': '1S',
        'grpc-encoding': 'gzip',
      }),
      resp_headers: json({
        'content-type': 'application/grpc',
        'grpc-status': `${status}`,
        'grpc-message': 'a%20b',
      }),
      req_messages: 1,
      resp_messages: status === 0 ? 1 : 0,
      latency: 10 + status,
    }),
  ),
  request(5, { ...ENDS, req_method: 'GET', req_path: '/orders', resp_body: '{"model":"T"}' }),
]
const tables = (script: string, args: Record<string, string> = {}) =>
  shown(script, args, { http_events: ROWS })
const web = linkTo('nginx.service', 'px/pod', { start_time, pod: 'nginx.service' })
const client = linkTo('10.0.0.7', 'px/ip', { start_time, ip: '10.0.0.7' })

describe('nixie/llm_data', () => {
  test('a row for each call, the newest first', () => {
    const [failed, long, whole, ...others] = tables('nixie/llm_data').llm_data!
    expect(others).toEqual([])
    expect(failed).toMatchObject({
      model: 'm-1',
      error: 'rate_limit: slow down',
      resp_status: 429,
      input_tokens: -1,
      first_token_latency: -1,
    })
    expect(long).toMatchObject({
      input_tokens: 10,
      output_tokens: 800,
      stop_reason: 'length',
      tools: 'now',
      first_token_latency: 300,
    })
    expect(whole).toMatchObject({
      source: client,
      destination: web,
      shape: 'openai-chat',
      model: 'm-1',
      streamed: false,
      input_tokens: 7,
      output_tokens: 5,
      cached_tokens: -1,
      latency: 400,
      first_token_latency: 100,
      outcome: 'complete',
    })
  })

  test('the sums of each model leave out what isn’t known', () => {
    expect(tables('nixie/llm_data').llm_models).toEqual([
      {
        shape: 'openai-chat',
        model: 'm-1',
        calls: 3,
        failures: 1,
        uncounted: 1,
        input_tokens: 17,
        output_tokens: 805,
        latency: 400,
        first_token_latency: 200,
      },
    ])
  })

  test('filters are parts of names', () => {
    const models = (args: Record<string, string>) => tables('nixie/llm_data', args).llm_data!.length
    expect([
      models({ source_filter: 'curl' }),
      models({ destination_filter: 'nginx' }),
      models({ max_num_records: '1' }),
    ]).toEqual([1, 2, 1])
  })
})

test('nixie/jsonrpc_data', () => {
  expect(tables('nixie/jsonrpc_data').jsonrpc_data).toMatchObject([
    {
      source: client,
      destination: web,
      req_path: '/rpc',
      version: '2.0',
      method: 'add',
      calls: 1,
      id: '1',
      errors: 1,
      error_code: '-32602',
      error: 'no',
    },
  ])
  expect(tables('nixie/jsonrpc_data', { source_filter: 'zz' }).jsonrpc_data).toEqual([])
})

test('nixie/graphql_data', () => {
  expect(tables('nixie/graphql_data').graphql_data).toMatchObject([
    {
      source: client,
      destination: web,
      kind: 'mutation',
      operation: 'Buy',
      operations: 1,
      errors: 1,
      error: 'sold out',
      resp_status: 200,
    },
  ])
  expect(tables('nixie/graphql_data', { destination_filter: 'zz' }).graphql_data).toEqual([])
})

test('nixie/http_operations', () => {
  const shows = tables('nixie/http_operations')
  const named = { service: 'DynamoDB', operation: 'PutItem' }
  expect(shows.http_operations_data).toMatchObject([
    { ...named, resp_status: 400, latency: 30 },
    { ...named, source: client, destination: web, resp_status: 200 },
  ])
  expect(shows.http_operations).toEqual([{ ...named, requests: 2, failures: 1, latency: 20 }])
})

test('nixie/elasticsearch_data', () => {
  const answered = (age: number, index: string, latency: number, answer: unknown, status = 200) =>
    request(age, {
      ...post(`/${index}/_search`, {}, answer),
      resp_headers: json({ 'X-elastic-product': 'Elasticsearch' }),
      latency,
      resp_status: status,
    })
  const found = { took: 3, timed_out: false, hits: { total: { value: 7, relation: 'eq' } } }
  const rows = [
    answered(4, 'shop', 10, found),
    answered(3, 'shop', 30, { error: { type: 'parsing_exception', reason: 'no' } }, 400),
    answered(2, 'logs', 5, found),
  ]
  const shows = (args: Record<string, string> = {}) =>
    shown('nixie/elasticsearch_data', args, { http_events: [...ROWS, ...rows] })
  const search = { source: client, destination: web, operation: 'search' }
  expect(shows().elasticsearch_data).toMatchObject([
    { ...search, index: 'logs', latency: 5, took: 3_000_000, hits: 7, failed: false },
    { ...search, index: 'shop', hits: -1, failed: true, error: 'parsing_exception: no' },
    { ...search, index: 'shop', hits: 7, at_least: false, timed_out: false },
  ])
  expect(shows({ index_filter: 'sho' }).elasticsearch_operations).toEqual([
    { operation: 'search', index: 'shop', requests: 2, failures: 1, latency: 20 },
  ])
})

test('nixie/clickhouse_data over HTTP', () => {
  const rows = [
    request(4, {
      ...ENDS,
      req_method: 'POST',
      req_path: '/?database=shop',
      req_body: 'select wrong',
      resp_headers: json({
        'X-ClickHouse-Exception-Code': '47',
        'X-ClickHouse-Summary': '{"read_rows":"5"}',
      }),
      resp_body: 'Code: 47. DB::Exception: Missing columns',
    }),
  ]
  const shows = (args: Record<string, string> = {}) =>
    shown('nixie/clickhouse_data', args, { http_events: [...ROWS, ...rows] }).clickhouse_http
  expect(shows()).toMatchObject([
    {
      source: client,
      destination: web,
      query: 'select wrong',
      database: 'shop',
      read_rows: 5,
      written_rows: -1,
      exception_code: 47,
      exception: 'DB::Exception: Missing columns',
    },
  ])
  expect(shows({ query_filter: 'insert' })).toEqual([])
})

test('nixie/grpc_data', () => {
  const shows = tables('nixie/grpc_data')
  const named = { source: client, destination: web, service: 'shop.Orders', method: 'Get', kind: 'grpc' }
  const sent = {
    deadline: 1_000_000_000,
    req_coding: 'gzip',
    resp_coding: '',
    req_messages: 1,
    message: 'a b',
  }
  expect(shows.grpc_data).toMatchObject([
    { ...named, ...sent, status: 'OK', resp_messages: 1, latency: 10 },
    { ...named, ...sent, status: 'DEADLINE_EXCEEDED', resp_messages: 0, latency: 14 },
    { ...named, ...sent, status: 'NOT_FOUND', resp_messages: 0, latency: 15 },
  ])
  expect(shows.grpc_methods).toEqual([
    { service: 'shop.Orders', method: 'Get', calls: 3, failures: 2, deadline_exceeded: 1, latency: 13 },
  ])
  expect(tables('nixie/grpc_data', { destination_filter: 'zz' }).grpc_data).toEqual([])
})
