/** What functions read out of rows of http_events: calls of models, JSON-RPC, GraphQL, operations of services. */
import type { Cases } from '../apply'

const json = JSON.stringify

/** The members of a call of a model, with what isn't said. */
const call = (members: Readonly<Record<string, unknown>>): string =>
  json({
    shape: '',
    model: '',
    stream: false,
    input_tokens: -1,
    output_tokens: -1,
    cached_tokens: -1,
    reasoning_tokens: -1,
    input_time: -1,
    output_time: -1,
    load_time: -1,
    stop_reason: '',
    tools: '',
    error: '',
    ...members,
  })

const OPENAI = json({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'a \\ "usage": {"prompt_tokens": 99}',
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'get_weather', arguments: '{"model":"none"}' },
          },
          { id: 'call_2', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
        ],
      },
      finish_reason: 'tool_calls',
    },
  ],
  usage: {
    prompt_tokens: 82,
    completion_tokens: 17,
    total_tokens: 99,
    prompt_tokens_details: { cached_tokens: 64 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
})

const sse = (...events: readonly unknown[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : json(event)}\n\n`).join('')

const OPENAI_STREAM = sse(
  {
    object: 'chat.completion.chunk',
    model: 'gpt-4o',
    choices: [{ delta: { content: 'Hi' }, finish_reason: null }],
    usage: null,
  },
  {
    object: 'chat.completion.chunk',
    model: 'gpt-4o',
    choices: [{ delta: {}, finish_reason: 'stop' }],
    usage: null,
  },
  {
    object: 'chat.completion.chunk',
    model: 'gpt-4o',
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 2 },
  },
  '[DONE]',
)

const ANTHROPIC_STREAM = [
  {
    type: 'message_start',
    message: { model: 'claude-x', usage: { input_tokens: 25, cache_read_input_tokens: 3, output_tokens: 1 } },
  },
  {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'tool_use', id: 't1', name: 'search', input: {} },
  },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 89 } },
]
  .map((event) => `event: ${event.type}\ndata: ${json(event)}\n\n`)
  .join('')

const OLLAMA = json({
  model: 'llama3.2',
  message: {
    role: 'assistant',
    content: 'Hi',
    tool_calls: [{ function: { name: 'now', arguments: { eval_count: 5 } } }],
  },
  done_reason: 'stop',
  done: true,
  total_duration: 5191566416,
  load_duration: 2154458,
  prompt_eval_count: 26,
  prompt_eval_duration: 383809000,
  eval_count: 298,
  eval_duration: 4799921000,
})

const LLM: Cases = {
  llm_shape: [
    [['/v1/chat/completions'], 'openai-chat'],
    [['/openai/deployments/d/chat/completions?api-version=1'], 'openai-chat'],
    [['/api/v1/responses'], 'openai-responses'],
    [['/v1/messages'], 'anthropic'],
    [['/v1/messages/batches'], ''],
    [['/messages'], ''],
    [['/api/generate'], 'ollama-generate'],
    [['/completion'], 'llama.cpp'],
    [['/?next=/v1/messages'], ''],
  ],
  llm_call: [
    [
      ['/v1/chat/completions', '{"model":"gpt-4o","messages":[', '', OPENAI, ''],
      call({
        shape: 'openai-chat',
        model: 'gpt-4o-2024-08-06',
        input_tokens: 82,
        output_tokens: 17,
        cached_tokens: 64,
        reasoning_tokens: 0,
        stop_reason: 'tool_calls',
        tools: 'get_weather',
      }),
    ],
    [
      ['/v1/chat/completions', '{"model":"gpt-4o","stream":true}', '', OPENAI_STREAM, ''],
      call({
        shape: 'openai-chat',
        model: 'gpt-4o',
        stream: true,
        input_tokens: 9,
        output_tokens: 2,
        stop_reason: 'stop',
      }),
    ],
    // The end of the answer wasn't kept: nothing is known of its count.
    [
      ['/v1/chat/completions', '{"model":"gpt-4o"}', '', OPENAI.slice(0, OPENAI.indexOf('17,') + 1), ''],
      call({
        shape: 'openai-chat',
        model: 'gpt-4o-2024-08-06',
        input_tokens: 82,
        stop_reason: 'tool_calls',
        tools: 'get_weather',
      }),
    ],
    [
      ['/v1/messages', '{"model":"claude-x","stream":true}', '', ANTHROPIC_STREAM, ''],
      call({
        shape: 'anthropic',
        model: 'claude-x',
        stream: true,
        input_tokens: 25,
        output_tokens: 89,
        cached_tokens: 3,
        stop_reason: 'tool_use',
        tools: 'search',
      }),
    ],
    // The first count of a stream is no count.
    [
      ['/v1/messages', '{"model":"claude-x","stream":true}', '', ANTHROPIC_STREAM.slice(0, 200), ''],
      call({ shape: 'anthropic', model: 'claude-x', stream: true, input_tokens: 25, cached_tokens: 3 }),
    ],
    [
      [
        '/v1/messages',
        '{"model":"nope"}',
        '',
        '{"type":"error","error":{"type":"not_found_error","message":"model: nope"}}',
        '',
      ],
      call({ shape: 'anthropic', model: 'nope', error: 'not_found_error: model: nope' }),
    ],
    [
      ['/api/chat', '{"model":"llama3.2","stream":false}', '', OLLAMA, ''],
      call({
        shape: 'ollama-chat',
        model: 'llama3.2',
        input_tokens: 26,
        output_tokens: 298,
        input_time: 383809000,
        output_time: 4799921000,
        load_time: 2154458,
        stop_reason: 'stop',
        tools: 'now',
      }),
    ],
    [
      ['/api/chat', '{"model":"nope"}', '', '{"error":"model \\"nope\\" not found"}', ''],
      call({ shape: 'ollama-chat', model: 'nope', error: 'model "nope" not found' }),
    ],
    [
      [
        '/completion',
        '{"prompt":"x"}',
        '',
        '{"content":"',
        json({ output: '7', input: '5', stop: 'limit', inputMs: '12.5', outputMs: '90.25' }),
      ],
      call({
        shape: 'llama.cpp',
        input_tokens: 5,
        output_tokens: 7,
        input_time: 12500000,
        output_time: 90250000,
        stop_reason: 'limit',
      }),
    ],
    // Something else under such a path.
    [['/v1/messages', '{"text":"hi"}', '', '{"id":1}', ''], ''],
    [['/v2/orders', '{"model":"T"}', '', OPENAI, ''], ''],
  ],
}

const rpc = (members: Readonly<Record<string, unknown>>): string =>
  json({ version: '2.0', method: '', calls: 1, id: '', error_code: '', errors: 0, error: '', ...members })

const JSON_RPC: Cases = {
  jsonrpc_call: [
    [
      [
        '{"jsonrpc":"2.0","method":"add","params":[1,2],"id":7}',
        '',
        '{"jsonrpc":"2.0","result":3,"id":7}',
        '',
      ],
      rpc({ method: 'add', id: '7' }),
    ],
    [
      ['{"method":"echo","params":["x"],"id":"a"}', '', '{"result":"x","error":null,"id":"a"}', ''],
      rpc({ version: '1.0', method: 'echo', id: 'a' }),
    ],
    [
      [
        '{"jsonrpc":"2.0","method":"nope","id":1}',
        '',
        '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}',
        '',
      ],
      rpc({ method: 'nope', id: '1', error_code: '-32601', errors: 1, error: 'Method not found' }),
    ],
    [
      [
        '[{"jsonrpc":"2.0","method":"a","id":1},{"jsonrpc":"2.0","method":"b"},{"jsonrpc":"2.0","method":"c","params":{"method":"x","id":9},"id":"3"}]',
        '',
        '[{"jsonrpc":"2.0","result":{"error":{"code":1}},"id":1},{"jsonrpc":"2.0","error":{"code":-32000,"message":"late"},"id":"3"}]',
        '',
      ],
      rpc({ method: 'a, b, c', calls: 3, id: '1, 3', error_code: '-32000', errors: 1, error: 'late' }),
    ],
    // Cut within its parameters.
    [
      ['{"jsonrpc":"2.0","id":4,"method":"put","params":{"method":"x', '', '', ''],
      rpc({ method: 'put', id: '4' }),
    ],
    [['{"method":"GET","url":"/"}', '', '', ''], ''],
    [['method=a', '', '', ''], ''],
  ],
}

const graph = (members: Readonly<Record<string, unknown>>): string =>
  json({ kind: '', operation: '', operations: 1, persisted: '', errors: 0, error: '', ...members })
const posted = (body: unknown, answer: unknown = { data: {} }) =>
  ['POST', '/graphql', json(body), '', json(answer), ''] as const

const GRAPHQL: Cases = {
  graphql_call: [
    [
      [...posted({ query: 'query Hero($x: Int = 2) { hero(x: $x) { name } }' })],
      graph({ kind: 'query', operation: 'Hero' }),
    ],
    [[...posted({ query: '# one\n{ hero { name } }' })], graph({ kind: 'query' })],
    [
      [
        ...posted({
          query: 'fragment F on T { a }\nquery A { b }\nmutation B @live { c { ...F } }',
          operationName: 'B',
        }),
      ],
      graph({ kind: 'mutation', operation: 'B' }),
    ],
    [
      [
        ...posted(
          { query: 'mutation { x }' },
          { data: null, errors: [{ message: 'not yours', path: ['x'] }, { message: 'no' }] },
        ),
      ],
      graph({ kind: 'mutation', errors: 2, error: 'not yours; no' }),
    ],
    [
      [...posted([{ query: '{ a }' }, { query: 'subscription S { b }', operationName: 'S' }])],
      graph({ kind: 'query, subscription', operation: 'S', operations: 2 }),
    ],
    [
      [...posted({ operationName: 'P', extensions: { persistedQuery: { version: 1, sha256Hash: 'ecf4' } } })],
      graph({ operation: 'P', persisted: 'ecf4' }),
    ],
    [
      ['GET', '/graphql?query=query%20Q%20%7B%20a%20%7D&operationName=Q', '', '', '{"data":{}}', ''],
      graph({ kind: 'query', operation: 'Q' }),
    ],
    [
      [
        'GET',
        '/graphql?operationName=G&extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22ab%22%7D%7D',
        '',
        '',
        '',
        '',
      ],
      graph({ operation: 'G', persisted: 'ab' }),
    ],
    // A document that is cut, and one that is the body.
    [
      ['POST', '/graphql', '{"query":"query Long($a: Int', '', '', ''],
      graph({ kind: 'query', operation: 'Long' }),
    ],
    [
      ['POST', '/graphql', 'subscription T { a(text: "}") }', '', '', ''],
      graph({ kind: 'subscription', operation: 'T' }),
    ],
    // Queries of other languages.
    [[...posted({ query: 'query for shoes' })], ''],
    [[...posted({ query: 'SELECT 1' })], ''],
    [[...posted({ query: '{app="web"} |= "x"' })], ''],
    [[...posted({ query: { match_all: {} } })], ''],
    [['GET', '/search?query=shoes', '', '', '', ''], ''],
    [['PUT', '/graphql', '{"query":"{ a }"}', '', '', ''], ''],
  ],
}

const operation = (service: string, name: string): string => json({ service, operation: name })
const signed = json({ Host: 'localhost:9000', 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' })
const s3 = (method: string, path: string, name: string, headers = signed) =>
  [[method, path, headers, ''], operation('S3', name)] as const

const OPERATIONS: Cases = {
  http_operation: [
    [['POST', '/', json({ SOAPAction: '"urn:shop#GetPrice"' }), ''], operation('SOAP', 'urn:shop#GetPrice')],
    [
      ['POST', '/', json({ 'content-type': 'application/soap+xml; charset=utf-8; action="urn:Buy"' }), ''],
      operation('SOAP', 'urn:Buy'),
    ],
    [
      ['POST', '/', json({ 'X-Amz-Target': 'DynamoDB_20120810.GetItem' }), '{}'],
      operation('DynamoDB', 'GetItem'),
    ],
    [['POST', '/', json({ 'x-amz-target': 'AmazonSQS.SendMessage' }), '{}'], operation('SQS', 'SendMessage')],
    [['POST', '/', json({ 'x-amz-target': 'TrentService.Decrypt' }), '{}'], operation('KMS', 'Decrypt')],
    [
      [
        'POST',
        '/',
        json({ Host: 'sts.eu-west-1.amazonaws.com', 'Content-Type': 'application/x-www-form-urlencoded' }),
        'Action=AssumeRole&Version=2011-06-15',
      ],
      operation('STS', 'AssumeRole'),
    ],
    [['GET', '/?Action=ListTopics&Version=2010-03-31', '{}', ''], operation('AWS', 'ListTopics')],
    s3('GET', '/', 'ListBuckets'),
    s3('PUT', '/b', 'CreateBucket'),
    s3('GET', '/b/?list-type=2&prefix=x', 'ListObjectsV2'),
    s3('GET', '/b?location', 'GetBucketLocation'),
    s3('POST', '/b?delete', 'DeleteObjects'),
    s3('PUT', '/b/k/l', 'PutObject'),
    s3('GET', '/b/k?x-id=GetObject', 'GetObject'),
    s3('GET', '/k', 'GetObject', json({ Host: 'b.s3.eu-west-1.amazonaws.com' })),
    s3('PUT', '/b/k?tagging', 'PutObjectTagging'),
    s3('PUT', '/b/k', 'CopyObject', json({ 'x-amz-content-sha256': 'x', 'x-amz-copy-source': '/b/a' })),
    s3('POST', '/b/k?uploads', 'CreateMultipartUpload'),
    s3('PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'),
    s3('POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'),
    s3('DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'),
    s3('HEAD', '/b/k', 'HeadObject'),
    [['GET', '/orders?Action=x', '{"Host":"shop"}', ''], ''],
    [['POST', '/', 'no JSON, x-amz-target', ''], ''],
  ],
}

export const HTTP_VIEWS: Cases = { ...LLM, ...JSON_RPC, ...GRAPHQL, ...OPERATIONS }
