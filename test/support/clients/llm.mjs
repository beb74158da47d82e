// Calls language models by the libraries of OpenAI and Anthropic, and by fetch; prints what each answer said as a JSON line. Argument: the
// server's port.
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

const url = `http://127.0.0.1:${process.argv[2]}`
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-hunter2', maxRetries: 0 })
const anthropic = new Anthropic({ baseURL: url, apiKey: 'sk-hunter2', maxRetries: 0 })
const UNKNOWN = -1

const log = (shape, streamed, said) =>
  console.log(
    JSON.stringify({
      shape,
      streamed,
      model: '',
      input: UNKNOWN,
      output: UNKNOWN,
      cached: UNKNOWN,
      reasoning: UNKNOWN,
      stop: '',
      tools: '',
      error: '',
      status: 200,
      ...said,
    }),
  )
const different = (names) => [...new Set(names)].join(', ')
const ofUsage = (usage) =>
  usage
    ? {
        input: usage.prompt_tokens,
        output: usage.completion_tokens,
        cached: usage.prompt_tokens_details.cached_tokens,
        reasoning: usage.completion_tokens_details.reasoning_tokens,
      }
    : {}

const messages = [{ role: 'user', content: 'Once upon a time. '.repeat(100) }]
const tools = [
  { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
]

async function chat(options, headers = {}) {
  const said = await openai.chat.completions.create({ model: 'gpt', messages, ...options }, { headers })
  const { message, finish_reason } = said.choices[0]
  log('openai-chat', false, {
    model: said.model,
    stop: finish_reason,
    tools: different((message.tool_calls ?? []).map((call) => call.function.name)),
    ...ofUsage(said.usage),
  })
}

async function chatStream(options) {
  const asked = performance.now()
  const stream = await openai.chat.completions.create({ messages, model: 'gpt', stream: true, ...options })
  let first
  let last
  let stop
  let usage
  const named = []
  for await (const chunk of stream) {
    first ??= performance.now() - asked
    last = chunk
    usage = chunk.usage ?? usage
    stop = chunk.choices[0]?.finish_reason ?? stop
    for (const call of chunk.choices[0]?.delta.tool_calls ?? []) named.push(call.function.name)
  }
  log('openai-chat', true, {
    model: last.model,
    stop,
    tools: different(named),
    ...ofUsage(usage),
    firstMs: first,
    allMs: performance.now() - asked,
  })
}

const ofResponses = ({ model, status, output, usage }) => ({
  model,
  stop: status,
  tools: different(output.flatMap(({ type, name }) => (type === 'function_call' ? [name] : []))),
  input: usage.input_tokens,
  output: usage.output_tokens,
  cached: usage.input_tokens_details.cached_tokens,
  reasoning: usage.output_tokens_details.reasoning_tokens,
})

async function responses() {
  log('openai-responses', false, ofResponses(await openai.responses.create({ model: 'gpt', input: 'Hi' })))
  for await (const event of await openai.responses.create({ model: 'gpt', input: 'Hi', stream: true }))
    if (event.type === 'response.completed') log('openai-responses', true, ofResponses(event.response))
}

const ofAnthropic = ({ model, content, stop_reason, usage }) => ({
  model,
  stop: stop_reason,
  tools: different(content.flatMap(({ type, name }) => (type === 'tool_use' ? [name] : []))),
  input: usage.input_tokens,
  output: usage.output_tokens,
  cached: usage.cache_read_input_tokens,
})

async function claude() {
  const asked = { model: 'claude', max_tokens: 100, messages }
  log('anthropic', false, ofAnthropic(await anthropic.messages.create(asked)))
  log('anthropic', true, ofAnthropic(await anthropic.messages.stream(asked).finalMessage()))
  await anthropic.messages.create({ ...asked, model: 'missing' }).catch(({ status, error }) => {
    const { type, message } = error.error
    log('anthropic', false, { model: 'missing', status, error: `${type}: ${message}` })
  })
}

async function post(path, body) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const ofOllama = ({
  model,
  done_reason,
  prompt_eval_count,
  eval_count,
  prompt_eval_duration,
  eval_duration,
}) => ({
  model,
  stop: done_reason,
  input: prompt_eval_count,
  output: eval_count,
  inputTime: prompt_eval_duration,
  outputTime: eval_duration,
})

await chat()
await chat({ tools })
await chat({}, { 'x-coding': 'gzip', 'accept-encoding': 'gzip, br' })
await chat({}, { 'x-coding': 'br', 'accept-encoding': 'gzip, br' })
await chatStream({ stream_options: { include_usage: true }, tools })
// Without that option no answer says how many tokens it took.
await chatStream({})
await responses()
await claude()
const embedded = await openai.embeddings.create({ model: 'embed', input: 'Hi', encoding_format: 'float' })
log('openai-embeddings', false, { model: embedded.model, input: embedded.usage.prompt_tokens })
for (const stream of [false, true])
  log(
    'ollama-chat',
    stream,
    ofOllama((await post('/api/chat', { model: 'llama', messages, ...(!stream && { stream }) })).at(-1)),
  )
const [native] = await post('/completion', { prompt: 'x' })
log('llama.cpp', false, {
  model: native.model,
  stop: native.stop_type,
  input: native.tokens_evaluated,
  output: native.tokens_predicted,
  inputTime: native.timings.prompt_ms * 1e6,
  outputTime: native.timings.predicted_ms * 1e6,
})
