// What runs within HTTP: APIs of language models by their documented shapes, JSON-RPC and GraphQL by libraries. Argument: the port.
import { createServer } from 'node:http'
import { createBrotliCompress, createGzip } from 'node:zlib'
import { GraphQLError, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { JSONRPCErrorException, JSONRPCServer } from 'json-rpc-2.0'

const WORDS = 'Say "usage": {"completion_tokens": 1} and \\ again. '.repeat(60)
const TOOLS = ['get_weather', 'send_mail']

const pause = (ms) => new Promise((done) => setTimeout(done, ms))
/** Of each answer another one, so that the client's log tells them apart. */
let calls = 0
const counts = () => {
  calls++
  return { input: 1000 + calls, output: 100 + calls, cached: 10 + calls, reasoning: calls }
}

const openAiUsage = ({ input, output, cached, reasoning }) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached },
  completion_tokens_details: { reasoning_tokens: reasoning },
})
const responsesUsage = ({ input, output, cached, reasoning }) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
})

function sendJson(request, response, status, value) {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const coding =
    request.headers['x-coding'] && accepted.includes('br') ? request.headers['x-coding'] : undefined
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(coding && { 'content-encoding': coding }),
  })
  if (!coding) return response.end(JSON.stringify(value))
  const coder = coding === 'br' ? createBrotliCompress() : createGzip()
  coder.pipe(response)
  coder.end(JSON.stringify(value))
}

async function sendEvents(response, events) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  // The time to the first token, and the rest of the answer.
  await pause(150)
  for (const [i, [name, data]] of events.entries()) {
    response.write(
      `${name ? `event: ${name}\n` : ''}data: ${data === '[DONE]' ? data : JSON.stringify(data)}\n\n`,
    )
    if (i % 20 === 0) await pause(10)
  }
  await pause(50)
  response.end()
}

const toolCalls = TOOLS.map((name, i) => ({
  index: i,
  id: `call_${i}`,
  type: 'function',
  function: { name, arguments: '{"model": "none"}' },
}))

function chat(request, response, asked) {
  const id = { id: 'chatcmpl-1', created: 1, model: `${asked.model}-2026` }
  const usage = openAiUsage(counts())
  const finish_reason = asked.tools ? 'tool_calls' : 'stop'
  if (!asked.stream) {
    const message = { role: 'assistant', content: WORDS, ...(asked.tools && { tool_calls: toolCalls }) }
    return sendJson(request, response, 200, {
      ...id,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason }],
      usage,
    })
  }
  const chunk = (delta, reason = null) => [
    '',
    { ...id, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] },
  ]
  return sendEvents(response, [
    ...WORDS.split(' ').map((word) => chunk({ content: word })),
    ...(asked.tools ? toolCalls.map((call) => chunk({ tool_calls: [call] })) : []),
    chunk({ content: 'end' }),
    chunk({}, finish_reason),
    ...(asked.stream_options?.include_usage
      ? [['', { ...id, object: 'chat.completion.chunk', choices: [], usage }]]
      : []),
    ['', '[DONE]'],
  ])
}

function responses(request, response, asked) {
  const output = [
    {
      type: 'message',
      id: 'm',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: WORDS, annotations: [] }],
    },
    { type: 'function_call', id: 'f', call_id: 'c', name: TOOLS[0], arguments: '{}', status: 'completed' },
  ]
  const whole = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model: `${asked.model}-2026`,
    output,
    usage: responsesUsage(counts()),
  }
  if (!asked.stream) return sendJson(request, response, 200, whole)
  let sequence_number = 0
  const event = (type, data) => [type, { type, sequence_number: sequence_number++, ...data }]
  return sendEvents(response, [
    event('response.created', { response: { ...whole, status: 'in_progress', output: [], usage: null } }),
    event('response.output_item.added', { output_index: 0, item: { ...output[0], content: [] } }),
    ...WORDS.split(' ').map((word) =>
      event('response.output_text.delta', { item_id: 'm', output_index: 0, content_index: 0, delta: word }),
    ),
    event('response.output_item.added', { output_index: 1, item: output[1] }),
    event('response.completed', { response: whole }),
  ])
}

