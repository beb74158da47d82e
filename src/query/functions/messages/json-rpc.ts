/** JSON-RPC over HTTP: 1.0 (https://www.jsonrpc.org/specification_v1) and 2.0 (https://www.jsonrpc.org/specification), batches too. */
import type { Facts } from '../../../protocols/lib/http/facts'
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { contentFacts } from './content-facts'

function jsonRpcCall(requestBody: string, requestFacts: string, body: string, facts: string): string {
  // What isn't one is left as cheaply as possible.
  if (requestFacts === '' && !requestBody.includes('"method"')) return ''
  const request = contentFacts(requestBody, requestFacts)
  const methods = request.list('methods')
  const version = versionOf(request)
  if (methods.length === 0 || version === '') return ''
  const response = contentFacts(body, facts)
  return JSON.stringify({
    version,
    method: methods.join(', '),
    calls: request.count('methods'),
    id: request.list('ids').join(', '),
    error_code: response.list('errorCodes').join(', '),
    errors: response.count('errorCodes'),
    error: response.list('errorMessages').join('; '),
  })
}

/** Version 1.0 doesn't say it, but has parameters. */
function versionOf(request: Facts): string {
  const said = request.last('jsonrpc')
  if (said !== '') return said.slice(0, 8)
  return request.has('params') ? '1.0' : ''
}

export const JSON_RPC: readonly FunctionSpec[] = [
  {
    name: 'jsonrpc_call',
    description:
      'What a request and its answer say of a call of JSON-RPC, as a JSON object: version, method, calls, id, error_code, errors, error; of a batch the ' +
      'methods, ids and errors of all its calls, of 16 at most; calls and errors are -1 where a part of it was not read. Empty for other requests.',
    unit: none,
    overloads: [
      scalar(
        'req_body:STRING req_facts:STRING resp_body:STRING resp_facts:STRING -> STRING',
        (_, requestBody: string, requestFacts: string, body: string, facts: string) =>
          jsonRpcCall(requestBody, requestFacts, body, facts),
      ),
    ],
  },
]
