/** Whatever goes wrong is answered as `{error: {code, message, hint, line?, column?}}`, with the status that fits. */
import { afterAll, afterEach, describe, expect, spyOn, test } from 'bun:test'
import { Hono } from 'hono'
import { type ErrorCode, NixieError } from '../../src/errors'
import { testApp } from '../support/app'
import { json } from '../support/json'
import { statusOf } from '../support/status'

const TOKEN_APP = () => testApp({ listen: '0.0.0.0:6494' }, { token: 'secret' })

interface Producer {
  readonly path: string
  readonly init?: RequestInit | (() => RequestInit)
  readonly app?: () => ReturnType<typeof testApp>
  readonly code: ErrorCode
  readonly status: number
}

const post = (body: string | ReadableStream, type = 'text/plain'): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': type },
})
const JSON_TYPE = 'application/json'

const made = (init: Producer['init']) => (typeof init === 'function' ? init() : init)

function failing(failure: unknown) {
  const failed = testApp()
  failed.runner.failure = failure
  return failed
}

/** An array in an array, and so on. */
const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

/** All routes that take JSON, with a field of any form. */
const TAKING: Readonly<Record<string, string>> = {
  '/api/query': '{"query":"import px","view":',
  '/api/pxl/check': '{"text":"import px","view":',
  '/api/pxl/complete': '{"text":"import px","offset":',
  '/api/settings': '{"bodyLimit":',
  '/api/links': '{"user":',
}

const nested: Readonly<Record<string, Producer>> = Object.fromEntries(
  Object.entries(TAKING).map(([path, head]) => [
    `JSON nested too deep for ${path}`,
    {
      path,
      init: { ...post(`${head}${DEEP}}`, JSON_TYPE), method: path === '/api/settings' ? 'PATCH' : 'POST' },
      code: 'bad_request',
      status: 400,
    } satisfies Producer,
  ]),
)

