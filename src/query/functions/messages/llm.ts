/**
 * Calls of language models over HTTP, by the shape of their API:
 *
 *     openai-*    https://platform.openai.com/docs/api-reference: chat, completions, responses, embeddings; vLLM, llama.cpp and others too
 *     anthropic   https://docs.anthropic.com/en/api/messages
 *     ollama-*    https://github.com/ollama/ollama/blob/main/docs/api.md
 *     llama.cpp   https://github.com/ggml-org/llama.cpp/tree/master/tools/server: its own /completion
 */
import type { Facts } from '../../../protocols/lib/http/facts'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { contentFacts, countOf } from './content-facts'

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\/chat\/completions$/, 'openai-chat'],
  [/\/v\d+\/responses$|\/openai\/responses$/, 'openai-responses'],
  [/\/v\d+\/embeddings$|\/deployments\/[^/]+\/embeddings$/, 'openai-embeddings'],
  [/\/v\d+\/completions$|\/deployments\/[^/]+\/completions$/, 'openai-completions'],
  [/\/v\d+\/messages$/, 'anthropic'],
  [/\/api\/chat$/, 'ollama-chat'],
  [/\/api\/generate$/, 'ollama-generate'],
  [/\/api\/embed(?:dings)?$/, 'ollama-embeddings'],
  [/^\/completions?$/, 'llama.cpp'],
]
const MAX_PATH = 1024

/** '' for other paths. Query parameters don't count. */
export function shapeOf(path: string): string {
  const [place = ''] = path.slice(0, MAX_PATH).split('?', 1)
  return SHAPES.find(([pattern]) => pattern.test(place))?.[1] ?? ''
}

/** A path alone may be that of something else: such a call names a model, or its answer counts. */
const isModelCall = (shape: string, request: Facts, response: Facts): boolean =>
  request.last('model') !== '' ||
  response.last('model') !== '' ||
  response.last('input') !== '' ||
  (shape === 'llama.cpp' && response.last('outputMs') !== '')

function llmCall(
  path: string,
  requestBody: string,
  requestFacts: string,
  body: string,
  facts: string,
): string {
  const shape = shapeOf(path)
  if (shape === '') return ''
  const request = contentFacts(requestBody, requestFacts)
  const response = contentFacts(body, facts)
  if (!isModelCall(shape, request, response)) return ''
  return JSON.stringify({
    shape,
    model: response.last('model') || request.last('model'),
    stream: isStreamed(shape, request, body),
    input_tokens: countOf(response.last('input')),
    output_tokens: countOf(response.last('output')),
    cached_tokens: countOf(response.last('cached')),
    reasoning_tokens: countOf(response.last('reasoning')),
    input_time: timeOf(response, 'input'),
    output_time: timeOf(response, 'output'),
    load_time: countOf(response.last('loadNs')),
    stop_reason: response.last('stop') || (shape === 'openai-responses' ? response.last('status') : ''),
    tools: response.list('tools').join(', '),
    error: errorOf(response),
  })
}

/** Ollama streams unless it is told not to. */
function isStreamed(shape: string, request: Facts, body: string): boolean {
  const asked = request.last('stream')
  if (asked !== '') return asked === 'true'
  return (
    /^(?:event|data):/.test(body) ||
    (/^ollama-(?:chat|generate)$/.test(shape) && /^[^\n]*"done":\s*false/.test(body))
  )
}

/** Nanoseconds, or -1. Ollama says them so, llama.cpp in milliseconds. */
function timeOf(response: Facts, what: 'input' | 'output'): number {
  const ns = response.last(`${what}Ns`)
  if (ns !== '') return countOf(ns)
  const ms = response.last(`${what}Ms`)
  return /^\d{1,12}(?:\.\d{1,20})?$/.test(ms) ? Math.round(Number(ms) * 1e6) : -1
}

function errorOf(response: Facts): string {
  const [message = response.last('error')] = response.list('errorMessages')
  const kind = response.last('errorType') || response.list('errorCodes')[0] || ''
  return [kind, message].filter((text) => text !== '').join(': ')
}

export const LLM: readonly FunctionSpec[] = [
  {
    name: 'llm_shape',
    description:
      'The API of a language model that a request’s path is of: openai-chat, openai-responses, openai-completions, openai-embeddings, ' +
      'anthropic, ollama-chat, ollama-generate, ollama-embeddings, llama.cpp; empty for other paths.',
    unit: none,
    overloads: [scalar('req_path:STRING -> STRING', (_, path: string) => shapeOf(path))],
  },
  {
    name: 'llm_call',
    description:
      'What a request and its answer say of the call of a language model, as a JSON object: shape, model, stream, input_tokens, output_tokens, ' +
      'cached_tokens, reasoning_tokens, input_time, output_time, load_time (nanoseconds), stop_reason, tools, error. Counts and times that the answer ' +
      'doesn’t say are -1. Empty for other requests.',
    unit: none,
    overloads: [
      scalar(
        'req_path:STRING req_body:STRING req_facts:STRING resp_body:STRING resp_facts:STRING -> STRING',
        (_, path: string, requestBody: string, requestFacts: string, body: string, facts: string) =>
          llmCall(path, requestBody, requestFacts, body, facts),
      ),
    ],
  },
]
