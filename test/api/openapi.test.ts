/** The document is valid, matches the routes, and the answers match the document. */
import { describe, expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import Ajv2020 from 'ajv/dist/2020'
import { ROUTES } from '../../src/api/routes'
import { testApp } from '../support/app'
import { COUNTS, HTTP_EVENTS } from '../support/recording-runner'

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, object> }
}
interface Operation {
  readonly operationId: string
  readonly parameters: readonly { name: string; in: string }[]
  readonly responses: Record<string, { content: Record<string, { schema: object }> }>
}

const document = (await (await testApp().app.request('/openapi.json')).json()) as Document

test('is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate({ ...structuredClone(document) })
  expect(result.errors ?? []).toEqual([])
  expect(result.valid).toBe(true)
})

test('describes what the app serves, and nothing else', () => {
  const { app } = testApp()
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.sort()).toEqual(served.sort())
  expect(described).toHaveLength(ROUTES.length + 1)
})

test('declares every part of a path', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
      expect(declared.map((parameter) => parameter.name)).toEqual(inPath)
    }
  }
})

describe('answers match their schemas', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema(document, 'document')
  const pointer = (path: string, method: string, status: number) =>
    ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema']
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent)
      .join('/')

  const requests: [template: string, path: string, init?: RequestInit][] = [
    ['/api/run/{ns}/{name}', '/api/run/px/http_data'],
    ['/api/run/{ns}/{name}', '/api/run/px/http_data?shape=columns'],
    ['/api/run/{ns}/{name}', '/api/run/px/nope'],
    ['/api/run/{ns}/{name}', '/api/run/px/http_data?limit=x'],
    ['/api/run/{ns}/{name}', '/api/run/px/http_data?schema=1'],
    ['/api/run/{ns}/{name}', '/api/run/px/http_data?explain=1'],
    ['/api/query', '/api/query', { method: 'POST', body: 'import px' }],
    ['/api/query', '/api/query', { method: 'POST', body: 'x'.repeat(2 << 20) }],
    ['/api/tables', '/api/tables'],
    ['/api/tables/{name}', '/api/tables/http_events'],
    ['/api/tables/{name}', '/api/tables/nope'],
    ['/api/scripts', '/api/scripts'],
    ['/api/scripts/{ns}/{name}', '/api/scripts/px/http_data'],
    ['/api/pxl/check', '/api/pxl/check', { method: 'POST', body: '{"text": "x"}' }],
    ['/api/pxl/complete', '/api/pxl/complete', { method: 'POST', body: '{"text": "x", "offset": 1}' }],
    ['/api/pxl/complete', '/api/pxl/complete', { method: 'POST', body: '{"text": "x", "offset": 2}' }],
    ['/api/store', '/api/store'],
    ['/api/status', '/api/status'],
    ['/api/settings', '/api/settings', { method: 'PATCH', body: '{"bodyLimit":"4K"}' }],
    ['/healthz', '/healthz'],
    ['/openapi.json', '/openapi.json'],
  ]
  for (const [template, path, init] of requests) {
    test(`${init?.method ?? 'GET'} ${path}`, async () => {
      const { app, runner } = testApp({}, { change: () => {} })
      runner.result = [HTTP_EVENTS, COUNTS]
      const response = await app.request(path, init)
      const method = (init?.method ?? 'get').toLowerCase()
      const validate = ajv.compile({ $ref: `document#/${pointer(template, method, response.status)}` })
      validate(await response.json())
      expect(validate.errors).toBeNull()
    })
  }
})