const PRODUCERS: Readonly<Record<string, Producer>> = {
  ...nested,
  'too many arguments': {
    path: '/api/query',
    init: () =>
      post(
        JSON.stringify({
          query: 'import px',
          args: Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
        }),
        JSON_TYPE,
      ),
    code: 'bad_request',
    status: 400,
  },
  'a script with a name that is too long': {
    path: '/api/query',
    init: post(JSON.stringify({ query: 'import px', name: 'x'.repeat(257) }), JSON_TYPE),
    code: 'bad_request',
    status: 400,
  },
  'nothing there': { path: '/nothing', code: 'not_found', status: 404 },
  'nothing there in the API': { path: '/api/nothing', code: 'not_found', status: 404 },
  'a script without namespace': { path: '/api/run/http_data', code: 'not_found', status: 404 },
  'wrong method': {
    path: '/api/tables',
    init: { method: 'DELETE' },
    code: 'method_not_allowed',
    status: 405,
  },
  'GET of a query': { path: '/api/query', code: 'method_not_allowed', status: 405 },
  'POST of a run': {
    path: '/api/run/px/http_data',
    init: post('x'),
    code: 'method_not_allowed',
    status: 405,
  },
  'preflight of another site': {
    path: '/api/query',
    init: { method: 'OPTIONS' },
    code: 'method_not_allowed',
    status: 405,
  },
  'unknown script': { path: '/api/run/px/nope', code: 'unknown_script', status: 404 },
  'unknown script to show': { path: '/api/scripts/px/http_dat', code: 'unknown_script', status: 404 },
  'unknown argument': { path: '/api/run/px/http_data?nope=1', code: 'unknown_argument', status: 400 },
  'unknown table': { path: '/api/tables/nope', code: 'unknown_table', status: 404 },
  'bad time range': {
    path: '/api/tables/http_events?start_time=yesterdayish',
    code: 'bad_time_range',
    status: 400,
  },
  'unknown parameter': { path: '/api/tables/http_events?limt=1', code: 'bad_request', status: 400 },
  'parameter given twice': {
    path: '/api/run/px/http_data?start_time=-1m&start_time=-2m',
    code: 'bad_request',
    status: 400,
  },
  'limit that is no number': { path: '/api/tables/http_events?limit=ten', code: 'bad_request', status: 400 },
  'limit of 0': { path: '/api/run/px/http_data?limit=0', code: 'bad_request', status: 400 },
  'limit too large': { path: '/api/run/px/http_data?limit=1000001', code: 'bad_request', status: 400 },
  'unknown format': { path: '/api/run/px/http_data?format=xml', code: 'bad_request', status: 400 },
  'unknown shape': { path: '/api/run/px/http_data?shape=round', code: 'bad_request', status: 400 },
  'unknown result table': { path: '/api/run/px/http_data?table=nope', code: 'unknown_table', status: 404 },
  'empty query': { path: '/api/query', init: post(' \n'), code: 'bad_request', status: 400 },
  'no body': { path: '/api/query', init: { method: 'POST' }, code: 'bad_request', status: 400 },
  'JSON that is none': { path: '/api/query', init: post('{', JSON_TYPE), code: 'bad_request', status: 400 },
  'JSON that is no object': {
    path: '/api/query',
    init: post('[]', JSON_TYPE),
    code: 'bad_request',
    status: 400,
  },
  'JSON null': { path: '/api/query', init: post('null', JSON_TYPE), code: 'bad_request', status: 400 },
  'JSON without query': { path: '/api/query', init: post('{}', JSON_TYPE), code: 'bad_request', status: 400 },
  'JSON with another field': {
    path: '/api/query',
    init: post('{"query":"x","arg":{}}', JSON_TYPE),
    code: 'bad_request',
    status: 400,
  },
  'JSON with arguments that are a list': {
    path: '/api/query',
    init: post('{"query":"x","args":[1]}', JSON_TYPE),
    code: 'bad_request',
    status: 400,
  },
  'JSON with an argument that is an object': {
    path: '/api/query',
    init: post('{"query":"x","args":{"a":{}}}', JSON_TYPE),
    code: 'bad_request',
    status: 400,
  },
  'body over 1 MiB': {
    path: '/api/query',
    init: post('x'.repeat((1 << 20) + 1)),
    code: 'too_large',
    status: 413,
  },
  'body over 1 MiB, in pieces': {
    path: '/api/query',
    init: () => post(new Blob(['x'.repeat((1 << 20) + 1)]).stream()),
    code: 'too_large',
    status: 413,
  },
  'body over 1 MiB for a page': {
    path: '/anything',
    init: post('x'.repeat((1 << 20) + 1)),
    code: 'too_large',
    status: 413,
  },
  'foreign Host': {
    path: '/api/tables',
    init: { headers: { host: 'evil.example' } },
    code: 'forbidden_host',
    status: 403,
  },
  'foreign Host for a page': {
    path: '/',
    init: { headers: { host: 'evil.example:6494' } },
    code: 'forbidden_host',
    status: 403,
  },
  'a page elsewhere that posts': {
    path: '/api/query',
    init: { method: 'POST', body: 'x', headers: { host: 'localhost', origin: 'http://evil.example' } },
    code: 'forbidden_site',
    status: 403,
  },
  'no token': { path: '/api/tables', app: TOKEN_APP, code: 'unauthorized', status: 401 },
  'wrong token': {
    path: '/api/tables',
    init: { headers: { authorization: 'Bearer wrong' } },
    app: TOKEN_APP,
    code: 'unauthorized',
    status: 401,
  },
  'syntax error': {
    path: '/api/query',
    init: post('import'),
    app: () =>
      failing(new NixieError('syntax_error', 'Unexpected end', 'Write a name.', { line: 1, column: 7 })),
    code: 'syntax_error',
    status: 400,
  },
  'query that takes too long': {
    path: '/api/run/px/http_data',
    app: () => failing(new NixieError('deadline_exceeded', 'Over 30 s', 'Look at less.')),
    code: 'deadline_exceeded',
    status: 504,
  },
  'query that needs too much': {
    path: '/api/run/px/http_data',
    app: () => failing(new NixieError('limit_exceeded', 'Over 256 MiB', 'Look at less.')),
    code: 'limit_exceeded',
    status: 422,
  },
  'defect in a run': {
    path: '/api/run/px/http_data',
    app: () => failing(new TypeError('x is undefined')),
    code: 'internal',
    status: 500,
  },
  'defect that throws no Error': {
    path: '/api/run/px/http_data',
    app: () => failing('text'),
    code: 'internal',
    status: 500,
  },
  'status that fails': {
    path: '/api/status',
    app: () =>
      testApp({}, { status: () => Promise.reject(new NixieError('unavailable', 'Not yet', 'Wait.')) }),
    code: 'unavailable',
    status: 503,
  },
  'defect in a page': {
    path: '/broken',
    app: () =>
      testApp(
        {},
        {
          ui: new Hono().get('/broken', () => {
            throw new Error('broken')
          }),
        },
      ),
    code: 'internal',
    status: 500,
  },
  'settings where nothing is captured': {
    path: '/api/settings',
    init: { method: 'PATCH', body: '{"bodyLimit":1}' },
    code: 'unavailable',
    status: 503,
  },
  'settings that are none': {
    path: '/api/settings',
    init: { method: 'PATCH', body: '{"redact":false}' },
    code: 'bad_request',
    status: 400,
  },
}