function messages(request, response, asked) {
  const { input, output, cached } = counts()
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: `${asked.model}-2026`,
    stop_sequence: null,
  }
  const usage = { input_tokens: input, cache_creation_input_tokens: 0, cache_read_input_tokens: cached }
  const content = [
    { type: 'text', text: WORDS },
    { type: 'tool_use', id: 't1', name: TOOLS[0], input: { usage: { output_tokens: 3 } } },
  ]
  if (!asked.stream)
    return sendJson(request, response, 200, {
      ...message,
      content,
      stop_reason: 'tool_use',
      usage: { ...usage, output_tokens: output },
    })
  const event = (type, data) => [type, { type, ...data }]
  return sendEvents(response, [
    event('message_start', {
      message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    event('ping', {}),
    ...WORDS.split(' ').map((text) =>
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    ),
    event('content_block_stop', { index: 0 }),
    event('content_block_start', { index: 1, content_block: { ...content[1], input: {} } }),
    event('content_block_delta', {
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"usage":{"output_tokens":3}}' },
    }),
    event('content_block_stop', { index: 1 }),
    event('message_delta', {
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: output },
    }),
    event('message_stop', {}),
  ])
}

async function ollama(request, response, asked) {
  const { input, output } = counts()
  const end = {
    done: true,
    done_reason: 'stop',
    total_duration: 5e9,
    load_duration: 1e6 + calls,
    prompt_eval_count: input,
    prompt_eval_duration: 3e8 + calls,
    eval_count: output,
    eval_duration: 4e9 + calls,
  }
  const part = (content, rest) => ({
    model: asked.model,
    created_at: '2026',
    message: { role: 'assistant', content },
    ...rest,
  })
  if (asked.stream === false) return sendJson(request, response, 200, part(WORDS, end))
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  await pause(150)
  for (const word of WORDS.split(' ')) response.write(`${JSON.stringify(part(word, { done: false }))}\n`)
  response.end(`${JSON.stringify(part('', end))}\n`)
}

function llamaCpp(request, response) {
  const { input, output } = counts()
  sendJson(request, response, 200, {
    content: WORDS,
    generation_settings: { temperature: 0.8, stop: [] },
    model: 'gguf',
    prompt: 'x'.repeat(2000),
    stop_type: 'limit',
    tokens_evaluated: input,
    tokens_predicted: output,
    timings: { prompt_n: input, prompt_ms: 12.5, predicted_n: output, predicted_ms: 100.25 },
  })
}

// ── JSON-RPC and GraphQL ─────────────────────────────────────────────────────

const rpc = new JSONRPCServer({ errorListener: () => {} })
rpc.addMethod('add', ({ numbers }) => numbers.reduce((a, b) => a + b))
rpc.addMethod('long', () => WORDS)
rpc.addMethod('refuse', () => {
  throw new JSONRPCErrorException('not today', -32050)
})

const field = (resolve) => ({ type: GraphQLString, args: { text: { type: GraphQLString } }, resolve })
const fails = () => {
  throw new GraphQLError('no such hero')
}
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { hero: field((_, { text }) => text ?? 'R2'), lost: field(fails), long: field(() => WORDS) },
  }),
  mutation: new GraphQLObjectType({ name: 'Mutation', fields: { rename: field((_, { text }) => text) } }),
})
const graphql = createHandler({ schema })

// ─────────────────────────────────────────────────────────────────────────────

const ROUTES = {
  '/v1/chat/completions': chat,
  '/v1/responses': responses,
  '/v1/messages': messages,
  '/api/chat': ollama,
  '/completion': llamaCpp,
  '/v1/embeddings': (request, response, asked) =>
    sendJson(request, response, 200, {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: Array(1536).fill(0.25) }],
      model: asked.model,
      usage: { prompt_tokens: counts().input, total_tokens: 1000 + calls },
    }),
}

async function answer(request, response) {
  const [path] = request.url.split('?')
  if (path === '/graphql') return graphql(request, response)
  const parts = []
  for await (const part of request) parts.push(part)
  const body = Buffer.concat(parts).toString()
  if (path === '/rpc') {
    const said = await rpc.receiveJSON(body)
    return said ? sendJson(request, response, 200, said) : response.writeHead(204).end()
  }
  if (request.headers['x-amz-target'] || request.headers.soapaction) return response.writeHead(200).end()
  const asked = JSON.parse(body || '{}')
  if (asked.model === 'missing')
    return sendJson(request, response, 404, {
      type: 'error',
      error: { type: 'not_found_error', message: 'model: missing', code: 'model_not_found' },
    })
  return ROUTES[path](request, response, asked)
}

createServer((request, response) => {
  answer(request, response).catch((cause) => response.writeHead(500).end(String(cause)))
}).listen(Number(process.argv[2]), '127.0.0.1')
