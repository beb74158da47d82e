// Calls JSON-RPC and GraphQL by their libraries, and services by the heads that name their operations; prints each call as a JSON line, with
// what its answer said. Argument: the server's port.
import { createClient } from 'graphql-http'
import { JSONRPCClient } from 'json-rpc-2.0'

const url = `http://127.0.0.1:${process.argv[2]}`
const log = (line) => console.log(JSON.stringify(line))

const post = (path, body, headers = {}) =>
  fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

/** What the library sent, and was answered. */
async function carry(asked) {
  const response = await post('/rpc', asked)
  const answer = response.status === 204 ? [] : await response.json()
  const all = [asked].flat()
  const errors = [answer].flat().flatMap(({ error }) => (error ? [error] : []))
  log({
    of: 'jsonrpc',
    method: all.map(({ method }) => method).join(', '),
    calls: all.length,
    id: all.flatMap(({ id }) => (id === undefined ? [] : [id])).join(', '),
    code: errors.map(({ code }) => code).join(', '),
    error: errors.map(({ message }) => message).join('; '),
  })
  if (response.status !== 204) client.receive(answer)
}
const client = new JSONRPCClient(carry)
await client.request('add', { numbers: [1, 2] })
await client.request('refuse', {}).catch(() => {})
await client.request('nope', { text: 'x'.repeat(3000) }).catch(() => {})
await client.request('long', {})
await client.notify('add', { numbers: [1] })
await client.requestAdvanced([
  { jsonrpc: '2.0', id: 'a', method: 'add', params: { numbers: [1] } },
  { jsonrpc: '2.0', id: 'b', method: 'refuse' },
])

const graphql = createClient({ url: `${url}/graphql`, disposeTimeout: 0 })
const ask = (kind, operation, query, variables) =>
  new Promise((done) => {
    let errors = []
    graphql.subscribe(
      { query, variables, ...(operation && { operationName: operation }) },
      {
        next: (said) => {
          errors = said.errors ?? []
        },
        error: done,
        complete: () => {
          log({
            of: 'graphql',
            method: 'POST',
            kind,
            operation,
            errors: errors.length,
            error: errors.map(({ message }) => message).join('; '),
          })
          done()
        },
      },
    )
  })
await ask('query', 'Hero', 'query Hero($text: String) { hero(text: $text) }', { text: 'x'.repeat(3000) })
await ask('mutation', 'Rename', '# first\nmutation Rename { rename(text: "query Not { a }") }')
await ask('query', 'Lost', 'query Lost { long lost }')
await ask('query', '', '{ hero lost again: lost }')
await fetch(`${url}/graphql?${new URLSearchParams({ query: 'query ByGet { hero }' })}`, {
  headers: { accept: 'application/json' },
})
log({ of: 'graphql', method: 'GET', kind: 'query', operation: 'ByGet', errors: 0, error: '' })

for (const target of ['DynamoDB_20120810.GetItem', 'AmazonSQS.SendMessage'])
  await post('/', {}, { 'x-amz-target': target })
log({ of: 'operation', service: 'DynamoDB', operation: 'GetItem' })
log({ of: 'operation', service: 'SQS', operation: 'SendMessage' })
await fetch(url, {
  method: 'POST',
  headers: { soapaction: '"urn:shop#GetPrice"', 'content-type': 'text/xml' },
  body: '<x/>',
})
log({ of: 'operation', service: 'SOAP', operation: 'urn:shop#GetPrice' })
