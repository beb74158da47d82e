/** Requests as no browser writes them, on a real port: each is answered, in the one error shape, and none is a defect. */
import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { serve } from '../../src/api/serve'
import { host } from './fixture'

const server = serve(host().app, '127.0.0.1:0')
afterAll(() => server.stop(0))

/** Sends bytes as they are and reads until the server closes. */
function exchange(text: string): Promise<string> {
  return new Promise((done, failed) => {
    let answer = ''
    const socket = connect(server.port, '127.0.0.1', () => socket.write(Buffer.from(text, 'latin1')))
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1')
    })
    socket.on('close', () => done(answer))
    socket.on('error', failed)
  })
}

const OWN = 'Host: localhost\r\nConnection: close\r\n'
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\n${OWN}${headers}\r\n`
const withHost = (name: string, path = '/api/tables') =>
  `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`
const send = (method: string, path: string, type: string, body: string) =>
  `${method} ${path} HTTP/1.1\r\n${OWN}${type === '' ? '' : `Content-Type: ${type}\r\n`}Content-Length: ${body.length}\r\n\r\n${body}`

const HOSTS = [
  'a b',
  ' ',
  '[::1',
  'localhost:99999',
  'a%20b',
  '\xff\xfe',
  'localhost/x?y#z',
  'user:pw@localhost',
  '[]:1',
  ':',
]
const TARGETS = [
  'http://localhost/api/tables',
  'http://evil/api/tables',
  '//evil/api/tables',
  '/%zz',
  '/scripts/%/%',
  '/api/scripts/%ff/%fe',
  '/api/tables/%00',
  '/?q=%ff%zz',
  ...[
    '/entities',
    '/entities/',
    '/entities/?q=',
    '/entities/pod?q=',
    '/entities/pod?_by=',
    '/entities/pod?_by',
  ],
  ...['/entities/pod?_by=_by&_by=2', '/entities/pod?_by=__proto__', '/entities/nope?q=a'],
  ...['/scripts?q=', '/scripts?q=a&q=b', '/scripts/search', '/scripts/search?q=', '/scripts/search?q=%F0%9F'],
  ...[
    '/query?q=',
    '/query?q',
    '/query/result',
    '/query/result?q=',
    '/query?_script=x',
    '/query?text=',
    '/query?view=%7B',
  ],
  ...[
    '/tables?q=',
    '/health?q=',
    '/?q=',
    '/overview?q=x',
    '/overview/cluster',
    '/overview/map',
    '/overview/timeline',
  ],
  ...[
    '/scripts/px/http_data?start_time=',
    '/scripts/px/http_data?start_time=x&start_time=y',
    '/scripts/__proto__/x',
  ],
  ...['/api/run/px/http_data?arg.=1', '/api/run/px/http_data?=1', '/api/run/px/http_data?__proto__=1'],
  ...[
    '/api/run/px/http_data?arg.__proto__=1',
    '/api/run/px/http_data?format=__proto__',
    '/api/tables?__proto__=1',
  ],
  ...[
    '/api/tables/__proto__',
    '/api/tables/constructor',
    '/enter',
    '/enter?token=',
    '/enter?token=a&token=b',
  ],
  ...['/enter?token=a&to=%0d%0a', '/api/status?node=%00', '/api/tables?node=a&node=b', '/healthz?node=b'],
  ...['/assets/', '/assets/x', '/assets/%2e%2e/x', '/api/nodes?q=1', '/metrics?q=', '/openapi.json?q='],
]
const BODIES: readonly (readonly [string, string])[] = [
  ['', ''],
  ['multipart/form-data', 'abc'],
  ['multipart/form-data; boundary=x', 'abc'],
  ['application/x-www-form-urlencoded', '%zz=%'],
  ['application/json', 'null'],
  ['application/json', '[]'],
]
const TAKING = [
  '/query/result',
  '/api/query',
  '/api/links',
  '/api/settings',
  '/api/pxl/check',
  '/api/pxl/complete',
  '/enter',
  '/',
]

const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  'without a Host': ['/', '/api/tables', '/healthz', '/entities/pod?q='].map(
    (path) => `GET ${path} HTTP/1.0\r\n\r\n`,
  ),
  'with a Host that is none': HOSTS.flatMap((name) => [
    withHost(name),
    withHost(name, '/'),
    withHost(name, '/healthz'),
  ]),
  'with two Hosts': [withHost('localhost\r\nHost: evil')],
  'to strange targets': TARGETS.map((target) => get(target)),
  'with strange bodies': TAKING.flatMap((path) =>
    BODIES.flatMap(([type, body]) =>
      ['POST', 'PATCH', 'PUT'].map((method) => send(method, path, type, body)),
    ),
  ),
  'with strange headers': [
    get('/scripts/px/http_data', 'HX-Request: true\r\nHX-Current-URL: http://[\r\n'),
    get('/scripts/search?q=a', 'HX-Request: true\r\nHX-Current-URL: javascript:1\r\n'),
    get('/api/tables', 'Accept: ;;;\r\n'),
    get('/api/run/px/http_data', 'Accept: */*;q=x,,\r\n'),
    get('/api/tables', 'Authorization: Basic !!!\r\n'),
    get('/api/tables', 'Cookie: %zz=%zz; =; nixie-0=%E0\r\n'),
    get('/api/tables', 'Origin: \xff\r\n'),
    get('/api/tables', 'Sec-Fetch-Site: \xff\r\n'),
    get(`/api/run/px/http_data?${'a=1&'.repeat(3000)}`),
  ],
}

describe('requests', () => {
  for (const [name, requests] of Object.entries(REQUESTS)) {
    test(name, async () => {
      for (const request of requests) {
        const answer = await exchange(request)
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
        expect(status, `${request}\n${answer}`).toBeLessThan(500)
        const [head = '', ...body] = answer.split('\r\n\r\n')
        // What the server's own parser refuses has no body at all.
        if (status < 400 || !/content-type/i.test(head)) continue
        expect(body.join(), request).toMatch(/^\{"error":\{"code":"\w+","message":".+","hint":|data-code="/)
      }
    })
  }
})