const log = spyOn(console, 'error').mockImplementation(() => {})
afterAll(() => log.mockRestore())
afterEach(() => log.mockClear())

describe('as JSON', () => {
  for (const [name, { path, init, app, code, status }] of Object.entries(PRODUCERS)) {
    test(name, async () => {
      const response = await (app ?? testApp)().app.request(path, made(init))
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/json')
      const body = await json(response)
      expect(Object.keys(body)).toEqual(['error'])
      expect(body.error.code).toBe(code)
      expect(body.error.message).not.toBe('')
      expect(body.error.hint).not.toBe('')
      const known = ['code', 'message', 'hint', 'line', 'column']
      expect(Object.keys(body.error).filter((key) => !known.includes(key))).toEqual([])
      expect(log.mock.calls.length > 0).toBe(code === 'internal')
    })
  }
})

describe('as an HTML fragment for htmx', () => {
  for (const [name, { path, init, app, code, status }] of Object.entries(PRODUCERS)) {
    test(name, async () => {
      const asked = made(init)
      const headers = new Headers(asked?.headers)
      headers.set('hx-request', 'true')
      const response = await (app ?? testApp)().app.request(path, { ...asked, headers })
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toStartWith('text/html')
      const text = await response.text()
      expect(text).toStartWith(`<div class="error" role="alert" data-code="${code}">`)
    })
  }
})

test('line and column are in the JSON and in the fragment', async () => {
  const request = (headers: Record<string, string>) => {
    const error = new NixieError('syntax_error', 'Unexpected <b>', 'Hm & co', { line: 3, column: 7 })
    return failing(error).app.request('/api/run/px/http_data', { headers })
  }
  const shape = (await json(await request({}))).error
  expect(shape).toEqual({
    code: 'syntax_error',
    message: 'Unexpected <b>',
    hint: 'Hm & co',
    line: 3,
    column: 7,
  })
  const fragment = await (await request({ 'hx-request': 'true' })).text()
  expect(fragment).toContain('Unexpected &lt;b&gt; (line 3, column 7)')
  expect(fragment).toContain('Hm &amp; co')
})

test('a browser gets a page, of the renderer when there is one', async () => {
  const headers = { accept: 'text/html,*/*;q=0.8' }
  const plain = await testApp().app.request('/<script>', { headers })
  expect(plain.status).toBe(404)
  const text = await plain.text()
  expect(text).toStartWith('<!doctype html>')
  expect(text).not.toContain('<script>')
  const styled = testApp({}, { renderError: (error, kind) => `${kind} ${error.code}` })
  expect(await (await styled.app.request('/nothing', { headers })).text()).toBe('page not_found')
  expect((await styled.app.request('/api/nothing', { headers })).headers.get('content-type')).toBe(JSON_TYPE)
})

test('405 names what is allowed', async () => {
  const response = await testApp().app.request('/api/query', { method: 'PUT' })
  expect(response.headers.get('allow')).toBe('POST')
  const get = await testApp().app.request('/api/tables', { method: 'POST' })
  expect(get.headers.get('allow')).toBe('GET, HEAD')
})

test('a hint names what was meant', async () => {
  const script = await json(await testApp().app.request('/api/scripts/px/http_dat'))
  expect(script.error.hint).toStartWith("Did you mean 'px/http_data'?")
  const parameter = await json(await testApp().app.request('/api/tables/http_events?limt=1'))
  expect(parameter.error.hint).toStartWith("Did you mean 'limit'?")
})

test('a defect is logged with its stack, a mistake of the user is not', async () => {
  const defect = new Error('boom')
  await failing(defect).app.request('/api/run/px/http_data')
  expect(log.mock.calls).toEqual([[defect]])
  log.mockClear()
  await testApp({}, { status: () => statusOf() }).app.request('/nothing')
  expect(log.mock.calls).toEqual([])
})
